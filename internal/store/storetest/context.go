package storetest

import (
	"context"
	"sync"
	"testing"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// background is for helpers that rapid calls after the test's own context may have ended.
func background() context.Context { return context.Background() }

// concurrently runs fn n times at once and waits.
func concurrently(n int, fn func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}
