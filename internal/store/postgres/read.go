package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// searchTimeout bounds a search. The server gives the query up as well.
const searchTimeout = 15 * time.Second

// bounded ends with ErrTooMuch after searchTimeout.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, searchTimeout, store.ErrTooMuch)
}

// snapshotOptions let a read see one state of the database.
var snapshotOptions = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// read runs fn on a snapshot of the primary.
func (s *Store) read(ctx context.Context, fn func(pgx.Tx) error) error {
	return snapshot(ctx, s.pool, fn)
}

// browse runs fn on a snapshot of the replica, which may lag behind: nothing may be derived from
// it. Where the replica fails, fn runs again on the primary: an incident is no time for a blind
// dashboard, and searches are bounded.
func (s *Store) browse(ctx context.Context, fn func(pgx.Tx) error) error {
	err := snapshot(ctx, s.replica, fn)
	if s.replica != s.pool && errors.Is(err, store.ErrUnavailable) {
		return snapshot(ctx, s.pool, fn)
	}
	return err
}

func snapshot(ctx context.Context, pool *pgxpool.Pool, fn func(pgx.Tx) error) error {
	return unavailable(ctx, pgx.BeginTxFunc(ctx, pool, snapshotOptions, fn))
}
