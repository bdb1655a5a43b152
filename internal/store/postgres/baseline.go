package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// HealthyTraces implements store.Signals. It reads the primary.
func (s *Store) HealthyTraces(ctx context.Context, tenant, service, operation string, from, to time.Time, limit int) (keys []string, total int, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		sql, args, err := entries(ctx, tx, tenant, service, operation, from, to)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT key, count(*) OVER () FROM (`+sql+`) AS e
			WHERE NOT `+exists("SELECT 1 FROM error_signals AS s WHERE s.tenant = $1 AND s.key = e.key ORDER BY received_at")+`
			ORDER BY time DESC, key LIMIT `+args.arg(max(limit, 1)), args.args...)
		if err != nil {
			return err
		}
		var key string
		keys = nil
		_, err = pgx.ForEachRow(rows, []any{&key, &total}, func() error {
			if len(keys) < limit {
				keys = append(keys, key)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return keys, total, nil
}

// EntryStats implements store.Signals. It reads the primary.
func (s *Store) EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (incident.EntryStats, error) {
	stats := incident.EntryStats{Service: service, Operation: operation}
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		sql, args, err := entries(ctx, tx, tenant, service, operation, from, to)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE `+
			exists("SELECT 1 FROM failures AS f WHERE f.tenant = $1 AND f.key = e.key AND f.outcome = 'failed'")+`) FROM (`+sql+`) AS e`, args.args...).Scan(&stats.Traces, &stats.Failed)
	})
	return stats, err
}

// entries is the query for the newest traces in which the service ran the operation: their key and
// when that was. The first argument is the tenant.
func entries(ctx context.Context, tx pgx.Tx, tenant, service, operation string, from, to time.Time) (string, *conditions, error) {
	first, end := record.NanosOf(from), record.NanosOf(to)
	days, err := days(ctx, tx, kindSpans.table, first, end)
	if err != nil {
		return "", nil, err
	}
	c := &conditions{}
	c.add("tenant = %s", textOf(tenant))
	c.add(received("t", days...))
	c.add("service = %s", textOf(service))
	c.add("time >= %s", first)
	c.add("time < %s", end)
	c.add("name = %s", textOf(operation))
	c.add("trace_id IS NOT NULL")
	return `SELECT replace(trace_id::text, '-', '') AS key, max(time) AS time FROM (
		` + newest("SELECT trace_id, time, id FROM spans AS t WHERE "+c.String(), c.arg(record.MostSamples)) + `) AS runs GROUP BY trace_id`, c, nil
}

// Points implements store.Signals. It reads the primary, all points before the first is yielded,
// so that a slow consumer holds no snapshot.
func (s *Store) Points(ctx context.Context, tenant string, services []string, from, to time.Time, limit int) iter.Seq2[*signal.Point, error] {
	return func(yield func(*signal.Point, error) bool) {
		var points []record.Hit
		err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			points, err = newestPoints(ctx, tx, tenant, services, from, to, limit)
			return err
		})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, p := range points {
			if !yield(p.Point, nil) {
				return
			}
		}
	}
}

// newestPoints reads the newest points of each service, at most limit in all, oldest first.
func newestPoints(ctx context.Context, tx pgx.Tx, tenant string, services []string, from, to time.Time, limit int) ([]record.Hit, error) {
	var all []record.Hit
	for _, service := range services {
		if len(all) >= limit {
			break
		}
		q, err := newSearch(tx, tenant, store.SignalFilter{Kind: store.KindMetric, Service: service, From: from, To: to}, record.Endless, limit-len(all))
		if err != nil {
			return nil, err
		}
		hits, err := q.run(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	record.OldestFirst(all)
	return all, nil
}
