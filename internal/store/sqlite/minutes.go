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

// counted is a row of a table of minutes.
type counted struct {
	tenant, service, operation, signature string
	minute                                int64
	requests                              int64 // or traces with the error
	failed                                int64
}

// CountRequests implements store.Minutes. It counts on a snapshot, so that whoever appends waits only for
// the rows.
func (s *Store) CountRequests(ctx context.Context, since time.Time) error {
	first := record.MinuteOf(since)
	var rows []counted
	err := s.read(ctx, func(v *view) (err error) {
		rows, err = v.requests(first)
		return err
	})
	if err != nil {
		return err
	}
	return s.saveMinutes(ctx, "entry_minutes", first, rows, func(c *conn, r counted) error {
		_, err := c.exec("INSERT INTO entry_minutes (tenant, service, operation, minute, requests) VALUES (?, ?, ?, ?, ?)",
			r.tenant, r.service, r.operation, r.minute, r.requests)
		return err
	})
}

// requests counts the requests since the beginning of a minute.
func (v *view) requests(first int64) (rows []counted, err error) {
	const minutes = "received_at / 60000000000"
	oldest := dayOf(record.StartOf(first).UnixNano())
	for i, d := range v.days {
		if d.name < oldest {
			break
		}
		var earlier []string // the request in the tables of this day and the one before
		for _, e := range v.days[i:min(i+2, len(v.days))] {
			earlier = append(earlier, "NOT EXISTS (SELECT 1 FROM "+e.table(kindSpans)+` e WHERE e.tenant = s.tenant AND e.trace_id = s.trace_id
				AND +e.parent_span_id = '' AND e.received_at < s.received_at / 60000000000 * 60000000000 AND e.received_at >= ?2)`)
		}
		err := v.query(`SELECT tenant, substr(service, 1, ?3), substr(name, 1, ?3), `+minutes+`, count(DISTINCT trace_id) FROM `+d.table(kindSpans)+` s
			WHERE parent_span_id = '' AND received_at >= ?1 AND trace_id <> '' AND `+strings.Join(earlier, " AND ")+`
			GROUP BY 1, 2, 3, 4`, func(r *row) error {
			rows = append(rows, counted{tenant: r.text(), service: r.text(), operation: r.text(), minute: r.int(), requests: r.int()})
			return nil
		}, record.StartOf(first), record.StartOf(first).Add(-record.CountedOnce), record.MostOfName)
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// CountFailing implements store.Minutes.
func (s *Store) CountFailing(ctx context.Context, since time.Time) error {
	first := record.MinuteOf(since)
	var rows []counted
	err := s.read(ctx, func(v *view) error {
		return v.query(`SELECT f.tenant, substr(f.entry_service, 1, ?2), substr(f.entry_operation, 1, ?2), l.root_signature,
				f.first_received / 60000000000, count(*), sum(f.outcome = 'failed')
			FROM failures f JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
			WHERE f.first_received >= ?1 AND f.trace_id <> '' AND f.entry_service <> '' GROUP BY 1, 2, 3, 4, 5`, func(r *row) error {
			rows = append(rows, counted{r.text(), r.text(), r.text(), r.text(), r.int(), r.int(), r.int()})
			return nil
		}, record.StartOf(first), record.MostOfName)
	})
	if err != nil {
		return err
	}
	return s.saveMinutes(ctx, "error_minutes", first, rows, func(c *conn, r counted) error {
		_, err := c.exec("INSERT INTO error_minutes (tenant, service, operation, signature, minute, failing, failed) VALUES (?, ?, ?, ?, ?, ?, ?)",
			r.tenant, r.service, r.operation, r.signature, r.minute, r.requests, r.failed)
		return err
	})
}

// saveMinutes replaces the rows of a table since a minute, as many of each tenant and minute as are kept.
func (s *Store) saveMinutes(ctx context.Context, table string, first int64, rows []counted, insert func(*conn, counted) error) error {
	slices.SortFunc(rows, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.minute, b.minute), cmp.Compare(b.requests, a.requests),
			cmp.Compare(a.service, b.service), cmp.Compare(a.operation, b.operation), cmp.Compare(a.signature, b.signature))
	})
	return s.write(ctx, func(c *conn) error {
		if _, err := c.exec("DELETE FROM "+table+" WHERE minute >= ?", first); err != nil {
			return err
		}
		kept := 0
		for i, r := range rows {
			if i > 0 && (rows[i-1].tenant != r.tenant || rows[i-1].minute != r.minute) {
				kept = 0
			}
			if kept++; kept > record.MostCounted {
				continue
			}
			if err := insert(c, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Shares implements store.Minutes.
func (s *Store) Shares(ctx context.Context, tenant string, queries []store.ShareQuery) ([]incident.ErrorShare, error) {
	var shares []incident.ErrorShare
	err := s.read(ctx, func(v *view) error {
		shares = nil
		for _, q := range queries {
			share, err := v.share(tenant, q)
			if err != nil {
				return err
			}
			shares = append(shares, share)
		}
		return nil
	})
	return shares, err
}

func (v *view) share(tenant string, q store.ShareQuery) (incident.ErrorShare, error) {
	share, m := record.NewShare(q), record.MinutesOf(q)
	service, operation := record.CountedName(q.Service), record.CountedName(q.Operation)
	err := v.query("SELECT minute, requests FROM entry_minutes WHERE tenant = ? AND service = ? AND operation = ? AND minute >= ? AND minute < ?", func(r *row) error {
		minute, requests := r.int(), r.int()
		share.Windows[m.Of(minute)].Add(requests, 0, 0)
		return nil
	}, tenant, service, operation, m.First, m.End)
	if err != nil {
		return share, err
	}
	err = v.query("SELECT minute, failing, failed FROM error_minutes WHERE tenant = ? AND service = ? AND operation = ? AND signature = ? AND minute >= ? AND minute < ?", func(r *row) error {
		minute, failing, failed := r.int(), r.int(), r.int()
		share.Windows[m.Of(minute)].Add(0, failing, failed)
		return nil
	}, tenant, service, operation, q.Signature, m.First, m.End)
	return share.Trimmed(), err
}
