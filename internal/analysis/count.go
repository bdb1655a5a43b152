package analysis

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

const (
	// countEvery is how often the last minutes are counted.
	countEvery = time.Minute
	// countedRequests is how far back requests are counted anew: an append lasts 20 s at most.
	countedRequests = 2 * time.Minute
	// countedFailing is the same for traces with an error, which are classified some time after they were received, and
	// countedLate that of every countedLateEvery-th time, for those that had to wait.
	countedFailing   = 5 * time.Minute
	countedLate      = time.Hour
	countedLateEvery = 10
)

// countLoop counts requests and errors by minute until ctx ends.
func (w *Workers) countLoop(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for nth := 0; ; nth++ {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			var err error
			err = errors.Join(recovered(func() { err = w.count(ctx, now, nth%countedLateEvery == 0) }), err)
			if err != nil && ctx.Err() == nil {
				w.log.Warn("cannot count requests and errors by minute; trying again", zap.Error(err))
			}
		}
	}
}

// count counts the last minutes anew.
func (w *Workers) count(ctx context.Context, now time.Time, late bool) error {
	if err := w.store.CountRequests(ctx, now.Add(-countedRequests)); err != nil {
		return err
	}
	since := now.Add(-countedFailing)
	if late {
		since = now.Add(-countedLate)
	}
	return w.store.CountFailing(ctx, since)
}
