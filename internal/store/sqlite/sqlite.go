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
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

// Options configure a store; the zero value works.
type Options struct {
	// Now is the clock of receipt; nil for the system's.
	Now func() time.Time
}

// Store is a store.Store in one SQLite file.
type Store struct {
	path string
	now  func() time.Time

	lock    *processLock
	writer  chan *conn // holds the one writing connection while nobody writes
	readers *readers
	counted *share.Counted
	turns   ledger.Turns

	// What follows belongs to whoever holds the writer.
	lastReceived int64
	seq          int64
	day          *writeDay

	closing   sync.Once
	closed    chan struct{}
	closedErr error
}

var _ store.Store = (*Store)(nil)

// Open opens the store at path, creating file and directory where missing. Only one process may
// have it open.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	abs, lock, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	w, err := openWriter(ctx, abs)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	s := newStore(abs, lock, w, o)
	if err := s.write(ctx, s.takeOver); err != nil {
		return nil, errors.Join(openError(abs, err), s.Close())
	}
	return s, nil
}

// takeOver continues where the last process stopped. Its leases end now: no other process can
// have the store open. What was leased counts as an attempt.
func (s *Store) takeOver(c *conn) error {
	if err := s.prepareDays(c); err != nil {
		return err
	}
	for _, table := range []string{"failures", "incidents", "agent_runs"} {
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

func newStore(path string, lock *processLock, w *conn, o Options) *Store {
	s := &Store{
		path: path, now: o.Now, lock: lock,
		writer: make(chan *conn, 1), readers: newReaders(path), counted: share.NewCounted(), turns: ledger.NewTurns(), closed: make(chan struct{}),
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.writer <- w
	return s
}

// lockFile creates the file at path where missing and keeps other processes from it.
func lockFile(ctx context.Context, path string) (abs string, lock *processLock, err error) {
	abs, err = filepath.Abs(path)
	if err != nil {
		return "", nil, fmt.Errorf("SQLite store %q: %w", path, err)
	}
	if err := createFile(abs); err != nil {
		return "", nil, err
	}
	if info, _ := os.Lstat(abs); info != nil && info.Mode()&os.ModeSymlink != 0 { // one file has one lock
		if abs, err = filepath.EvalSymlinks(abs); err != nil {
			return "", nil, fmt.Errorf("SQLite store %s: %w", path, err)
		}
	}
	lock, err = lockProcess(ctx, abs)
	return abs, lock, err
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
		failed := s.readers.close()
		w := <-s.writer
		_ = w.raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)") // a courtesy: the next start has less to replay
		s.closedErr = errors.Join(failed, w.close(), s.lock.release())
	})
	return s.closedErr
}
