package sqlite

import (
	"context"
	"encoding/json"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// DeadLetters implements store.Incidents.
func (s *Store) DeadLetters(ctx context.Context, tenant string, limit int) (dead []store.DeadLetter, err error) {
	err = s.read(ctx, func(v *view) error {
		return v.query(`SELECT id, attempts, last_error FROM incidents
			WHERE tenant = ? AND wanted > done AND dead <> 0 AND merged_into = '' ORDER BY last_seen DESC, id LIMIT ?`, func(r *row) error {
			dead = append(dead, store.DeadLetter{IncidentID: r.text(), Attempts: r.count(), Problem: r.text()})
			return nil
		}, tenant, limit)
	})
	return dead, err
}

// RetryDeadLetters implements store.Incidents.
func (s *Store) RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []string, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(c *conn) error {
		retried = nil
		return c.query(`UPDATE incidents SET dead = 0, attempts = 0, retry_at = 0, want_due = 0
			WHERE tenant = ? AND dead <> 0 AND wanted > done AND merged_into = '' AND (? = 0 OR id IN (SELECT value FROM json_each(?)))
			RETURNING id`, func(r *row) error {
			retried = append(retried, r.text())
			return nil
		}, tenant, len(ids), string(list))
	})
	return retried, err
}
