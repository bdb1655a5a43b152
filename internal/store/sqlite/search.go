package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
	err = s.search(ctx, func(v *view) error {
		q, err := v.newSearch(tenant, f, after, record.PageSize(page)+1)
		if err != nil {
			return err
		}
		hits, err = q.run()
		return err
	})
	if err != nil {
		return store.Listing[store.SignalRecord]{}, err
	}
	return record.HitListing(name, page, hits), nil
}

// search is one look for the newest records that match. It reads the days newest event first and
// within a day service by service, as the index has them, and stops as soon as what remains is
// older than what was found.
type search struct {
	*view
	tenant   string
	filter   store.SignalFilter
	kind     kind
	columns  string
	from, to int64
	after    record.Position
	newest   record.Newest
}

func (v *view) newSearch(tenant string, f store.SignalFilter, after record.Position, limit int) (*search, error) {
	q := &search{view: v, tenant: tenant, filter: f, after: after, newest: record.Newest{Limit: limit}, from: record.NanosOf(f.From), to: record.UntilOf(f.To)}
	switch f.Kind {
	case store.KindSpan:
		q.kind, q.columns = kindSpans, spanColumns
	case store.KindLog:
		q.kind, q.columns = kindLogs, logColumns
	case store.KindMetric:
		q.kind, q.columns = kindPoints, pointColumns
	default:
		return nil, fmt.Errorf("search signals: no kind %q", f.Kind)
	}
	return q, nil
}

func (q *search) run() ([]record.Hit, error) {
	days := slices.Clone(q.days)
	slices.SortFunc(days, func(a, b day) int { return cmp.Compare(b.ranges[q.kind].max, a.ranges[q.kind].max) })
	for _, d := range days {
		if !d.overlaps(q.kind, q.floor(), min(q.to, q.after.At)) {
			continue
		}
		if err := q.day(d); err != nil {
			return nil, err
		}
	}
	return q.newest.Hits, nil
}

// floor is the least event time that may still be among the hits.
func (q *search) floor() int64 { return max(q.from, q.newest.Floor()) }

func (q *search) day(d day) error {
	dec := q.decoder(d)
	switch {
	case !q.filter.TraceID.IsZero() && q.kind == kindPoints:
		return nil // a metric belongs to no trace
	case !q.filter.TraceID.IsZero():
		where, args := "trace_id = ? AND trace_id <> ''", []any{q.filter.TraceID.String()}
		if q.filter.Service != "" {
			where, args = where+" AND service = ?", append(args, q.filter.Service)
		}
		return q.rows(dec, where, args...)
	case q.filter.Service != "":
		return q.rows(dec, "service = ?", q.filter.Service)
	}
	services, err := q.services(d, q.kind, q.tenant)
	if err != nil {
		return err
	}
	for _, service := range services {
		if err := q.rows(dec, "service = ?", service); err != nil {
			return err
		}
	}
	return nil
}

// rows merges what one part of an index has into the hits.
func (q *search) rows(dec *decoder, where string, args ...any) error {
	c := conditions{where: []string{"tenant = ?", where}, args: append([]any{q.tenant}, args...)}
	c.add("time >= ?", q.floor())
	if q.to < record.MaxTime {
		c.add("time < ?", q.to)
	}
	q.narrow(&c, dec.day)
	sql := "SELECT " + q.columns + ", time FROM " + dec.day.table(q.kind) + " t WHERE " + strings.Join(c.where, " AND ") +
		" AND time <= ? AND (time < ? OR id < ?) ORDER BY time DESC, id DESC, seq LIMIT ?"
	for after, got := q.after, 0; got < q.newest.Limit; {
		last, distinct, rows, err := q.chunk(dec, sql, append(slices.Clip(c.args), after.At, after.At, after.ID, q.newest.Limit))
		if err != nil || rows < q.newest.Limit {
			return err
		}
		after, got = last, got+distinct // short only where records were delivered again
	}
	return nil
}

