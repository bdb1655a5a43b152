package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// DeadLetters implements store.Incidents.
func (s *Store) DeadLetters(ctx context.Context, tenant string, limit int) (dead []store.DeadLetter, err error) {
	err = s.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, attempts, last_problem FROM incidents
			WHERE tenant = $1 AND dead AND wanted > done AND merged_into = '' ORDER BY last_seen DESC, id LIMIT $2`, tenant, limit)
		if err != nil {
			return err
		}
		dead, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d store.DeadLetter, err error) {
			err = row.Scan(&d.IncidentID, &d.Attempts, &d.Problem)
			return d, err
		})
		return err
	})
	return dead, err
}

// RetryDeadLetters implements store.Incidents.
func (s *Store) RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []string, err error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = textOf(id)
	}
	err = s.write(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE incidents i SET dead = false, attempts = 0, retry_at = '-infinity', want_due = '-infinity'
			FROM (SELECT id FROM incidents WHERE tenant = $1 AND dead AND wanted > done AND merged_into = '' AND (cardinality($2::text[]) = 0 OR id = ANY ($2))
				ORDER BY id FOR UPDATE) AS dead
			WHERE i.tenant = $1 AND i.id = dead.id RETURNING i.id`, tenant, texts)
		if err != nil {
			return err
		}
		retried, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return retried, err
}
