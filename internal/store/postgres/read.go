package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// searchTimeout bounds a search. The server gives the query up as well.
const searchTimeout = 15 * time.Second

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
	err := s.transaction(ctx, s.replica, beginRead, fn)
	if s.replica != s.pool && errors.Is(err, store.ErrUnavailable) {
		return s.transaction(ctx, s.pool, beginRead, fn)
	}
	return err
}
