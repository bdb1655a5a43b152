package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// dropBeyond drops what incidents take beyond their bound: those resolved longest ago, then superseded
// revisions, then the oldest failures of those that have most. What a table takes on disk tells nothing,
// since it does not shrink, so the rows are counted.
func (w *retaining) dropBeyond(ctx context.Context) error {
	bound := w.policy.IncidentBytes
	if bound <= 0 {
		return nil
	}
	err := w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, incidentBytes, ledger.FailureBytes, ledger.RowBytes).Scan(&w.done.IncidentBytes)
	})
	if err != nil {
		return err
	}
	return ledger.Free(ctx, &w.done.IncidentBytes, bound, w.dropResolved, w.dropSuperseded, w.trimLargest)
}

const incidentBytes = `SELECT (SELECT count(*) FROM incident_failures) * $1::bigint
	+ ((SELECT count(*) FROM incidents) + (SELECT count(*) FROM incident_history)) * $2::bigint
	+ (SELECT coalesce(sum(pg_column_size(body) + $2::bigint), 0)::bigint FROM analyses)
	+ (SELECT coalesce(sum(pg_column_size(body) + $2::bigint), 0)::bigint FROM agent_runs)
	+ (SELECT coalesce(sum(pg_column_size(zstd)), 0)::bigint FROM cases)
	+ (SELECT coalesce(sum(pg_column_size(zstd)), 0)::bigint FROM transcripts)`

// dropResolved drops the incident resolved longest ago, its failures a few thousand a transaction.
func (w *retaining) dropResolved(ctx context.Context) (freed int64, err error) {
	var oldest incidentID
	err = w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT tenant, id FROM incidents WHERE status = 'resolved' AND merged_into = '' ORDER BY resolved_at LIMIT 1").Scan(&oldest.tenant, &oldest.id)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	for n := retainRows; err == nil && n == retainRows; freed += int64(n) * ledger.FailureBytes {
		n, err = w.trimIncident(ctx, oldest, retainRows)
	}
	if err != nil {
		return freed, err
	}
	err = w.write(ctx, func(tx pgx.Tx) error {
		n, size, err := deleteIncidents(ctx, tx, "tenant = $1 AND id = $2 AND status = 'resolved' AND merged_into = ''", oldest.tenant, oldest.id)
		w.done.Dropped += n
		freed += size
		return err
	})
	return freed, err
}

// endOfTime is a time after all others that the database has.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// dropSuperseded drops some of the oldest superseded revisions.
func (w *retaining) dropSuperseded(ctx context.Context) (freed int64, err error) {
	err = w.write(ctx, func(tx pgx.Tx) error {
		var n int
		n, freed, err = deleteRevisions(ctx, tx, endOfTime)
		w.done.Dropped += n
		return err
	})
	return freed, err
}

// trimLargest drops some of the oldest failures of the incident that has most.
func (w *retaining) trimLargest(ctx context.Context) (freed int64, err error) {
	var largest incidentID
	var surplus int
	err = w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT tenant, incident_id, count(*) - $1 FROM incident_failures
			GROUP BY tenant, incident_id HAVING count(*) > $1 ORDER BY count(*) DESC, tenant, incident_id LIMIT 1`, ledger.KeptFailures).
			Scan(&largest.tenant, &largest.id, &surplus)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	for surplus > 0 && err == nil && w.done.IncidentBytes-freed > w.policy.IncidentBytes {
		var n int
		if n, err = w.trimIncident(ctx, largest, min(surplus, retainRows)); n == 0 {
			break
		}
		surplus -= n
		freed += int64(n) * ledger.FailureBytes
	}
	return freed, err
}
