package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

const (
	workReaders = 4
	pageReaders = 4
)

// searchReaders is how many searches run at a time: each keeps one processor busy, and at least as
// many are left to everything else.
func searchReaders() int { return max(1, runtime.GOMAXPROCS(0)/4) }

// readers are the reading connections, of which each share has its own. They are opened when first
// needed.
type readers struct {
	path   string
	places *share.Places
	budget int // of a search

	mu     sync.Mutex
	state  readingState
	idle   map[share.Share][]*conn
	inUse  sync.WaitGroup
	single chan *conn // of the state that has one
}

// readingState is how connections are had.
type readingState int

const (
	reading       readingState = iota // as many as there are places
	readingAlone                      // one, in single: the file cannot be written, so it has no shared index of its log
	readingPaused                     // none: the file is being opened
	readingClosed
)

func newReaders(path string) *readers {
	return &readers{
		path: path, budget: searchBudget, idle: map[share.Share][]*conn{}, single: make(chan *conn, 1),
		places: share.NewPlaces(workReaders, pageReaders, searchReaders()),
	}
}

var errOpening = fmt.Errorf("%w: the file is being opened", store.ErrUnavailable)

// get returns a connection to whoever holds a place of the share.
func (r *readers) get(ctx context.Context, of share.Share) (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.state {
	case readingClosed:
		return nil, errClosed
	case readingPaused:
		return nil, errOpening
	case readingAlone:
		r.inUse.Add(1)
		r.mu.Unlock()
		defer r.mu.Lock()
		select {
		case c := <-r.single:
			return c, nil
		case <-ctx.Done():
			r.inUse.Done()
			return nil, ctx.Err()
		}
	case reading:
	}
	var c *conn
	if idle := r.idle[of]; len(idle) > 0 {
		c, r.idle[of] = idle[len(idle)-1], idle[:len(idle)-1]
	} else {
		var err error
		if c, err = openConn(r.path, readerPragmas); err != nil {
			return nil, err
		}
	}
	r.inUse.Add(1)
	return c, nil
}

// put takes a connection back, without the transaction that a panic has left open.
func (r *readers) put(of share.Share, c *conn) {
	c.abandon()
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.alone {
		r.single <- c
	} else {
		r.idle[of] = append(r.idle[of], c)
	}
	r.inUse.Done()
}

// openReadOnly opens the file for reading although it cannot be written. It reports whether what the file
// holds can be read by this version.
func (r *readers) openReadOnly() bool {
	if c, err := openConn(r.path, readerPragmas); readable(c, err) {
		r.mu.Lock()
		r.idle[share.Pages] = append(r.idle[share.Pages], c)
		r.mu.Unlock()
		r.set(reading)
		return true
	}
	// Without room for a shared index of the log, a single connection keeps one to itself; in a
	// directory that cannot be written, one may only be had to what is outside of the log.
	for _, open := range []func() (*conn, error){
		func() (*conn, error) { return openConn(r.path, "PRAGMA locking_mode = EXCLUSIVE;"+readerPragmas) },
		func() (*conn, error) { return openImmutable(r.path) },
	} {
		c, err := open()
		if readable(c, err) {
			c.alone = true
			r.single <- c
			r.set(readingAlone)
			return true
		}
	}
	return false
}

// readable reports whether a connection can be read from: the schema is this version's. It closes others.
func readable(c *conn, err error) bool {
	if err != nil {
		return false
	}
	version, err := c.number("SELECT max(version_id) FROM goose_db_version")
	if err == nil && version == schemaVersion() {
		return true
	}
	_ = c.close()
	return false
}

func (r *readers) set(state readingState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != readingClosed {
		r.state = state
	}
}

// pause waits for running calls and closes all connections; meanwhile there are none.
func (r *readers) pause() {
	r.set(readingPaused)
	_ = r.closeAll()
}

// resume lets connections be opened again.
func (r *readers) resume() { r.set(reading) }

// close waits for running calls and closes all connections.
func (r *readers) close() error {
	r.mu.Lock()
	r.state = readingClosed
	r.mu.Unlock()
	return r.closeAll()
}

func (r *readers) closeAll() error {
	r.inUse.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, idle := range r.idle {
		for _, c := range idle {
			errs = append(errs, c.close())
		}
	}
	clear(r.idle)
	select {
	case c := <-r.single:
		errs = append(errs, c.close())
	default:
	}
	return errors.Join(errs...)
}

// searchBudget is how much a search may work, in thousands of steps of SQLite's virtual machine: about
// what two small processors do before it has taken as long as it may. A span takes it 8 steps where
// names are compared, and 40 where attributes are.
const searchBudget = 250_000

// budget is a context that ends when a search has worked as much as it may. SQLite's driver asks it
// whether to go on after every thousand steps. It is used by one goroutine.
type budget struct {
	context.Context //nolint:containedctx // it is one
	left            int
}

// bounded is a context that also ends when a search has worked as much as it may.
func (r *readers) bounded(ctx context.Context, of share.Share) context.Context {
	if of != share.Searches {
		return ctx
	}
	return &budget{Context: ctx, left: r.budget}
}

// Err implements context.Context.
func (b *budget) Err() error {
	if err := b.Context.Err(); err != nil {
		return err
	}
	if b.left--; b.left < 0 {
		return store.ErrTooMuch
	}
	return nil
}
