package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const changeListing = "changes"

// Changes implements store.Signals.
func (s *Store) Changes(ctx context.Context, tenant, service string, from, to time.Time, page store.Page) (store.Listing[incident.Change], error) {
	after, err := parseCursor(changeListing, page)
	if err != nil {
		return store.Listing[incident.Change]{}, err
	}
	until := int64(maxTime)
	if !to.IsZero() {
		until = nanosOf(to)
	}
	where := "time >= ? AND time < ? AND (time, id) < (?, ?) AND (? = '' OR service = ?)"
	args := []any{from, until, after.at, after.id, service, service}
	var all []incident.Change
	err = s.read(ctx, func(v *view) (err error) {
		all, err = v.changes(tenant, where+" ORDER BY time DESC, id DESC LIMIT ?", append(args, 2*pageSize(page)+2)...)
		return err
	})
	return listing(changeListing, page, all, func(c incident.Change) position {
		return position{at: saturate(c.Time), id: c.ID}
	}), err
}

// changes reads changes newest first, each ID once: the one received first.
func (v *view) changes(tenant, where string, args ...any) ([]incident.Change, error) {
	byID := map[string]incident.Change{}
	for _, d := range v.days {
		err := v.query("SELECT id, time, received_at, service, kind, version, title, url, attributes FROM "+d.table(kindChanges)+
			" WHERE tenant = ? AND "+where, func(r *row) error {
			c := incident.Change{
				ID: r.text(), Time: r.nanos(), ReceivedAt: r.nanos(), Service: r.text(), Kind: r.text(),
				Version: r.text(), Title: r.text(), URL: r.text(),
			}
			if err := c.Attributes.UnmarshalJSON(r.st.ColumnRawText(r.next())); err != nil {
				return err
			}
			if known, ok := byID[c.ID]; !ok || c.ReceivedAt < known.ReceivedAt {
				byID[c.ID] = c
			}
			return nil
		}, append([]any{tenant}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	list := make([]incident.Change, 0, len(byID))
	for _, c := range byID {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b incident.Change) int {
		return -cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}
