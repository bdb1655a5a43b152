package sqlite

import (
	"context"
	"errors"
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
	closed bool
	idle   map[share.Share][]*conn
	inUse  sync.WaitGroup
}

func newReaders(path string) *readers {
	return &readers{
		path: path, budget: searchBudget, idle: map[share.Share][]*conn{},
		places: share.NewPlaces(workReaders, pageReaders, searchReaders()),
	}
}

// get returns a connection to whoever holds a place of the share.
func (r *readers) get(of share.Share) (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
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
	r.idle[of] = append(r.idle[of], c)
	r.inUse.Done()
}

// close waits for running calls and closes all connections.
func (r *readers) close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.inUse.Wait()
	var errs []error
	for _, idle := range r.idle {
		for _, c := range idle {
			errs = append(errs, c.close())
		}
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
