package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Reopen implements store.Failures.
func (s *Store) Reopen(ctx context.Context, explained []store.Explained) (reopened int, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		reopened = 0
		for _, e := range explained {
			done, err := tx.Exec(ctx, `UPDATE failures f SET state = 'waiting', version = f.version + 1, waiting_since = clock_timestamp(),
					moved_at = coalesce(f.moved_at, clock_timestamp()), due_at = '-infinity'
				FROM (SELECT f.tenant, f.key FROM failures f JOIN (
						SELECT l.tenant, l.key FROM incidents i JOIN incident_failures l ON l.tenant = i.tenant AND l.incident_id = i.id
							JOIN failures f ON f.tenant = l.tenant AND f.key = l.key
						WHERE i.tenant = $1 AND i.merged_into = '' AND i.root_signature <> $2
							AND (i.service = $3 OR i.component = $3 OR left(i.component, length($3) + 1) IN ($3 || ':', $3 || '.'))
							AND l.first_error <= $4 AND l.last_error >= $5
							AND f.state = 'classified' AND f.late_until > clock_timestamp() AND f.trace_id <> ''
						ORDER BY l.first_error DESC, l.key LIMIT $6) AS l ON l.tenant = f.tenant AND l.key = f.key
					WHERE f.state = 'classified'
					ORDER BY f.tenant, f.key FOR UPDATE OF f) AS k
				WHERE f.tenant = k.tenant AND f.key = k.key`,
				textOf(e.Tenant), e.Signature, textOf(e.Service), record.Saturate(e.To), record.Saturate(e.From), ledger.MostReopened)
			if err != nil {
				return err
			}
			reopened += int(done.RowsAffected())
		}
		return nil
	})
	return reopened, err
}
