package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// CountRequests implements store.Minutes.
func (s *Store) CountRequests(ctx context.Context, since time.Time) error {
	return s.countMinutes(ctx, since, "entry_minutes", `
		INSERT INTO entry_minutes (tenant, service, operation, minute, requests)
		SELECT tenant, service, operation, minute, requests FROM (
			SELECT *, row_number() OVER (PARTITION BY tenant, minute ORDER BY requests DESC, service, operation) AS nth FROM (
				SELECT tenant, left(service, $3) AS service, left(name, $3) AS operation,
					floor(extract(epoch FROM received_at) / 60)::bigint AS minute, count(DISTINCT trace_id) AS requests
				FROM spans AS s WHERE parent_span_id = '' AND received_at >= $1 AND trace_id IS NOT NULL
					AND NOT EXISTS (SELECT FROM spans AS e WHERE e.trace_id = s.trace_id AND e.received_at >= $4
						AND e.received_at < date_trunc('minute', s.received_at) AND `+unindexed("e.tenant = s.tenant AND e.parent_span_id = ''")+`)
				GROUP BY 1, 2, 3, 4) AS counted) AS ranked
		WHERE nth <= $2`, func(first time.Time) []any { return []any{first.Add(-record.CountedOnce)} })
}

// CountFailing implements store.Minutes.
func (s *Store) CountFailing(ctx context.Context, since time.Time) error {
	return s.countMinutes(ctx, since, "error_minutes", `
		INSERT INTO error_minutes (tenant, service, operation, signature, minute, failing, failed)
		SELECT tenant, service, operation, signature, minute, failing, failed FROM (
			SELECT *, row_number() OVER (PARTITION BY tenant, minute ORDER BY failing DESC, service, operation, signature) AS nth FROM (
				SELECT f.tenant, left(f.entry_service, $3) AS service, left(f.entry_operation, $3) AS operation, l.root_signature AS signature,
					floor(extract(epoch FROM f.first_received) / 60)::bigint AS minute,
					count(*) AS failing, count(*) FILTER (WHERE f.outcome = 'failed') AS failed
				FROM failures f JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
				WHERE f.linked AND f.first_received >= $1 AND f.trace_id <> '' AND f.entry_service <> ''
				GROUP BY 1, 2, 3, 4, 5) AS counted) AS ranked
		WHERE nth <= $2`, func(time.Time) []any { return nil })
}

// countMinutes counts the minutes of a table from a time on anew. One replica counts, others leave it to it.
func (s *Store) countMinutes(ctx context.Context, since time.Time, table, insert string, more func(first time.Time) []any) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockMinutes).Scan(&mine); err != nil || !mine {
			return err
		}
		at, err := byDatabase(ctx, tx, since)
		if err != nil {
			return err
		}
		minute := record.MinuteOf(time.Time(at))
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE minute >= $1", minute); err != nil {
			return err
		}
		first := record.StartOf(minute)
		_, err = tx.Exec(ctx, insert, append([]any{first, record.MostCounted, record.MostOfName}, more(first)...)...)
		return err
	})
}

// Shares implements store.Minutes. It reads the primary: classifications follow from it.
func (s *Store) Shares(ctx context.Context, tenant string, queries []store.ShareQuery) ([]incident.ErrorShare, error) {
	shares := make([]incident.ErrorShare, len(queries))
	minutes := make([]record.ShareMinutes, len(queries))
	var services, operations, signatures []string
	var places []int
	var first, end []int64
	for i, q := range queries {
		shares[i], minutes[i] = record.NewShare(q), record.MinutesOf(q)
		places, first, end = append(places, i), append(first, minutes[i].First), append(end, minutes[i].End)
		services, operations = append(services, record.CountedName(textOf(q.Service))), append(operations, record.CountedName(textOf(q.Operation)))
		signatures = append(signatures, textOf(q.Signature))
	}
	if len(queries) == 0 {
		return nil, nil
	}
	args := []any{textOf(tenant), places, services, operations, signatures, first, end}
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for i := range shares {
			clear(shares[i].Windows)
		}
		rows, err := tx.Query(ctx, `SELECT q.place, m.minute, m.requests, 0::bigint, 0::bigint
			FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) AS q(place, service, operation, signature, first, "end")
			JOIN entry_minutes m ON m.tenant = $1 AND m.service = q.service AND m.operation = q.operation AND m.minute >= q.first AND m.minute < q."end"
			UNION ALL SELECT q.place, m.minute, 0, m.failing, m.failed
			FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) AS q(place, service, operation, signature, first, "end")
			JOIN error_minutes m ON m.tenant = $1 AND m.service = q.service AND m.operation = q.operation AND m.signature = q.signature
				AND m.minute >= q.first AND m.minute < q."end"`, args...)
		if err != nil {
			return err
		}
		var place int
		var minute, requests, failing, failed int64
		_, err = pgx.ForEachRow(rows, []any{&place, &minute, &requests, &failing, &failed}, func() error {
			shares[place].Windows[minutes[place].Of(minute)].Add(requests, failing, failed)
			return nil
		})
		return err
	})
	for i := range shares {
		shares[i] = shares[i].Trimmed()
	}
	return shares, err
}
