package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// retainRows bounds what one transaction deletes.
	retainRows = 5000
	// spendKept is how long what was spent counts for budgets of all incidents together.
	spendKept = 24 * time.Hour
)

// dropRows deletes what goes with signals: what was received before the oldest day that is kept. A
// row that is changed meanwhile is another version and stays.
func (w *retaining) dropRows(ctx context.Context) error {
	if w.policy.Signals <= 0 && w.policy.SignalBytes <= 0 {
		return nil
	}
	var oldest time.Time
	err := w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(min(day), ($1::timestamptz AT TIME ZONE 'UTC')::date)::timestamp AT TIME ZONE 'UTC' FROM days`, w.now).Scan(&oldest)
	})
	if err != nil {
		return err
	}
	if err := w.deleteRows(ctx, "quarantine", "received_at < $1", oldest); err != nil {
		return err
	}
	for _, table := range []string{"entry_minutes", "error_minutes"} {
		if err := w.deleteRows(ctx, table, "minute < floor(extract(epoch FROM $1::timestamptz) / 60)::bigint", oldest); err != nil {
			return err
		}
	}
	return w.deleteRows(ctx, "failures", "NOT linked AND first_received < $1 AND last_record < $1", oldest)
}

// dropSpend deletes what was spent on incidents that are gone, and makes one row of what was spent on
// each of the others, once it counts for nothing but that incident's budget.
func (w *retaining) dropSpend(ctx context.Context) error {
	old := w.now.Add(-spendKept)
	err := w.deleteRows(ctx, "agent_spend",
		"at < $1 AND NOT EXISTS (SELECT FROM incidents i WHERE i.tenant = t.tenant AND i.id = t.incident_id)", old)
	if err != nil {
		return err
	}
	return w.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH folded AS (
				DELETE FROM agent_spend WHERE at < $1 AND (tenant, incident_id) IN (
					SELECT tenant, incident_id FROM agent_spend WHERE at < $1 GROUP BY tenant, incident_id HAVING count(*) > 1)
				RETURNING tenant, incident_id, at, tokens, micro_usd)
			INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd)
			SELECT gen_random_uuid()::text, tenant, incident_id, max(at), sum(tokens), sum(micro_usd) FROM folded GROUP BY tenant, incident_id`, old)
		return err
	})
}

// deleteRows deletes the rows t of a table that a condition on a time selects.
func (w *retaining) deleteRows(ctx context.Context, table, condition string, before time.Time) error {
	sql := "DELETE FROM " + table + " WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM " + table + " t WHERE " + condition + " LIMIT $2))"
	return w.inBatches(ctx, retainRows, func(tx pgx.Tx) (int, error) {
		tag, err := tx.Exec(ctx, sql, before, retainRows)
		return int(tag.RowsAffected()), err
	})
}
