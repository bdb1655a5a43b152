package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// lockWait is how long to wait for another process that is just ending.
const lockWait = 3 * time.Second

// processLock keeps a second process from the store. It is an exclusive transaction on a small
// database beside it, so that it works wherever the store does and ends with the process.
type processLock struct{ raw *sqlite3.Conn }

func lockProcess(ctx context.Context, path string) (*processLock, error) {
	c, err := sqlite3.Open(fileURI(path+".lock", path))
	if err != nil {
		return nil, openError(path+".lock", err)
	}
	l := &processLock{raw: c}
	before := c.SetInterrupt(ctx)
	defer c.SetInterrupt(before)
	if err := errors.Join(c.BusyTimeout(lockWait), c.Exec("PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE")); err != nil {
		_ = l.release()
		if errors.Is(err, sqlite3.BUSY) {
			return nil, fmt.Errorf("SQLite store %s is %w; stop it, or set signal_store's sqlite.path to another file", path, store.ErrInUse)
		}
		return nil, openError(path+".lock", err)
	}
	return l, nil
}

func (l *processLock) release() error {
	if l == nil {
		return nil
	}
	return l.raw.Close()
}
