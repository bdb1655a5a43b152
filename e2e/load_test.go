package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
)

// load is senders that send spans without a pause until they are stopped.
type load struct {
	accepted, refused atomic.Int64 // requests
	stop              func()       // returns when the last request is answered
}

func startLoad(t testing.TB, address string, senders, spans int) *load {
	t.Helper()
	l := &load{}
	var (
		stopping atomic.Bool
		running  sync.WaitGroup
	)
	for range senders {
		s := newSpanSender(t, address, spans)
		running.Go(func() {
			for !stopping.Load() {
				if s.send(t) == nil {
					l.accepted.Add(1)
				} else {
					l.refused.Add(1)
				}
			}
		})
	}
	l.stop = sync.OnceFunc(func() {
		stopping.Store(true)
		running.Wait()
	})
	t.Cleanup(l.stop)
	return l
}
