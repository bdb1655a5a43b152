package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Open opens the store at path, creating file and directory where missing. Only one process may
// have it open. Where a file of the current schema cannot be written, for want of room or of permission,
// the store opens for reading and becomes writable as soon as the file does. A file that is damaged is
// kept aside, and a new one begun.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err == nil {
		abs, err = realPath(abs)
	}
	if err != nil {
		return nil, fmt.Errorf("SQLite store %q: %w", path, err)
	}
	s := newStore(abs, o)
	if err = s.openForWriting(ctx); err == nil {
		s.background.Go(s.watch)
		return s, nil
	}
	reason := unwritable(abs, err)
	if reason == nil || !s.readers.openReadOnly() {
		return nil, errors.Join(reason, err, s.lock.release())
	}
	s.setOpen(s.notWritable(err))
	running := context.WithoutCancel(ctx)
	s.background.Go(func() { s.keepOpening(running) })
	return s, nil
}

// openForWriting makes the store writable, or leaves it as it is.
func (s *Store) openForWriting(ctx context.Context) (err error) {
	if s.lock == nil {
		if _, s.lock, err = lockFile(ctx, s.path); err != nil {
			return err
		}
	}
	if err := keepDamagedAside(s.path); err != nil {
		return err
	}
	w, err := openWriter(ctx, s.path)
	if isDamage(err) && isDatabase(s.path) {
		if err := keepAside(s.path); err != nil {
			return err
		}
		w, err = openWriter(ctx, s.path)
	}
	if err != nil {
		return err
	}
	if err = w.begin(ctx, "BEGIN IMMEDIATE"); err == nil {
		err = w.end(s.takeOver(w))
	}
	if err != nil {
		s.day = nil
		return errors.Join(openError(s.path, err), w.close())
	}
	s.setOpen(nil)
	s.writer <- w
	return nil
}

// notWritable is the condition of a store that opened for reading only.
func (s *Store) notWritable(err error) error {
	_ = s.tracker.Wrote(fmt.Errorf("%w: %w", unwritable(s.path, err), err))
	return fmt.Errorf("%w: %w", unwritable(s.path, err), err)
}

func (s *Store) setOpen(problem error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unopened = problem
}

// notOpen is why nothing can be written yet, nil once the writer is open.
func (s *Store) notOpen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unopened
}

const (
	// openAgain is how often it is tried to open a file for writing that could not be.
	openAgain = 5 * time.Second
	// roomToOpen is how much room there must be to try.
	roomToOpen = 1 << 20
)

// keepOpening opens the store for writing once that is possible.
func (s *Store) keepOpening(ctx context.Context) {
	s.every(openAgain, func() (done bool) {
		if !canWrite(s.path) {
			return false
		}
		s.readers.pause()
		if err := s.openForWriting(ctx); err != nil {
			s.setOpen(s.notWritable(err))
			s.readers.openReadOnly()
			return false
		}
		s.readers.resume()
		_ = s.tracker.Wrote(nil)
		s.background.Go(s.watch)
		return true
	})
}

// every calls a function at intervals until it is done or the store is closed.
func (s *Store) every(interval time.Duration, f func() (done bool)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-s.closed:
			return
		case <-tick.C:
		}
		if f() {
			return
		}
	}
}

// canWrite reports whether the file is writable and has room to grow.
func canWrite(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the operator names it
	if err != nil {
		return false
	}
	return f.Close() == nil && hasRoom(path) == nil
}

// hasRoom tries to write a little beside the file.
func hasRoom(path string) error {
	probe, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".room-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(probe.Name()) }()
	_, err = probe.Write(make([]byte, roomToOpen))
	return errors.Join(err, probe.Close())
}

// Condition implements store.Store.
func (s *Store) Condition() store.Condition {
	c := s.tracker.Condition()
	c.KeptAside = keptAside(s.path)
	return c
}
