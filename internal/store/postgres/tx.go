package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

// Transactions have the same settings whatever the server's, the login's or the pooler's are:
// durable, bounded in time, and of an isolation in which what follows a lock sees what was committed
// before it was taken. Queries are short: to compile one takes longer than to run it.
const (
	beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '60s', true), set_config('jit', 'off', true),
		` + durably
	beginLease = beginWrite + `, set_config('synchronous_commit', 'local', true)`
	beginRead  = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
		SELECT set_config('statement_timeout', '%d', true), set_config('idle_in_transaction_session_timeout', '60s', true), set_config('jit', 'off', true)`
	// One search keeps one process of the server busy.
	beginSearch = beginRead + `, set_config('max_parallel_workers_per_gather', '0', true)`
)

// workStatements bounds a statement of a worker.
const workStatements = 60 * time.Second

// beginFor begins a transaction that reads. The server bounds a reader's statement a little later than
// the context does, which tells what the matter is.
var beginFor = map[share.Share]string{
	share.Work:     fmt.Sprintf(beginRead, workStatements.Milliseconds()),
	share.Pages:    fmt.Sprintf(beginRead, (share.Pages.Limit() + time.Second).Milliseconds()),
	share.Searches: fmt.Sprintf(beginSearch, (share.Searches.Limit() + time.Second).Milliseconds()),
}

// durably also has the server tell that no standby confirmed (noteUnreplicated).
const durably = `CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END, set_config('client_min_messages', 'warning', true)`

const (
	transactionAttempts = 5
	// longestTransaction bounds a transaction here as well, for a server that is gone without a
	// word. It is longer than the bounds in the server, which says what is wrong.
	longestTransaction = 65 * time.Second
)

// write runs fn in a transaction of the primary, out of the share of work. On error nothing of it is
// stored. fn may run again after a serialisation failure or a deadlock.
func (s *Store) write(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.work(ctx, beginWrite, fn)
}

// lease is write for what says no more than who works on what, and when. It waits for no standby: a lease
// that a failover loses is taken again, while one that is taken and not told runs out, as if its work had
// stopped its process.
func (s *Store) lease(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.work(ctx, beginLease, fn)
}

func (s *Store) work(ctx context.Context, begin string, fn func(pgx.Tx) error) error {
	err := s.inShare(ctx, share.Work, func(ctx context.Context) error {
		return s.transaction(ctx, begin, fn)
	})
	if err != nil {
		return s.tracker.Wrote(err)
	}
	return nil
}

// transaction runs fn in a transaction of the primary.
func (s *Store) transaction(ctx context.Context, begin string, fn func(pgx.Tx) error) error {
	err := s.withConn(ctx, s.pool, func(c *pgx.Conn) error {
		defer s.watch(c)()
		var err error
		for range transactionAttempts {
			err = pgx.BeginTxFunc(ctx, c, pgx.TxOptions{BeginQuery: begin}, fn)
			if !again(err) {
				break
			}
		}
		return err
	})
	if err == nil {
		return s.tracker.Reached(nil)
	}
	return unavailable(ctx, err)
}

// watch breaks a connection that is in use for too long, until the returned function is called.
func (s *Store) watch(c *pgx.Conn) (end func()) {
	conn := c.PgConn().Conn()
	timer := time.AfterFunc(s.patience, func() { _ = conn.Close() })
	return func() { timer.Stop() }
}

// withConn runs fn with a connection.
func (s *Store) withConn(ctx context.Context, pool *pgxpool.Pool, fn func(*pgx.Conn) error) error {
	if err := s.available(); err != nil {
		return err
	}
	acquiring, cancel := context.WithTimeout(ctx, s.patience)
	c, err := pool.Acquire(acquiring)
	cancel()
	if err != nil {
		return errors.Join(errNoConnection, err)
	}
	defer c.Release()
	err = fn(c.Conn())
	if readOnly(err) {
		pool.Reset() // sessions stay as they began; others may find the server writable again
	}
	if wasUnreplicated(c.Conn().PgConn()) {
		return errUnreplicated
	}
	if err != nil && c.Conn().IsClosed() {
		return errors.Join(errNoConnection, err)
	}
	return err
}

// again reports whether the same transaction may succeed when run once more.
func again(err error) bool {
	return hasCode(err, "40001", "40P01")
}

// hopeless reports whether only an operator can mend what is wrong: the schema is newer; the encoding is
// not UTF-8; the login or the database does not exist; something may not be done or is missing.
func hopeless(err error) bool {
	return errors.Is(err, errNewer) || errors.Is(err, errEncoding) || ofClass(err, "28", "3D", "42")
}

// readOnly reports whether the server takes no writes, or takes none in this session: a standby, or a database
// that was set to read only when the session began.
func readOnly(err error) bool { return hasCode(err, "25006") }

// denied reports whether the login lacks a privilege.
func denied(err error) bool { return hasCode(err, "42501") }

// hasCode reports whether the server answered with a SQLSTATE, whatever has wrapped it.
func hasCode(err error, codes ...string) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && slices.Contains(codes, failed.Code)
}

// ofClass reports whether the server answered with a SQLSTATE of one of the classes.
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
