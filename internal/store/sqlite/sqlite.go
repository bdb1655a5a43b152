// Package sqlite keeps everything in one SQLite file: the store of the embedded default. Signals
// lie in one table per kind and day of receipt, which the database itself refuses to change;
// failures, incidents and analyses lie in ordinary tables. One connection writes, a few of each
// share read (package share), and neither waits for the other (WAL). A success survives power loss (synchronous=FULL).
//
// It derives no verdict: what becomes of incidents is decided by package incident.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/condition"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

// Options configure a store; the zero value works.
type Options struct {
	// Now is the clock of receipt; nil for the system's.
	Now func() time.Time
	// OnCondition is called whenever the store's condition is another one; it may be nil.
	OnCondition func(store.Condition)
}

// Store is a store.Store in one SQLite file.
type Store struct {
	path    string
	now     func() time.Time
	tracker *condition.Tracker

	writer  chan *conn // holds the one writing connection while nobody writes
	readers *readers
	counted *share.Counted
	turns   ledger.Turns

	// What follows belongs to whoever holds the writer.
	lastReceived int64
	seq          int64
	day          *writeDay

	mu       sync.Mutex
	lock     *processLock
	unopened error // why nothing can be written yet; nil once the writer is open
	gone     error // why nothing is written any more; nil while the file is in its place

	closing    sync.Once
	closed     chan struct{}
	closedErr  error
	background sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// takeOver continues where the last process stopped. Its leases end now: no other process can
// have the store open. What was leased counts as an attempt.
func (s *Store) takeOver(c *conn) error {
	if err := s.prepareDays(c); err != nil {
		return err
	}
	for _, table := range []string{"failures", "incidents", "agent_runs", "deliveries"} {
		if _, err := c.exec("UPDATE " + table + " SET lease_until = 0 WHERE lease_until > 0"); err != nil {
			return err
		}
	}
	return nil
}

// openWriter brings the schema up to date and opens the writing connection.
func openWriter(ctx context.Context, path string) (*conn, error) {
	if _, _, err := migrate(ctx, path); err != nil {
		return nil, err
	}
	w, err := openConn(path, writerPragmas)
	if err != nil {
		return nil, openError(path, err)
	}
	_ = os.Chmod(path+"-shm", 0o600) // the driver leaves it readable; it holds no signals
	// The triggers protect signals from every other connection. This one only ever inserts new
	// rows, which would cost a quarter more with them.
	if _, err := w.raw.Config(sqlite3.DBCONFIG_ENABLE_TRIGGER, false); err != nil {
		return nil, errors.Join(openError(path, err), w.close())
	}
	return w, nil
}

func newStore(path string, o Options) *Store {
	s := &Store{
		path: path, now: o.Now, tracker: condition.NewTracker(o.OnCondition),
		writer: make(chan *conn, 1), readers: newReaders(path), counted: share.NewCounted(), turns: ledger.NewTurns(),
		closed: make(chan struct{}),
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// lockFile creates the file at path where missing and keeps other processes from it.
func lockFile(ctx context.Context, path string) (abs string, lock *processLock, err error) {
	if abs, err = filepath.Abs(path); err != nil {
		return "", nil, fmt.Errorf("SQLite store %q: %w", path, err)
	}
	if err := createFile(abs); err != nil {
		return "", nil, err
	}
	if abs, err = realPath(abs); err != nil {
		return "", nil, err
	}
	lock, err = lockProcess(ctx, abs)
	return abs, lock, err
}

// realPath is the path of the file that a path leads to: one file has one lock.
func realPath(path string) (string, error) {
	info, _ := os.Lstat(path)
	if info == nil || info.Mode()&os.ModeSymlink == 0 {
		return path, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("SQLite store %s: %w", path, err)
	}
	return target, nil
}

// createFile makes directory and file readable by their owner only: signals may hold secrets.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("SQLite store %s: create its directory: %w; set signal_store's sqlite.path to a place that can be written", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("SQLite store: %w; make the file writable, or set signal_store's sqlite.path to another place", err)
	}
	return f.Close()
}

// Close waits for running calls and releases the file. Later calls fail.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		s.background.Wait()
		failed := s.readers.close()
		var w *conn
		if s.notOpen() == nil {
			w = <-s.writer
			_ = w.raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)") // a courtesy: the next start has less to replay
		}
		s.closedErr = errors.Join(failed, w.close(), s.lock.release())
	})
	return s.closedErr
}
