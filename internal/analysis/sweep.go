package analysis

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// orphanBatch is how many lost failures one look brings back.
const orphanBatch = 1000

// sweepLoop looks for lost work every interval until ctx ends, first for what an earlier process
// left behind. Nothing is classified before the incidents of an earlier version are known by this
// one, or their failures would open anew.
func (w *Workers) sweepLoop(ctx context.Context, started time.Time) {
	for !w.renew(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.poll()):
		}
	}
	close(w.renewed)
	w.sweep(ctx, started)
	tick := time.NewTicker(w.config.Sweep.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			w.renew(ctx)
			w.sweep(ctx, now.Add(-w.config.Sweep.MinAge))
		}
	}
}

// renew is renewSignatures with its errors logged; it reports whether all was done.
func (w *Workers) renew(ctx context.Context) bool {
	var err error
	err = errors.Join(recovered(func() { err = w.renewSignatures(ctx) }), err)
	if ctx.Err() == nil {
		w.renewing.note(w.log, "find the signatures of incidents of an earlier version", err)
	}
	return err == nil
}

// sweep makes failures of error signals received before the given time that have none, and
// resolves incidents that have been quiet. Waiting failures, incidents that want an analysis and
// expired leases are found by the workers, which look by themselves.
func (w *Workers) sweep(ctx context.Context, before time.Time) {
	w.reportAgents(ctx)
	var err error
	err = errors.Join(recovered(func() { err = w.sweepOnce(ctx, before) }), err)
	if ctx.Err() == nil {
		w.sweeping.note(w.log, "look for lost work", err)
	}
}

// recurring is something done again and again. That it fails is told once, until it succeeds.
type recurring struct{ failing bool }

func (r *recurring) note(log *zap.Logger, what string, err error) {
	switch {
	case err != nil && !r.failing:
		log.Warn("cannot "+what+"; trying again", zap.Error(err))
	case err == nil && r.failing:
		log.Info("can " + what + " again")
	}
	r.failing = err != nil
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
