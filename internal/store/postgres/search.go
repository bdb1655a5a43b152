package postgres

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// SearchSignals implements store.Signals.
func (s *Store) SearchSignals(ctx context.Context, tenant string, f store.SignalFilter, page store.Page) (store.Listing[store.SignalRecord], error) {
	name := "signals-" + string(f.Kind)
	after, err := record.ParseCursor(name, page)
	if err != nil {
		return store.Listing[store.SignalRecord]{}, err
	}
	var hits []record.Hit
	err = s.search(ctx, func(ctx context.Context, tx pgx.Tx) error {
		q, err := newSearch(tx, tenant, f, after, record.PageSize(page)+1)
		if err != nil {
			return err
		}
		hits, err = q.run(ctx)
		return err
	})
	if err != nil {
		return store.Listing[store.SignalRecord]{}, err
	}
	return record.HitListing(name, page, hits), nil
}

// search is one look for the newest records that match. It reads the days newest event first and
// stops as soon as what remains is older than what was found. Within a day it goes back in windows
// of time, each longer than the one before, and within a window service by service, as the index
// has them.
type search struct {
	tx       pgx.Tx
	tenant   string
	filter   store.SignalFilter
	kind     *kind
	from, to int64 // least and greatest event time
	after    record.Position
	newest   record.Newest
	decoder  *decoder
}

// greatestID is the identity after all others.
const greatestID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

func newSearch(tx pgx.Tx, tenant string, f store.SignalFilter, after record.Position, limit int) (*search, error) {
	q := &search{
		tx: tx, tenant: textOf(tenant), filter: f, kind: kindOf(f.Kind), decoder: newDecoder(), newest: record.Newest{Limit: limit},
		from: record.NanosOf(f.From), to: math.MaxInt64, after: after,
	}
	if !f.To.IsZero() {
		q.to = record.NanosOf(f.To) - 1
	}
	if q.kind == nil {
		return nil, fmt.Errorf("search signals: no kind %q", f.Kind)
	}
	if after == record.Endless {
		q.after.ID = greatestID
	} else if _, err := signal.ParseID(after.ID); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	return q, nil
}

func (q *search) run(ctx context.Context) ([]record.Hit, error) {
	if !q.filter.TraceID.IsZero() {
		return q.newest.Hits, q.trace(ctx)
	}
	days, err := days(ctx, q.tx, q.kind.table, q.from, min(q.to, q.after.At))
	if err != nil {
		return nil, err
	}
	for _, d := range days {
		if d.max < q.floor() {
			break
		}
		if err := q.day(ctx, d); err != nil {
			return nil, err
		}
	}
	return q.newest.Hits, nil
}

// floor is the least event time that may still be among the hits.
func (q *search) floor() int64 { return max(q.from, q.newest.Floor()) }

// trace reads the records of one trace; a metric belongs to none.
func (q *search) trace(ctx context.Context) error {
	if q.kind == kindPoints {
		return nil
	}
	return q.read(ctx, q.from, q.upTo(q.to), func(c *conditions) string {
		if q.filter.Service != "" {
			c.add("service = %s", textOf(q.filter.Service))
		}
		c.where = []string{unindexed(c.String())}
		c.add("trace_id = %s", q.filter.TraceID[:])
		return q.newestOf(c)
	})
}

// firstWindow is how far back the first window of a search over several services reaches; each
// further one is windowGrowth times as long.
const (
	firstWindow  = int64(time.Second)
	windowGrowth = 8
)

func (q *search) day(ctx context.Context, d day) error {
	services, window := []string{textOf(q.filter.Service)}, int64(math.MaxInt64)
	if q.filter.Service == "" {
		var err error
		if services, err = servicesOf(ctx, q.tx, q.kind.table, q.tenant, d); err != nil {
			return err
		}
		window = firstWindow
	}
	for last := min(q.to, q.after.At, d.max); ; window *= windowGrowth {
		least := max(q.floor(), d.min)
		first := least
		if window > 0 && last-window > least { // not beyond the greatest number
			first = last - window
		}
		if first > last {
			return nil
		}
		if err := q.window(ctx, d, services, first, last); err != nil || first == least {
			return err
		}
		last = first - 1
	}
}

