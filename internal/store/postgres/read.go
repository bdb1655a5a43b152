package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// searchTimeout bounds a search. The server gives the query up as well.
	searchTimeout = 15 * time.Second
	// replicaPatience is how long the replica may take to begin a transaction.
	replicaPatience = 2 * time.Second
	// replicaPause is how long a replica that does not answer is left alone.
	replicaPause = 10 * time.Second
)

// bounded ends with ErrTooMuch after searchTimeout.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, searchTimeout, store.ErrTooMuch)
}

// read runs fn on a snapshot of the primary.
func (s *Store) read(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.transaction(ctx, s.pool, beginRead, fn)
}

// browse runs fn on a snapshot of the replica, which may lag behind: nothing may be derived from
// it. Where the replica fails, fn runs again on the primary: an incident is no time for a blind
// dashboard, and searches are bounded.
func (s *Store) browse(ctx context.Context, fn func(pgx.Tx) error) error {
	if s.replica != s.pool && s.replicaRests.over() {
		err := s.askReplica(ctx, fn)
		if !errors.Is(err, store.ErrUnavailable) {
			return err
		}
	}
	return s.read(ctx, fn)
}

// askReplica runs fn on a snapshot of the replica, if that answers soon.
func (s *Store) askReplica(ctx context.Context, fn func(pgx.Tx) error) error {
	if err := s.available(); err != nil {
		return err
	}
	begun := false
	starting, cancel := context.WithTimeout(ctx, replicaPatience)
	defer cancel()
	err := s.withConn(starting, s.replica, func(c *pgx.Conn) error {
		defer s.watch(c)()
		tx, err := c.BeginTx(starting, pgx.TxOptions{BeginQuery: beginRead})
		if err != nil {
			return err
		}
		begun = true
		return errors.Join(fn(tx), tx.Rollback(ctx))
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
