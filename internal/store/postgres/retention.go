package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Retain implements store.Sweeper. Of several replicas one drops what is too old; all make the
// partitions of the next days.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (done store.Retained, err error) {
	err = s.withConn(ctx, s.pool, func(c *pgx.Conn) error {
		end := s.watch(c)
		defer func() { end() }()
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
			if err != nil {
				return err
			}
			w := retaining{Store: s, policy: r, now: time.Time(byNow)}
			end()
			err = w.run(ctx)
			end = s.watch(c)
			done = w.done
			return err
		})
	})
	if s.available() == nil && !errors.Is(err, errNoConnection) {
		err = errors.Join(err, s.makeDays(ctx))
	}
	return done, unavailable(ctx, err)
}

// retaining is one Retain under way.
type retaining struct {
	*Store
	policy store.Retention
	now    time.Time // the database's
	done   store.Retained
}

// run takes all steps, also after one that failed: each drops something else.
func (w *retaining) run(ctx context.Context) error {
	var problems []error
	for _, step := range []func(context.Context) error{
		w.dropOldDays, w.dropDaysBeyond, w.dropRows, w.dropOld, w.dropBeyond, w.dropSpend, w.foldCommits,
	} {
		err := step(ctx)
		if ctx.Err() != nil || errors.Is(err, errNoConnection) {
			return err
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// inBatches repeats a transaction until it drops less than its bound.
func (w *retaining) inBatches(ctx context.Context, bound int, drop func(pgx.Tx) (int, error)) error {
	for {
		var n int
		err := w.write(ctx, func(tx pgx.Tx) (err error) {
			n, err = drop(tx)
			return err
		})
		if err != nil {
			return err
		}
		if w.done.Dropped += n; n < bound {
			return nil
		}
	}
}

// foldCommits makes one row of each day's counts.
func (w *retaining) foldCommits(ctx context.Context) error {
	return w.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH folded AS (
				DELETE FROM commits WHERE day IN (SELECT day FROM commits GROUP BY day HAVING count(*) > 1)
				RETURNING day, spans, logs, points, error_signals, quarantined)
			INSERT INTO commits (day, spans, logs, points, error_signals, quarantined)
			SELECT day, sum(spans), sum(logs), sum(points), sum(error_signals), sum(quarantined) FROM folded GROUP BY day`)
		return err
	})
}
