package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Failure implements store.Failures.
func (s *Store) Failure(ctx context.Context, tenant, key string) (store.FailureView, error) {
	var found []store.FailureView
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		found, err = failureViews(ctx, tx, tenant, []string{key})
		return err
	})
	switch {
	case err != nil:
		return store.FailureView{}, err
	case len(found) == 0:
		return store.FailureView{}, record.NotFound("failure %q", key)
	}
	return found[0], nil
}

// failureViews reads failures in the order of keys, those that there are.
func failureViews(ctx context.Context, tx pgx.Tx, tenant string, keys []string) ([]store.FailureView, error) {
	rows, err := tx.Query(ctx, `SELECT f.key, f.trace_id, f.state, f.reason, f.outcome, f.entry_service, f.entry_operation,
			f.first_error, f.last_error, f.error_signals,
			ARRAY(SELECT l.incident_id FROM incident_failures l WHERE l.tenant = f.tenant AND l.key = f.key ORDER BY l.incident_id)
		FROM unnest($2::text[]) WITH ORDINALITY AS k (key, n) JOIN failures f ON f.tenant = $1 AND f.key = k.key ORDER BY k.n`,
		tenant, slices.DeleteFunc(keys, func(k string) bool { return !isText(k) }))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f store.FailureView, err error) {
		var trace string
		var first, last int64
		err = row.Scan(&f.Key, &trace, &f.State, &f.Reason, &f.Outcome, &f.EntryService, &f.EntryOperation,
			&first, &last, &f.ErrorSignals, &f.Incidents)
		if err == nil {
			err = f.TraceID.UnmarshalText([]byte(trace))
		}
		f.FirstError, f.LastError = record.TimeOf(first), record.TimeOf(last)
		return f, err
	})
}

const failureListing = "failures"

// IncidentFailures implements store.Failures.
func (s *Store) IncidentFailures(ctx context.Context, tenant, incidentID string, page store.Page) (store.Listing[store.FailureView], error) {
	after, err := record.ParseCursor(failureListing, page)
	if err != nil {
		return store.Listing[store.FailureView]{}, err
	}
	var found []store.FailureView
	at := map[string]record.Position{}
	err = s.browse(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT first_error, key FROM incident_failures
			WHERE tenant = $1 AND incident_id = $2 AND (first_error, key) < ($3, $4) ORDER BY first_error DESC, key DESC LIMIT $5`,
			tenant, incidentID, after.At, after.ID, record.PageSize(page)+1)
		if err != nil {
			return err
		}
		positions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p record.Position, err error) {
			err = row.Scan(&p.At, &p.ID)
			return p, err
		})
		if err != nil {
			return err
		}
		keys := make([]string, len(positions))
		for i, p := range positions {
			keys[i], at[p.ID] = p.ID, p
		}
		found, err = failureViews(ctx, tx, tenant, keys)
		return err
	})
	return record.Listing(failureListing, page, found, func(f store.FailureView) record.Position { return at[f.Key] }), err
}
