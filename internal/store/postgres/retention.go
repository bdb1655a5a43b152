package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Retain implements store.Sweeper. Of several replicas one drops what is too old; all make the
// partitions of the next days.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (dropped int, err error) {
	err = s.withConn(ctx, s.pool, func(c *pgx.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			// This transaction only holds the lock; what is dropped, is in short ones of its own.
			if _, err := tx.Exec(ctx, "SELECT set_config('idle_in_transaction_session_timeout', '0', true)"); err != nil {
				return err
			}
			var mine bool
			if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockRetention).Scan(&mine); err != nil || !mine {
				return err
			}
			byNow, err := byDatabase(ctx, tx, now)
			if err == nil {
				dropped, err = s.drop(ctx, r, time.Time(byNow))
			}
			return err
		})
	})
	if err == nil {
		err = s.makeDays(ctx)
	}
	return dropped, unavailable(ctx, err)
}

// drop drops what a policy says, and tells how many days and rows went.
func (s *Store) drop(ctx context.Context, r store.Retention, now time.Time) (dropped int, err error) {
	for _, step := range []func() (int, error){
		func() (int, error) { return s.dropOldDays(ctx, r.Signals, now) },
		func() (int, error) { return s.dropDaysBeyond(ctx, r.SignalBytes) },
		func() (int, error) { return s.dropRows(ctx, r, now) },
		func() (int, error) { return s.dropIncidents(ctx, r.Incidents, now) },
		func() (int, error) { return 0, s.foldCommits(ctx) },
	} {
		n, err := step()
		dropped += n
		if err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

// makeDays makes the partitions of today and the next two days.
func (s *Store) makeDays(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `SELECT make_day(today + ahead)
		FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) now, generate_series(0, 2) ahead`)
	return err
}

// dropOldDays drops the days that ended so long ago.
func (s *Store) dropOldDays(ctx context.Context, kept time.Duration, now time.Time) (int, error) {
	if kept <= 0 {
		return 0, nil
	}
	var days []time.Time
	err := s.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT day FROM days WHERE day + 1 <= ($1::timestamptz AT TIME ZONE 'UTC')::date ORDER BY day", now.Add(-kept))
		if err == nil {
			days, err = pgx.CollectRows(rows, pgx.RowTo[time.Time])
		}
		return err
	})
	for i, day := range days {
		if err := s.dropDay(ctx, day); err != nil {
			return i, err
		}
	}
	return len(days), err
}

// dropDaysBeyond drops the oldest days until signals take no more than so many bytes, but never
// today's.
func (s *Store) dropDaysBeyond(ctx context.Context, bound int64) (dropped int, err error) {
	for bound > 0 {
		var bytes int64
		var oldest *time.Time
		err := s.read(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `SELECT
				(SELECT coalesce(sum(pg_total_relation_size(p.relid)), 0)::bigint FROM unnest(signal_tables()) t, pg_partition_tree(t) p),
				(SELECT min(day) FROM days WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date)`).Scan(&bytes, &oldest)
		})
		if err != nil || bytes <= bound || oldest == nil {
			return dropped, err
		}
		if err := s.dropDay(ctx, *oldest); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

const (
	// dropPatience is how long appends and queries may have to wait behind a drop that waits itself.
	dropPatience = "300ms"
	dropAttempts = 40
	dropPause    = 250 * time.Millisecond
)

// dropDay drops the partitions of a day between transactions of others.
func (s *Store) dropDay(ctx context.Context, day time.Time) error {
	var err error
	for range dropAttempts {
		busy := false
		err = s.write(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT set_config('lock_timeout', $1, true)", dropPatience); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT drop_day($1)", day)
			busy = hasCode(err, "55P03")
			return err
		})
		if !busy {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(dropPause + rand.N(dropPause)): //nolint:gosec // no secret
		}
	}
	return err
}

// foldCommits makes one row of each day's counts.
func (s *Store) foldCommits(ctx context.Context) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH folded AS (
				DELETE FROM commits WHERE day IN (SELECT day FROM commits GROUP BY day HAVING count(*) > 1)
				RETURNING day, spans, logs, points, error_signals, quarantined)
			INSERT INTO commits (day, spans, logs, points, error_signals, quarantined)
			SELECT day, sum(spans), sum(logs), sum(points), sum(error_signals), sum(quarantined) FROM folded GROUP BY day`)
		return err
	})
}