// window reads the newest records of services with event times in [first, last].
func (q *search) window(ctx context.Context, d day, services []string, first, last int64) error {
	return q.read(ctx, first, q.upTo(last), func(c *conditions) string {
		c.add("service = s.service")
		return "SELECT r.* FROM unnest(" + c.arg(services) + "::text[]) AS s(service) CROSS JOIN LATERAL (" + q.newestOf(c) +
			fmt.Sprintf(") AS r ORDER BY time DESC, id DESC, received_at LIMIT %d", q.newest.Limit)
	}, d)
}

// newestOf is the query for the newest records that meet the conditions. Those delivered again are
// not left out here, or the database would sort all there are before it gives the first.
func (q *search) newestOf(c *conditions) string {
	return fmt.Sprintf("SELECT time, %s FROM %s AS t WHERE %s ORDER BY time DESC, id DESC, received_at LIMIT %d",
		q.kind.columns, q.kind.table, c, q.newest.Limit)
}

// upTo is the position before all records with event times up to last that are to be listed.
func (q *search) upTo(last int64) record.Position {
	if last >= q.after.At {
		return q.after
	}
	return record.Position{At: last, ID: greatestID}
}

// read merges into the hits the records from a position on, down to an event time, which query asks
// for: as many as there are places among the hits, and more where some were delivered again.
func (q *search) read(ctx context.Context, first int64, from record.Position, query func(*conditions) string, of ...day) error {
	for distinct := 0; distinct < q.newest.Limit; {
		c := q.conditions(first, from, of...)
		sql := query(c)
		rows := 0
		var at int64
		err := q.decoder.read(ctx, q.tx, q.kind, func(r store.SignalRecord) {
			rows++
			h := record.Hit{SignalRecord: r, Position: record.Position{At: at, ID: record.Identity(r).String()}}
			if h.Position != from {
				from = h.Position
				distinct++
				q.newest.Add(h)
			}
		}, []any{&at}, sql, c.args...)
		if err != nil || rows < q.newest.Limit {
			return err
		}
	}
	return nil
}

// conditions of a search from a position down to an event time, among the rows t of the given days,
// of all where none is given.
func (q *search) conditions(first int64, from record.Position, of ...day) *conditions {
	c := &conditions{}
	c.add("tenant = %s", q.tenant)
	until := "true"
	if len(of) > 0 {
		c.add(received("t", of...))
		until = receivedUntil("o", of...)
	}
	c.add("time >= %s", first)
	c.add("time <= %s", from.At)
	c.add("(time < %s OR id < %s::uuid)", from.At, from.ID)
	if q.filter.MinSeverity > 0 {
		switch {
		case q.kind == kindLogs:
			c.add("severity >= %s", q.filter.MinSeverity)
		case q.kind == kindSpans && q.filter.MinSeverity >= signal.SeverityError:
			c.add("status_code = 2")
		}
	}
	if q.filter.Query != "" {
		c.contains(q.kind.text, q.filter.Query)
	}
	for _, key := range slices.Sorted(maps.Keys(q.filter.Attributes)) {
		c.attributeIs(key, q.filter.Attributes[key], of...)
	}
	// Records without event time are sorted by receipt, so a second delivery lies elsewhere.
	c.add("(NOT (" + q.kind.unset + ") OR NOT " + exists("SELECT 1 FROM "+q.kind.table+
		" AS o WHERE "+until+" AND "+unindexed("o.tenant = t.tenant")+" AND "+q.kind.same+" AND o.received_at < t.received_at") + ")")
	return c
}

// servicesOf lists the services of a day's partition by skipping through its index.
func servicesOf(ctx context.Context, tx pgx.Tx, table, tenant string, d day) ([]string, error) {
	t := table + " AS t WHERE tenant = $1 AND " + received("t", d)
	rows, err := tx.Query(ctx, `WITH RECURSIVE s(service) AS (
			(SELECT service FROM `+t+` ORDER BY service LIMIT 1)
			UNION ALL
			SELECT (SELECT service FROM `+t+` AND service > s.service ORDER BY service LIMIT 1) FROM s WHERE s.service IS NOT NULL)
		SELECT service FROM s WHERE service IS NOT NULL`, tenant)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
