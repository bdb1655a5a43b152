package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Retain implements store.Sweeper.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (store.Retained, error) {
	w := retaining{Store: s, policy: r, now: now}
	var problems []error
	for _, step := range []func(context.Context) error{w.dropOldDays, w.dropDaysBeyond, w.dropRows, w.dropOld, w.dropBeyond, w.dropSpend, w.makeDays} {
		err := step(ctx)
		if ctx.Err() != nil {
			return w.done, err
		}
		problems = append(problems, err)
	}
	return w.done, errors.Join(problems...)
}

// retaining is one Retain under way. Its transactions are short: whoever appends waits for them.
type retaining struct {
	*Store
	policy store.Retention
	now    time.Time
	done   store.Retained
	before string // the day before which no signals are left
}

// inBatches repeats a transaction until it drops less than its bound.
func (w *retaining) inBatches(ctx context.Context, bound int, drop func(*conn) (int, error)) error {
	for {
		var n int
		err := w.write(ctx, func(c *conn) (err error) {
			n, err = drop(c)
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
