package analysis

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// leaseLeast and leaseMost bound a lease: one much shorter runs out while the store is only busy,
	// a longer one gains nothing, as it is renewed.
	leaseLeast = 3 * time.Second
	leaseMost  = 30 * time.Second
	// renewals is how often a lease is renewed in the time it would last.
	renewals = 3
)

// lease is how long claimed work stays with a process that says nothing more: half of the time that
// lost work waits for the sweep, so that the other half is left for another to do it.
func (w *Workers) lease() time.Duration {
	return min(max(w.config.Sweep.MinAge/2, leaseLeast), leaseMost)
}

// newOwner names one claim.
func newOwner() string { return rand.Text() }

// hold renews a lease until the returned function is called or ctx ends, so that it runs out soon
// after its process died. The returned context ends when another has the lease.
func (w *Workers) hold(ctx context.Context, renew func(context.Context, time.Duration) error) (context.Context, func()) {
	held, lost := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	lease := w.lease()
	go func() {
		defer close(stopped)
		tick := time.NewTicker(lease / renewals)
		defer tick.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-tick.C:
			}
			switch err := renew(held, lease); {
			case errors.Is(err, store.ErrLostLease):
				lost(err)
			case err != nil && held.Err() == nil:
				w.log.Debug("cannot renew a lease; trying again", zap.Error(err))
			}
		}
	}()
	return held, func() { lost(context.Canceled); <-stopped }
}
