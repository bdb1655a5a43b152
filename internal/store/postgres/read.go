package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

const (
	// replicaPatience is how long the replica may take to begin a transaction.
	replicaPatience = 2 * time.Second
	// replicaPause is how long a replica that does not answer is left alone.
	replicaPause = 10 * time.Second
)

// read runs fn, which takes little, on a snapshot of the primary.
func (s *Store) read(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	of := share.Of(ctx)
	return s.tracker.Read(s.inShare(ctx, of, func(ctx context.Context) error {
		return s.transaction(ctx, beginFor[of], func(tx pgx.Tx) error { return fn(ctx, tx) })
	}))
}

// browse runs fn, which takes little, on a snapshot of the replica, which may lag behind: nothing may
// be derived from it.
func (s *Store) browse(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	return s.look(ctx, share.Of(ctx), fn)
}

// search is browse for what may go through much.
func (s *Store) search(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	return s.look(ctx, share.OfSearch(ctx), fn)
}

// look runs fn on a snapshot of the replica. Where the replica fails, fn runs again on the primary:
// an incident is no time for a blind dashboard, and searches are bounded.
func (s *Store) look(ctx context.Context, of share.Share, fn func(context.Context, pgx.Tx) error) error {
	return s.tracker.Read(s.inShare(ctx, of, func(ctx context.Context) error {
		if s.replica != s.pool && s.replicaRests.over() {
			err := s.askReplica(ctx, beginFor[of], fn)
			if !errors.Is(err, store.ErrUnavailable) {
				return err
			}
		}
		return s.transaction(ctx, beginFor[of], func(tx pgx.Tx) error { return fn(ctx, tx) })
	}))
}

// inShare runs call while it has a place of the share, for as long as the share's calls may take.
func (s *Store) inShare(ctx context.Context, of share.Share, call func(context.Context) error) error {
	ctx, done, err := s.places.Take(ctx, of)
	if err != nil {
		return err
	}
	defer done()
	return call(ctx)
}

// askReplica runs fn on a snapshot of the replica, if that answers soon.
func (s *Store) askReplica(ctx context.Context, begin string, fn func(context.Context, pgx.Tx) error) error {
	if err := s.available(); err != nil {
		return err
	}
	begun := false
	starting, cancel := context.WithTimeout(ctx, replicaPatience)
	defer cancel()
	err := s.withConn(starting, s.replica, func(c *pgx.Conn) error {
		defer s.watch(c)()
		tx, err := c.BeginTx(starting, pgx.TxOptions{BeginQuery: begin})
		if err != nil {
			return err
		}
		begun = true
		return errors.Join(fn(ctx, tx), tx.Rollback(ctx))
	})
	lost := !begun || errors.Is(err, errNoConnection)
	err = unavailable(ctx, err)
	switch {
	case !lost && s.replicaRests.end():
		s.onReplica(nil)
	case lost && ctx.Err() == nil && s.replicaRests.begin():
		s.onReplica(err)
	}
	return err
}

// rest is a time for which the replica is left alone.
type rest struct {
	until atomic.Int64
	lost  atomic.Bool // since it last answered
}

// begin and end tell whether that is news.
func (r *rest) begin() bool {
	r.until.Store(time.Now().Add(replicaPause).UnixNano())
	return !r.lost.Swap(true)
}

func (r *rest) end() bool { return r.lost.Swap(false) }

func (r *rest) over() bool { return time.Now().UnixNano() >= r.until.Load() }
