package sqlite

import (
	"context"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Reopen implements store.Failures.
func (s *Store) Reopen(ctx context.Context, explained []store.Explained) (reopened int, err error) {
	err = s.write(ctx, func(c *conn) error {
		reopened = 0
		now := s.now()
		for _, e := range explained {
			n, err := c.exec(`UPDATE failures SET state = 'waiting', version = version + 1, waiting_since = ?1, moved_at = coalesce(moved_at, ?1), due_at = 0
				WHERE (tenant, key) IN (
					SELECT f.tenant, f.key FROM incidents i
						CROSS JOIN incident_failures l ON l.tenant = i.tenant AND l.incident_id = i.id
						CROSS JOIN failures f ON f.tenant = l.tenant AND f.key = l.key
					WHERE i.tenant = ?2 AND i.merged_into = '' AND i.root_signature <> ?3
						AND (i.service = ?4 OR i.component = ?4 OR substr(i.component, 1, length(?4) + 1) IN (?4 || ':', ?4 || '.'))
						AND l.first_error <= ?5 AND l.last_error >= ?6 AND f.state = 'classified' AND f.late_until > ?1 AND f.trace_id <> ''
					ORDER BY l.first_error DESC, l.key LIMIT ?7)`,
				now, e.Tenant, e.Signature, e.Service, record.Saturate(e.To), record.Saturate(e.From), ledger.MostReopened)
			if err != nil {
				return err
			}
			reopened += int(n)
		}
		return nil
	})
	return reopened, err
}
