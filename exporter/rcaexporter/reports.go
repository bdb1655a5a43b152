package rcaexporter

import (
	"context"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// reportPatience is how long a failure report waits for an error signal with its key.
	reportPatience = time.Minute
	// maxReports is how many reports wait at most. The sweep finds the failures of those let go.
	maxReports = 10_000
	// reportRetry is how soon a report is tried again when nothing says that its error signal has
	// come: as another replica may store it. Each try doubles it.
	reportRetry = time.Second
)

// Why a report was refused.
const (
	refusedUnproven = "no_error_signal"
	refusedFull     = "too_many_waiting"
)

// failureID names a failure.
type failureID struct{ tenant, key string }

// reports records reported failures in the background, once an error signal with their key is
// stored: a report is a hint, which anyone can forge. It holds up no request.
type reports struct {
	store    store.Failures
	accepted func(keys, digests []string) // failures were recorded; the conditions digest of each report
	refused  func(reason string)          // one report was not

	mu      sync.Mutex
	waiting map[failureID]*report
	due     chan struct{} // buffered: there is something to try
}

// report is one report that waits: until when it does, and when it is tried next.
type report struct {
	digest      string // of the conditions, as the report says
	next, until time.Time
	pause       time.Duration
}

func newReports(s store.Failures, accepted func(keys, digests []string), refused func(string)) *reports {
	return &reports{
		store: s, accepted: accepted, refused: refused,
		waiting: make(map[failureID]*report), due: make(chan struct{}, 1),
	}
}

// add takes a report up.
func (r *reports) add(id failureID, digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.waiting[id]; !known && len(r.waiting) >= maxReports {
		r.refused(refusedFull)
		return
	}
	now := time.Now()
	r.waiting[id] = &report{digest: digest, next: now, until: now.Add(reportPatience), pause: reportRetry}
	r.signal()
}

// stored tells that error signals were committed; a report that waits for one is tried at once.
func (r *reports) stored(tenant string, errs []store.ErrorSignal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return
	}
	for i := range errs {
		if w, waits := r.waiting[failureID{tenant, errs[i].Key}]; waits {
			w.next = time.Now()
			r.signal()
		}
	}
}

func (r *reports) signal() {
	select {
	case r.due <- struct{}{}:
	default:
	}
}

// run tries what waits until ctx ends, and then once more, so that what was reported before is
// recorded.
func (r *reports) run(ctx context.Context) {
	retry := time.NewTicker(reportRetry)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportRetry)
			defer cancel()
			r.try(last, time.Now().Add(reportPatience))
			return
		case <-r.due:
		case <-retry.C:
		}
		r.try(ctx, time.Now())
	}
}

// try records the failures that are due by the given time and whose error signals are stored.
func (r *reports) try(ctx context.Context, dueBy time.Time) {
	hints := r.take(dueBy)
	if len(hints) == 0 {
		return
	}
	accepted, err := r.store.UpsertFailures(ctx, hints)
	if err != nil {
		return // tried again
	}
	if keys, digests := r.settle(hints, accepted); len(keys) > 0 {
		r.accepted(keys, digests)
	}
}

// take returns the reports that are due by the given time and puts off their next try.
func (r *reports) take(dueBy time.Time) []store.FailureHint {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hints []store.FailureHint
	for id, w := range r.waiting {
		if w.next.After(dueBy) {
			continue
		}
		w.next = dueBy.Add(w.pause)
		w.pause *= 2
		hints = append(hints, store.FailureHint{Tenant: id.tenant, Key: id.key})
	}
	return hints
}

// settle forgets the accepted reports, whose keys and digests it returns, and those that waited too long.
func (r *reports) settle(hints []store.FailureHint, accepted []int) (keys, digests []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range accepted {
		id := failureID{hints[i].Tenant, hints[i].Key}
		keys, digests = append(keys, id.key), append(digests, r.waiting[id].digest)
		delete(r.waiting, id)
	}
	now := time.Now()
	for _, h := range hints {
		id := failureID{h.Tenant, h.Key}
		if w, waits := r.waiting[id]; waits && now.After(w.until) {
			delete(r.waiting, id)
			r.refused(refusedUnproven)
		}
	}
	return keys, digests
}
