package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// makeDays makes the partitions of today and the next two days.
func (s *Store) makeDays(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	_, err := s.pool.Exec(ctx, `SELECT make_day(today + ahead)
		FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) now, generate_series(0, 2) ahead`)
	return err
}

// dropOldDays drops the days that ended so long ago.
func (w *retaining) dropOldDays(ctx context.Context) error {
	if w.policy.Signals <= 0 {
		return nil
	}
	var days []time.Time
	err := w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT day FROM days
			WHERE day + 1 <= ($1::timestamptz AT TIME ZONE 'UTC')::date AND droppable(day) ORDER BY day`, w.now.Add(-w.policy.Signals))
		if err == nil {
			days, err = pgx.CollectRows(rows, pgx.RowTo[time.Time])
		}
		return err
	})
	for i, day := range days {
		dropped, err := w.dropDay(ctx, day)
		if err != nil {
			return err
		}
		if !dropped { // whoever reads one, keeps the others as well
			w.done.Postponed = len(days) - i
			return nil
		}
	}
	return err
}

// dropDaysBeyond drops the oldest days until signals take no more than their bound, but never
// today's and yesterday's.
func (w *retaining) dropDaysBeyond(ctx context.Context) error {
	for w.policy.SignalBytes > 0 {
		var oldest *time.Time
		err := w.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, `SELECT
				(SELECT coalesce(sum(pg_total_relation_size(p.relid)), 0)::bigint FROM unnest(signal_tables()) t, pg_partition_tree(t) p),
				(SELECT min(day) FROM days WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date - 1 AND droppable(day))`, w.now).
				Scan(&w.done.SignalBytes, &oldest)
		})
		if err != nil || w.done.SignalBytes <= w.policy.SignalBytes || oldest == nil || w.done.Postponed > 0 {
			return err
		}
		dropped, err := w.dropDay(ctx, *oldest)
		if err != nil {
			return err
		}
		if !dropped {
			w.done.Postponed = 1
		}
	}
	return nil
}

// dropPatience is how long each attempt to drop a day waits for transactions that use signals,
// while all that come after it wait as well: long enough for appends to end, never for a backup.
var dropPatience = [...]string{"50ms", "100ms", "200ms", "400ms"}

const dropPause = 500 * time.Millisecond

// dropDay drops the partitions of a day between transactions of others; false if these leave it no
// room.
func (w *retaining) dropDay(ctx context.Context, day time.Time) (dropped bool, err error) {
	for i, patience := range dropPatience {
		if i > 0 {
			select {
			case <-ctx.Done():
				return false, ctx.Err()
			case <-time.After(dropPause + rand.N(dropPause)): //nolint:gosec // no secret
			}
		}
		busy := false
		err := w.write(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT set_config('lock_timeout', $1, true)", patience); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT drop_day($1)", day)
			busy = hasCode(err, "55P03")
			return err
		})
		if !busy {
			if err == nil {
				w.done.Dropped++
			}
			return err == nil, err
		}
	}
	return false, nil
}
