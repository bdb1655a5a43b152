package sqlite

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

const changeListing = "changes"

// Changes implements store.Signals.
func (s *Store) Changes(ctx context.Context, tenant, service string, from, to time.Time, page store.Page) (store.Listing[incident.Change], error) {
	after, err := record.ParseCursor(changeListing, page)
	if err != nil {
		return store.Listing[incident.Change]{}, err
	}
	where := "time >= ? AND time < ? AND (time, id) < (?, ?) AND (? = '' OR service = ?)"
	args := []any{from, record.UntilOf(to), after.At, after.ID, service, service}
	var all []incident.Change
	err = s.read(ctx, func(v *view) (err error) {
		all, err = v.changes(tenant, where+" ORDER BY time DESC, id DESC LIMIT ?", append(args, record.PageSize(page)+1)...)
		return err
	})
	return record.Listing(changeListing, page, all, func(c incident.Change) record.Position {
		return record.Position{At: record.Saturate(c.Time), ID: c.ID}
	}), err
}

// changes reads changes newest first. One received again under its ID, whatever it says then, is
// the first.
func (v *view) changes(tenant, where string, args ...any) (list []incident.Change, err error) {
	for _, d := range v.days {
		err := v.query("SELECT id, time, received_at, service, kind, version, title, url, attributes FROM "+d.table(kindChanges)+
			" t WHERE "+v.first(kindChanges, d, "id = t.id")+" AND tenant = ? AND "+where, func(r *row) error {
			c := incident.Change{
				ID: r.text(), Time: r.nanos(), ReceivedAt: r.nanos(), Service: r.text(), Kind: r.text(),
				Version: r.text(), Title: r.text(), URL: r.text(),
			}
			err := c.Attributes.UnmarshalJSON(r.st.ColumnRawText(r.next()))
			list = append(list, c)
			return err
		}, append([]any{tenant}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b incident.Change) int {
		return -cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// first is the condition that no earlier row of any day is the same as row t of the given day.
func (v *view) first(k kind, d day, same string) string {
	var arms []string
	for _, other := range v.days {
		if other.name <= d.name {
			arms = append(arms, "NOT EXISTS (SELECT 1 FROM "+other.table(k)+" WHERE tenant = t.tenant AND "+same+" AND seq < t.seq)")
		}
	}
	return "(" + strings.Join(arms, " AND ") + ")"
}

// changeEvidence is the change of an ID.
func (v *view) changeEvidence(tenant, id string) ([]record.Hit, error) {
	list, err := v.changes(tenant, "id = ?", id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return []record.Hit{{SignalRecord: store.SignalRecord{Change: &list[0]}}}, nil
}
