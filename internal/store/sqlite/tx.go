package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

var errAbandoned = errors.New("abandoned")

var errClosed = fmt.Errorf("%w: the store is closed", store.ErrUnavailable)

// write runs fn in the writer's transaction. On error nothing of it is stored.
func (s *Store) write(ctx context.Context, fn func(*conn) error) error {
	if damage := s.tracker.Damage(); damage != nil {
		return fmt.Errorf("%w: nothing is written any more: %w", store.ErrUnavailable, damage)
	}
	changed, err := s.transact(ctx, fn)
	if errors.Is(err, store.ErrDamaged) { // it was refused, and may be sent again
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if err == nil && !changed {
		return s.tracker.Reached(nil)
	}
	return s.tracker.Wrote(err)
}

// transact reports whether the transaction changed anything.
func (s *Store) transact(ctx context.Context, fn func(*conn) error) (changed bool, err error) {
	c, err := s.acquireWriter(ctx)
	if err != nil {
		return false, err
	}
	defer s.releaseWriter(c)
	before := c.raw.TotalChanges()
	err = c.begin(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		err = c.end(fn(c))
	}
	if err != nil {
		s.day = nil // what it remembers may have been rolled back
		return false, s.unavailable(ctx, err)
	}
	return c.raw.TotalChanges() > before, nil
}

func (s *Store) acquireWriter(ctx context.Context) (*conn, error) {
	select {
	case <-s.closed:
		return nil, errClosed
	default:
	}
	if err := errors.Join(s.notOpen(), s.lost()); err != nil {
		return nil, err
	}
	select {
	case c := <-s.writer:
		return c, nil
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// releaseWriter gives the writer back, without the transaction that a panic has left open.
func (s *Store) releaseWriter(c *conn) {
	c.abandon()
	s.writer <- c
}

// view is one consistent look at the store.
type view struct {
	*conn
	days []day // newest first
}

// read runs fn, which takes little, on a snapshot; it never waits for the writer.
func (s *Store) read(ctx context.Context, fn func(*view) error) error {
	return s.look(ctx, share.Of(ctx), fn)
}

// search is read for what may go through much.
func (s *Store) search(ctx context.Context, fn func(*view) error) error {
	return s.look(ctx, share.OfSearch(ctx), fn)
}

func (s *Store) look(ctx context.Context, of share.Share, fn func(*view) error) error {
	ctx, done, err := s.readers.places.Take(ctx, of)
	if err != nil {
		return err
	}
	defer done()
	c, err := s.readers.get(ctx, of)
	if err != nil {
		return s.unavailable(ctx, err)
	}
	defer s.readers.put(of, c)
	working := s.readers.bounded(ctx, of)
	if err = c.begin(working, "BEGIN"); err == nil {
		v := &view{conn: c}
		if v.days, err = loadDays(c); err == nil {
			err = fn(v)
		}
		err = c.end(err)
	}
	return s.tracker.Read(s.unavailable(working, err))
}

// unavailable makes errors of the database ErrUnavailable, naming the file, and those of a
// context that ended the context's. What the database refuses for its data, it would refuse again:
// that and other errors stay.
func (s *Store) unavailable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil && errors.Is(err, sqlite3.INTERRUPT) {
		return fmt.Errorf("SQLite store: %w", cmp.Or(context.Cause(ctx), ended))
	}
	if refused(err) {
		return fmt.Errorf("%s refuses the data: %w", s.path, err)
	}
	switch {
	case isDamage(err):
		damage := fmt.Errorf("%w: %s: %w; nothing is written to it any more. Restart: the file is kept aside as %s%sTIME, and a new one begun; `sqlite3 FILE .recover` reads what is intact of it",
			store.ErrDamaged, s.path, err, filepath.Base(s.path), asideSuffix)
		if s.tracker.Damage() == nil {
			noteDamage(s.path, damage)
		}
		return damage
	case unwritable(s.path, err) != nil:
		return fmt.Errorf("%w: %s: %w", unwritable(s.path, err), s.path, err)
	}
	var failed *sqlite3.Error
	var code sqlite3.ErrorCode
	if errors.As(err, &failed) || errors.As(err, &code) {
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, s.path, err)
	}
	return err
}

// isDamage reports whether part of the file cannot be read any more.
func isDamage(err error) bool {
	return isCode(err, sqlite3.CORRUPT, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR_CORRUPTFS) || errors.Is(err, sqlite3.IOERR_DATA)
}

// unwritable is the reason for which a file, which may be intact, cannot be written; nil for another reason.
func unwritable(path string, err error) error {
	switch {
	case isCode(err, sqlite3.FULL), isFull(err):
		return store.ErrFull
	case isCode(err, sqlite3.IOERR) && isFull(hasRoom(path)): // SQLite does not say so of all it writes
		return store.ErrFull
	case isCode(err, sqlite3.READONLY, sqlite3.PERM), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return store.ErrReadOnly
	}
	return nil
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// isCode reports whether an error has one of SQLite's codes, extended or not.
func isCode(err error, codes ...sqlite3.ErrorCode) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// refused reports whether the database refuses a record for its data, so that it would refuse it
// again. A number that is taken is no fault of the record.
func refused(err error) bool {
	if errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) || errors.Is(err, sqlite3.CONSTRAINT_ROWID) {
		return false
	}
	for _, code := range []sqlite3.ErrorCode{sqlite3.CONSTRAINT, sqlite3.TOOBIG, sqlite3.MISMATCH} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// openError explains why a file cannot be opened.
func openError(path string, err error) error {
	hint := "check the file, or set signal_store's sqlite.path to another one"
	switch {
	case errors.Is(err, sqlite3.NOTADB):
		hint = "it is not an SQLite database: set signal_store's sqlite.path to another file"
	case errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.PERM):
		hint = "the file and its directory must be writable: change their permissions, or set signal_store's sqlite.path to another place"
	case errors.Is(err, sqlite3.FULL):
		hint = "the disk is full"
	}
	return fmt.Errorf("open SQLite store %s: %w; %s", path, err, hint)
}
