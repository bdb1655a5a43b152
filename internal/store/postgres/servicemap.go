package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Services implements store.Signals. It is for show and reads the replica.
func (s *Store) Services(ctx context.Context, tenant string, from, to time.Time) (store.ServiceMap, error) {
	var m store.ServiceMap
	err := s.search(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		m, err = serviceMap(ctx, tx, textOf(tenant), record.NanosOf(from), record.UntilOf(to))
		return err
	})
	return m, err
}

func serviceMap(ctx context.Context, tx pgx.Tx, tenant string, from, to int64) (store.ServiceMap, error) {
	m := store.ServiceMap{Services: []store.ServiceStats{}, Calls: []store.EdgeStats{}}
	days, err := days(ctx, tx, kindSpans.table, from, to)
	if err != nil || len(days) == 0 {
		return m, err
	}
	var names []string
	for _, d := range days {
		found, err := servicesOf(ctx, tx, kindSpans.table, tenant, d)
		if err != nil {
			return m, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return m, addServices(ctx, tx, &m, tenant, slices.Compact(names), from, to, days)
}

// addServices adds the services that have spans in the window, by their newest entry spans, each
// with the service of the span that called it.
func addServices(ctx context.Context, tx pgx.Tx, m *store.ServiceMap, tenant string, names []string, from, to int64, days []day) error {
	window := received("t", days...) + " AND tenant = $1 AND service = n.service AND time >= $3 AND time < $4"
	rows, err := tx.Query(ctx, `SELECT n.service, grouping(s.caller) = 1, coalesce(s.caller, ''), count(s.id), count(*) FILTER (WHERE s.failed),
			coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY s.took), 0), coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY s.took), 0)
		FROM unnest($2::text[]) AS n(service) LEFT JOIN LATERAL (
			SELECT DISTINCT ON (id) id, failed, took, (SELECT p.service FROM spans AS p
				WHERE `+received("p", days...)+` AND `+unindexed("p.tenant = $1")+` AND p.trace_id = e.trace_id AND p.span_id = e.parent_span_id LIMIT 1) AS caller
			FROM (`+newest("SELECT id, time, status_code = 2 AS failed, "+record.Took+` AS took, trace_id, nullif(parent_span_id, '') AS parent_span_id
				FROM spans AS t WHERE `+window+` AND kind IN (2, 5)`, "$5")+`) AS e) AS s ON true
		WHERE `+exists("SELECT 1 FROM spans AS t WHERE "+window+" ORDER BY time")+`
		GROUP BY GROUPING SETS ((n.service), (n.service, s.caller)) ORDER BY n.service, s.caller`, tenant, names, from, to, record.MostServed)
	if err != nil {
		return err
	}
	var stats store.ServiceStats
	var caller string
	var whole bool
	_, err = pgx.ForEachRow(rows, []any{&stats.Service, &whole, &caller, &stats.Spans, &stats.Errors, &stats.P50, &stats.P99}, func() error {
		switch {
		case whole:
			stats.ErrorShare = float64(stats.Errors) / float64(max(stats.Spans, 1))
			m.Services = append(m.Services, stats)
		case caller != "" && caller != stats.Service:
			m.Calls = append(m.Calls, store.EdgeStats{From: caller, To: stats.Service, Calls: stats.Spans, Errors: stats.Errors})
		}
		return nil
	})
	return err
}
