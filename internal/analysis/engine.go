package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
)

// engine is the pure code that the workers run; tests make it fail. What it takes is its item's doing
// alone, so that an item is to blame for a panic or for taking too long, and for nothing else.
type engine struct {
	classify func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification
	needs    func(ctx context.Context, traces []*incident.Trace, k incident.Knowledge) needed
	analyze  func(ctx context.Context, c *incident.Case) incident.Result
}

// sound is the engine as it ships.
var sound = engine{
	classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
		c, _ := rca.ClassifyContext(ctx, tenant, t, k) // who ended the context asks for no result
		return c
	},
	needs: queryOf,
	analyze: func(ctx context.Context, c *incident.Case) incident.Result {
		result, _ := rca.AnalyzeContext(ctx, c)
		return result
	},
}

const (
	// traceLimit and caseLimit are how long the engine may take for a trace and for a case.
	traceLimit = 5 * time.Second
	caseLimit  = time.Minute
	// beat is what an item's time is counted in. Beats that the process could not see for want of a
	// processor, or because it was stopped, do not count: that is not the item's doing.
	beat = 100 * time.Millisecond
)

var (
	// errPanic marks an error that was a panic.
	errPanic = errors.New("panic")
	// errOverlong marks that the engine took too long for an item.
	errOverlong = errors.New("it takes too long")
)

// blames reports whether an item is to blame for an error, which would happen again.
func blames(err error) bool { return errors.Is(err, errPanic) || errors.Is(err, errOverlong) }

// alone returns what f does of one item. It waits no longer than ctx and the limit: an f that goes on
// regardless of its context is left behind, so that neither shutdown nor other items wait for it.
func alone[R any](ctx context.Context, limit time.Duration, f func(context.Context) R) (R, error) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	return during(ctx, limit, ticker.C, f)
}

func during[R any](ctx context.Context, limit time.Duration, beats <-chan time.Time, f func(context.Context) R) (result R, err error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		result R
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = recovered(func() { o.result = f(working) })
		done <- o
	}()
	for left := limit / beat; ; {
		select {
		case o := <-done:
			if o.err == nil && ctx.Err() != nil { // an f that heeds its context has stopped half-way
				return result, context.Cause(ctx)
			}
			return o.result, o.err
		case <-ctx.Done():
			return result, context.Cause(ctx)
		case <-beats:
			if left--; left <= 0 {
				return result, fmt.Errorf("%w: more than %s", errOverlong, limit)
			}
		}
	}
}
