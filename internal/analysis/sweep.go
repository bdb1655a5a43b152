package analysis

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// orphanBatch is how many lost failures one look brings back.
const orphanBatch = 1000

// sweepLoop looks for lost work every interval until ctx ends, first for what an earlier process
// left behind.
func (w *Workers) sweepLoop(ctx context.Context, started time.Time) {
	w.sweep(ctx, started)
	tick := time.NewTicker(w.config.Sweep.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			w.sweep(ctx, now.Add(-w.config.Sweep.MinAge))
		}
	}
}

// sweep makes failures of error signals received before the given time that have none, and
// resolves incidents that have been quiet. Waiting failures, incidents that want an analysis and
// expired leases are found by the workers, which look by themselves.
func (w *Workers) sweep(ctx context.Context, before time.Time) {
	w.reportAgents(ctx)
	err := recovered(func() {
		if err := w.sweepOnce(ctx, before); err != nil && ctx.Err() == nil {
			w.log.Warn("cannot look for lost work; trying again", zap.Error(err))
		}
	})
	if err != nil {
		w.log.Error("looking for lost work failed; trying again", zap.Error(err))
	}
}

func (w *Workers) sweepOnce(ctx context.Context, before time.Time) error {
	for {
		found, err := w.store.Orphans(ctx, before, orphanBatch)
		if err != nil {
			return err
		}
		if found > 0 {
			w.wake(ctx, coordination.QueueFailures, "sweep")
			if w.observer.Orphaned != nil {
				w.observer.Orphaned(found)
			}
		}
		if found < orphanBatch {
			break
		}
	}
	resolved, err := w.store.ResolveQuiet(ctx, time.Now().Add(-w.config.ResolveAfter))
	w.announce(ctx, resolved...)
	return err
}
