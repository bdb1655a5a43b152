package signalstoreextension

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	retentionInterval = time.Hour
	// postponedInterval is how often days are tried to be dropped that somebody is reading.
	postponedInterval = 5 * time.Minute
	// A retention that failed is tried again after retryInterval, then after twice as long each time.
	retryInterval        = 2 * time.Second
	longestRetryInterval = time.Minute
)

// retention drops what is too old or too much, and says what keeps it from that: once, until that is
// over.
type retention struct {
	*Extension
	retry  time.Duration // 0 while healthy
	warned map[string]bool
}

// retain runs the retention now and every hour.
func (e *Extension) retain(ctx context.Context) {
	r := retention{Extension: e, warned: map[string]bool{}}
	for {
		done, err := e.store.Retain(ctx, e.Retention(), time.Now())
		if ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.report(done, err)):
		}
	}
}

// report tells how a retention went, and after which time to run it again.
func (r *retention) report(done store.Retained, err error) (next time.Duration) {
	log := r.settings.Logger
	if err != nil {
		r.retry = min(max(2*r.retry, retryInterval), longestRetryInterval)
		if r.retry == retryInterval {
			log.Warn("cannot make room for days to come, nor drop what is too old; trying again", zap.Error(err))
			r.health.retentionFailed(err)
		}
		return r.retry
	}
	log.Debug("dropped what is too old", zap.Int("days_and_rows", done.Dropped))
	if r.retry > 0 {
		r.retry = 0
		log.Info("days are made and dropped again")
		r.health.retentionFailed(nil)
	}
	r.warnBeyond("retention::incidents_size", "only open incidents with their newest analysis and failures are left: give them more room, or mend what keeps failing",
		done.IncidentBytes, r.config.Retention.IncidentsSize)
	if done.Postponed > 0 {
		r.warn("postponed", true, "days of signals to be dropped are kept while somebody reads them, such as a backup", zap.Int("days", done.Postponed))
		return postponedInterval
	}
	r.warn("postponed", false, "")
	r.warnBeyond("retention::size", "only today's and yesterday's signals are left: send less, or give them more room", done.SignalBytes, r.config.Retention.Size)
	return retentionInterval
}

// warnBeyond warns when more is kept than a bound allows although no more may be dropped.
func (r *retention) warnBeyond(key, advice string, size int64, bound ByteSize) {
	r.warn(key, bound > 0 && size > int64(bound), "more is kept than "+key+" allows, and "+advice, zap.Int64("bytes", size), zap.Int64("bound", int64(bound)))
}

// warn warns of something that is so, once until it is not.
func (r *retention) warn(of string, isSo bool, text string, fields ...zap.Field) {
	if isSo && !r.warned[of] {
		r.settings.Logger.Warn(text, fields...)
	}
	r.warned[of] = isSo
}
