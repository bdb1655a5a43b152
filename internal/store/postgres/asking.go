package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// watchInterval is how often the server is asked whether it answers, unless a call has just found out.
	watchInterval = 2 * time.Second
	// watchPatience is how long it may take to answer.
	watchPatience = 3 * time.Second
	// untriedPause is how long no write must have been tried, after one that failed, before one is tried for
	// its own sake.
	untriedPause = 5 * time.Second
)

// keepAsking finds out, without any call, that the server does not answer, or does again.
func (s *Store) keepAsking(ctx context.Context) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch {
		case s.tracker.Untried(untriedPause):
			_ = s.tracker.Wrote(s.ask(ctx, tryWrite))
		case !s.tracker.Answered(watchInterval):
			_ = s.tracker.Reached(s.ask(ctx, tryRead))
		}
	}
}

// ask runs a statement that takes next to nothing. The server's silence is an error of its own: by then
// nothing else ended the context.
func (s *Store) ask(ctx context.Context, statement string) error {
	if err := s.available(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	err := s.execute(bounded, statement)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: PostgreSQL did not answer within %s", store.ErrUnavailable, watchPatience)
	}
	return unavailable(ctx, err)
}

func (s *Store) execute(ctx context.Context, statement string) error {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return errors.Join(errNoConnection, err)
	}
	defer c.Release()
	err = pgx.BeginFunc(ctx, c.Conn(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	})
	switch {
	case readOnly(err):
		s.pool.Reset() // sessions stay as they began
	case err != nil && c.Conn().IsClosed():
		return errors.Join(errNoConnection, err)
	}
	return err
}

const (
	tryRead = "SELECT 1"
	// tryWrite needs what any write needs: rows of the catalog, and of the log.
	tryWrite = "CREATE TEMPORARY TABLE prodsentinel_room (n integer) ON COMMIT DROP"
)
