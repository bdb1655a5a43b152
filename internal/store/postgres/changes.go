package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

const changeListing = "changes"

// Changes implements store.Signals. It reads the primary: cases are made of its answers.
func (s *Store) Changes(ctx context.Context, tenant, service string, from, to time.Time, page store.Page) (store.Listing[incident.Change], error) {
	after, err := record.ParseCursor(changeListing, page)
	if err != nil {
		return store.Listing[incident.Change]{}, err
	}
	var all []incident.Change
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		all, err = changesBetween(ctx, tx, textOf(tenant), textOf(service), record.NanosOf(from), record.UntilOf(to), after, record.PageSize(page)+1)
		return err
	})
	return record.Listing(changeListing, page, all, func(c incident.Change) record.Position {
		return record.Position{At: record.Saturate(c.Time), ID: c.ID}
	}), err
}

// changesBetween lists the changes of a service, or of all, with event times in [from, to).
func changesBetween(ctx context.Context, tx pgx.Tx, tenant, service string, from, to int64, after record.Position, limit int) ([]incident.Change, error) {
	days, err := days(ctx, tx, "changes", from, min(to, after.At))
	if err != nil || len(days) == 0 {
		return nil, err
	}
	c := &conditions{}
	c.add(received("t", days...))
	c.add("tenant = %s", tenant)
	c.add("time >= %s", from)
	c.add("time < %s", to)
	c.add("(time, id) < (%s, %s)", after.At, textOf(after.ID))
	if service != "" {
		c.add("service = %s", service)
	}
	return changes(ctx, tx, c, limit, receivedUntil("o", days...))
}

// changes reads changes newest first. One received again under its ID, whatever it says then, is
// the first; among is the condition on those received before.
func changes(ctx context.Context, tx pgx.Tx, c *conditions, limit int, among string) ([]incident.Change, error) {
	c.add("NOT EXISTS (SELECT 1 FROM changes AS o WHERE " + among + " AND o.tenant = t.tenant AND o.id = t.id AND (o.received_at, o.ctid) < (t.received_at, t.ctid))")
	rows, err := tx.Query(ctx, "SELECT id, time, received_at, service, kind, version, title, url, attributes FROM changes AS t WHERE "+
		c.String()+" ORDER BY time DESC, id DESC LIMIT "+c.arg(limit), c.args...)
	if err != nil {
		return nil, err
	}
	var list []incident.Change
	var change incident.Change
	var received time.Time
	var attributes pgtype.DriverBytes
	_, err = pgx.ForEachRow(rows, []any{
		&change.ID, (*uint64)(&change.Time), &received, &change.Service, &change.Kind, &change.Version, &change.Title, &change.URL, &attributes,
	}, func() error {
		change.ReceivedAt = signal.NanosOf(received)
		err := change.Attributes.UnmarshalJSON(attributes)
		list = append(list, change)
		return err
	})
	return list, err
}

// changeEvidence is the change of an ID.
func changeEvidence(ctx context.Context, tx pgx.Tx, tenant, id string) ([]store.SignalRecord, error) {
	c := &conditions{}
	c.add("tenant = %s", tenant)
	c.add("id = %s", textOf(id))
	list, err := changes(ctx, tx, c, 1, "true")
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return []store.SignalRecord{{Change: &list[0]}}, nil
}
