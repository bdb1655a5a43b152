package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Transactions have the same settings whatever the server's, the login's or the pooler's are:
// durable, and bounded in time.
const (
	beginWrite = `BEGIN; SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '60s', true),
		CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END`
	beginRead = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
		SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '60s', true)`
)

const transactionAttempts = 5

// write runs fn in a transaction of the primary. On error nothing of it is stored. fn may run
// again after a serialisation failure or a deadlock.
func (s *Store) write(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.transaction(ctx, s.pool, beginWrite, fn)
}

func (s *Store) transaction(ctx context.Context, pool *pgxpool.Pool, begin string, fn func(pgx.Tx) error) error {
	err := s.withConn(ctx, pool, func(c *pgx.Conn) error {
		var err error
		for range transactionAttempts {
			err = pgx.BeginTxFunc(ctx, c, pgx.TxOptions{BeginQuery: begin}, fn)
			if !again(err) {
				break
			}
		}
		return err
	})
	return unavailable(ctx, err)
}

// errNoConnection: no connection could be had, or the one in use was lost.
var errNoConnection = errors.New("PostgreSQL cannot be reached")

// withConn runs fn with a connection.
func (s *Store) withConn(ctx context.Context, pool *pgxpool.Pool, fn func(*pgx.Conn) error) error {
	if err := s.available(); err != nil {
		return err
	}
	c, err := pool.Acquire(ctx)
	if err != nil {
		return errors.Join(errNoConnection, err)
	}
	defer c.Release()
	err = fn(c.Conn())
	if err != nil && c.Conn().IsClosed() {
		return errors.Join(errNoConnection, err)
	}
	return err
}

// again tells whether the same transaction may succeed when run once more.
func again(err error) bool {
	return hasCode(err, "40001", "40P01")
}

// hopeless tells whether only an operator can mend what is wrong: the schema is newer; the login or
// the database does not exist; something may not be done or is missing.
func hopeless(err error) bool {
	return errors.Is(err, errNewer) || ofClass(err, "28", "3D", "42")
}

// denied tells whether the login lacks a privilege.
func denied(err error) bool { return hasCode(err, "42501") }

// hasCode tells whether the server answered with a SQLSTATE, whatever has wrapped it.
func hasCode(err error, codes ...string) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && slices.Contains(codes, failed.Code)
}

// ofClass tells whether the server answered with a SQLSTATE of one of the classes.
func ofClass(err error, classes ...string) bool {
	var failed *pgconn.PgError
	if !errors.As(err, &failed) {
		return false
	}
	for _, class := range classes {
		if strings.HasPrefix(failed.Code, class) {
			return true
		}
	}
	return false
}

// unavailable makes errors of the server and of the way to it ErrUnavailable, and those of a
// context that ended the context's. Other errors stay. Nothing of the URL is kept, nor what the
// server says of logins and databases by name.
func unavailable(ctx context.Context, err error) error {
	var failed *pgconn.PgError
	var network net.Error
	switch {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("PostgreSQL store: %w", context.Cause(ctx))
	case ofClass(err, "28", "3D"):
		errors.As(err, &failed)
		return fmt.Errorf("%w: PostgreSQL refuses the login: check user, password and database of the URL (SQLSTATE %s)", store.ErrUnavailable, failed.Code)
	case ofClass(err, "53300"):
		return fmt.Errorf("%w: PostgreSQL has no connection left: raise its max_connections, or lower max_conns (SQLSTATE 53300)", store.ErrUnavailable)
	case denied(err):
		errors.As(err, &failed)
		return fmt.Errorf("%w: PostgreSQL: %s: grant the login its role's rights, or run `prodsentinel migrate` with the login that owns the schema (SQLSTATE %s)", store.ErrUnavailable, failed.Message, failed.Code)
	case errors.As(err, &failed):
		return fmt.Errorf("%w: PostgreSQL: %s (SQLSTATE %s)", store.ErrUnavailable, failed.Message, failed.Code)
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return fmt.Errorf("%w: PostgreSQL did not answer in time", store.ErrUnavailable)
	case errors.Is(err, errNoConnection), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errNoConnection)
	}
	return err
}
