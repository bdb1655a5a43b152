// Package steps bounds what the rules do on one trace: loops over spans and errors count their steps, and what
// takes too many of them, or goes on after its context ended, is stopped wherever it is. It counts instead of
// measuring time, so that the same trace is stopped at the same place on every machine.
package steps

import (
	"context"
	"errors"
	"math/bits"
)

// ErrTooMany is why a function was stopped that took more steps than it may.
var ErrTooMany = errors.New("it takes too many steps")

// Counter counts steps. A nil one counts nothing and bounds nothing. It is not safe for concurrent use.
type Counter struct {
	ctx   context.Context //nolint:containedctx // a Counter lives as long as the call that it bounds
	limit int
	taken int
	// asked is at how many steps the context is asked next.
	asked int
}

// askEvery is after how many steps the context is asked.
const askEvery = 1024

// stopped is what Take panics with, and Run recovers.
type stopped struct{ err error }

// Run runs f, which may take so many steps of the counter, and returns ErrTooMany or the reason that the context
// ended if it was stopped. The rules are many functions that call each other deeply and return what they found:
// so a stop unwinds them by a panic, which does not leave Run.
func Run(ctx context.Context, limit int, f func(*Counter)) (taken int, err error) {
	c := &Counter{ctx: ctx, limit: limit}
	defer func() {
		taken = c.taken
		switch p := recover().(type) {
		case nil:
		case stopped:
			err = p.err
		default:
			panic(p)
		}
	}()
	f(c)
	return 0, nil
}

// Take takes steps. It does not return if they are too many or the context has ended.
func (c *Counter) Take(n int) {
	if c == nil {
		return
	}
	c.taken += n
	if c.taken > c.limit {
		panic(stopped{ErrTooMany})
	}
	if c.taken >= c.asked {
		c.asked = c.taken + askEvery
		if c.ctx.Err() != nil {
			panic(stopped{context.Cause(c.ctx)})
		}
	}
}

// TakeSort takes the steps of sorting n items.
func (c *Counter) TakeSort(n int) { c.Take(n * bits.Len(uint(n))) }