// chunk merges the rows of one query, and tells where it ended.
func (q *search) chunk(dec *decoder, sql string, args []any) (last record.Position, distinct, rows int, err error) {
	timeColumn := strings.Count(q.columns, ",") + 1
	err = q.query(sql, func(r *row) error {
		rows++
		at := record.Position{At: r.st.ColumnInt64(timeColumn), ID: r.st.ColumnText(1)}
		if at == last {
			return nil // delivered again
		}
		last = at
		distinct++
		rec, err := q.decode(dec, r)
		if err == nil {
			q.newest.Add(record.Hit{SignalRecord: rec, Position: at})
		}
		return err
	}, args...)
	return last, distinct, rows, err
}

func (q *search) decode(d *decoder, r *row) (rec store.SignalRecord, err error) {
	switch q.kind {
	case kindSpans:
		rec.Span, err = d.span(r)
	case kindLogs:
		rec.Log, err = d.log(r)
	default:
		rec.Point, err = d.point(r)
	}
	return rec, err
}

// conditions is a WHERE clause being put together.
type conditions struct {
	where []string
	args  []any
}

func (c *conditions) add(condition string, args ...any) {
	c.where = append(c.where, condition)
	c.args = append(c.args, args...)
}

// text is the column that a search for a substring reads, unset reports whether a record has no credible event
// time of its own.
var searched = map[kind]struct{ text, unset, same string }{
	kindSpans:  {"name", "time <> start_time", "trace_id = t.trace_id AND span_id = t.span_id AND id = t.id"},
	kindLogs:   {"body", "time <> log_time AND (log_time <> 0 OR time <> observed_time)", "id = t.id"},
	kindPoints: {"name", "time <> point_time", "id = t.id"},
}

func (q *search) narrow(c *conditions, d day) {
	columns := searched[q.kind]
	if q.filter.MinSeverity > 0 {
		switch {
		case q.kind == kindLogs:
			c.add("severity >= ?", q.filter.MinSeverity)
		case q.kind == kindSpans && q.filter.MinSeverity >= signal.SeverityError:
			c.add("status_code = 2")
		}
	}
	if q.filter.Query != "" {
		c.add(contains(columns.text, q.filter.Query), q.filter.Query)
	}
	for _, key := range sortedKeys(q.filter.Attributes) {
		value := q.filter.Attributes[key]
		c.add(attributeIs(d), key, key, value, key, value)
	}
	// Records without event time are sorted by receipt, so a second delivery lies elsewhere.
	c.add("(NOT (" + columns.unset + ") OR " + q.first(q.kind, d, columns.same) + ")")
}

// attributeIs compares the record's attribute, or where it has none its resource's, as text.
// Parameters: key, key, value, key, value.
func attributeIs(d day) string {
	is := `EXISTS (SELECT 1 FROM json_each(%s) WHERE key = ? AND ? = CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(atom AS TEXT) END)`
	return `CASE WHEN EXISTS (SELECT 1 FROM json_each(t.attributes) WHERE key = ?)
		THEN ` + fmt.Sprintf(is, "t.attributes") + `
		ELSE ` + fmt.Sprintf(is, "(SELECT attributes FROM "+d.table(kindResources)+" WHERE id = t.resource)") + ` END`
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// services lists the services of a day's table by skipping through its index.
func (v *view) services(d day, k kind, tenant string) (services []string, err error) {
	t := d.table(k)
	err = v.query(`WITH RECURSIVE s(service) AS (
			SELECT min(service) FROM `+t+` WHERE tenant = ?1
			UNION ALL
			SELECT (SELECT min(service) FROM `+t+` WHERE tenant = ?1 AND service > s.service) FROM s WHERE s.service IS NOT NULL)
		SELECT service FROM s WHERE service IS NOT NULL`, func(r *row) error {
		services = append(services, r.text())
		return nil
	}, tenant)
	return services, err
}
