// Package postgres keeps everything in PostgreSQL: the store of production, shared by any number of
// replicas. Signals lie in tables partitioned by day of receipt, which the database itself refuses
// to change; failures, incidents and analyses lie in ordinary tables. Leases, times of receipt and
// the order of commits are the database's, so replicas need no common clock.
//
// It derives no verdict: what becomes of incidents is decided by package incident.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Options configure a store; the zero value works.
type Options struct {
	// ReadURL is a read replica that answers queries of the API; "" for the primary.
	ReadURL string
	// MaxConns bounds the connections to each server, 10 if 0.
	MaxConns int32
}

// Store is a store.Store in one PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
	// replica answers what may lag behind: everything the API shows.
	replica *pgxpool.Pool
}

// Open connects to the database, brings its schema up to date and opens the store.
func Open(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	pool, err := connect(ctx, databaseURL, o)
	if err != nil {
		return nil, err
	}
	s := &Store{pool: pool, replica: pool}
	if o.ReadURL != "" {
		if s.replica, err = connect(ctx, o.ReadURL, o); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if err := migrate(ctx, pool); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

const defaultMaxConns = 10

// cancelPatience is how long a cancelled query may take to end on the server before its connection
// is given up.
const cancelPatience = time.Second

func connect(ctx context.Context, databaseURL string, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(withoutDriver(databaseURL))
	if err != nil {
		return nil, errors.New("the PostgreSQL URL cannot be read: it must look like postgres://user:password@host:5432/database")
	}
	config.MaxConns = o.MaxConns
	if config.MaxConns == 0 {
		config.MaxConns = defaultMaxConns
	}
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelPatience}
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// withoutDriver drops a driver's name from the scheme, as in postgresql+asyncpg://.
func withoutDriver(databaseURL string) string {
	scheme, rest, ok := strings.Cut(databaseURL, "://")
	if !ok {
		return databaseURL
	}
	scheme, _, _ = strings.Cut(scheme, "+")
	return scheme + "://" + rest
}

// Close waits for running calls and closes the connections. Later calls fail.
func (s *Store) Close() error {
	if s.replica != s.pool {
		s.replica.Close()
	}
	s.pool.Close()
	return nil
}

// write runs fn in a transaction of the primary. On error nothing of it is stored. fn may run
// again after a serialisation failure or a deadlock.
func (s *Store) write(ctx context.Context, fn func(pgx.Tx) error) error {
	const attempts = 5
	var err error
	for range attempts {
		err = pgx.BeginFunc(ctx, s.pool, fn)
		if !again(err) {
			break
		}
	}
	return unavailable(ctx, err)
}

// again tells whether the same transaction may succeed when run once more.
func again(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && (failed.Code == "40001" || failed.Code == "40P01")
}

// unavailable makes errors of the server and of the way to it ErrUnavailable, and those of a
// context that ended the context's. Other errors stay. Nothing of the URL is kept.
func unavailable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("PostgreSQL store: %w", context.Cause(ctx))
	}
	var failed *pgconn.PgError
	var connecting *pgconn.ConnectError
	var address *url.Error
	switch {
	case errors.As(err, &failed):
		return fmt.Errorf("%w: PostgreSQL: %s (SQLSTATE %s)", store.ErrUnavailable, failed.Message, failed.Code)
	case errors.As(err, &connecting), errors.As(err, &address):
		return fmt.Errorf("%w: PostgreSQL cannot be reached", store.ErrUnavailable)
	case pgconn.SafeToRetry(err), pgconn.Timeout(err):
		return fmt.Errorf("%w: PostgreSQL: %w", store.ErrUnavailable, err)
	}
	return err
}
