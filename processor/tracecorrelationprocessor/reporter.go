package tracecorrelationprocessor

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

const (
	maxBatch    = 500    // reports of one request
	maxEvicted  = 10_000 // reports of evicted groups that wait to be sent
	sendTimeout = 30 * time.Second
	// drainTimeout bounds the sending of what is left at shutdown.
	drainTimeout           = 5 * time.Second
	firstPause, longestGap = time.Second, 30 * time.Second
	idle                   = time.Hour // between looks where nothing is scheduled
)

// reporter sends reports of what is due. Its methods, but for evict, are called by one goroutine
// at a time, and none with a lock held.
type reporter struct {
	*correlator
	coordinator coordination.Coordinator
	next        consumer.Logs

	evictedMu sync.Mutex
	evicted   []*report

	// After a failure nothing is sent until pausedUntil.
	pausedUntil time.Time
	failures    int
	// complained is what was said already and has not recovered.
	complained struct{ debounce, send bool }
}

func newReporter(c *correlator) *reporter { return &reporter{correlator: c} }

// evict takes the report of a group that had to be let go.
func (r *reporter) evict(ctx context.Context, g *group) {
	r.keep(ctx, []*report{lastReport(g, reasonEviction)})
	r.wake(r.now())
}

// lastReport is the report of a group that is let go. Within a debounce window it is the one that
// would follow at the window's end.
func lastReport(g *group, why reason) *report {
	out := newReport(g, why)
	out.unasked = g.phase == debouncing
	out.group = nil
	return out
}

// keep puts reports without a group aside, as many as there is room for.
func (r *reporter) keep(ctx context.Context, reports []*report) {
	r.evictedMu.Lock()
	defer r.evictedMu.Unlock()
	room := max(0, min(len(reports), maxEvicted-len(r.evicted)))
	r.evicted = append(r.evicted, reports[:room]...)
	add(ctx, r.telemetry.TraceCorrelationReportsDropped, int64(len(reports)-room))
}

// step reports what is due, and returns when to look again.
func (r *reporter) step(ctx context.Context) time.Time {
	now := r.now()
	if now.Before(r.pausedUntil) {
		return r.pausedUntil
	}
	due := append(r.takeEvicted(maxBatch), r.takeDue(now)...)
	if len(due) == 0 {
		return r.nextDue(now)
	}
	r.send(ctx, r.debounce(ctx, due), now)
	if r.now().Before(r.pausedUntil) {
		return r.pausedUntil
	}
	return r.nextDue(now)
}

func (r *reporter) takeEvicted(most int) []*report {
	r.evictedMu.Lock()
	defer r.evictedMu.Unlock()
	n := min(most, len(r.evicted))
	taken := r.evicted[:n:n]
	if r.evicted = r.evicted[n:]; len(r.evicted) == 0 {
		r.evicted = nil
	}
	return taken
}

// takeDue takes the groups whose time has come, and forgets those that have nothing to report.
func (r *reporter) takeDue(now time.Time) []*report {
	var due []*report
	for _, s := range r.shards {
		due = r.takeDueOf(s, now, due)
	}
	return due
}

func (r *reporter) takeDueOf(s *shard, now time.Time, due []*report) []*report {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(due) < maxBatch {
		g := s.earliest()
		if g == nil || now.Before(g.due) {
			break
		}
		if at := g.dueAt(r.config); now.Before(at) {
			s.reschedule(g, at) // it had signals since
			continue
		}
		s.unschedule()
		if g.unreported == 0 {
			delete(s.groups, g.key)
			r.held.Add(-1)
			continue
		}
		due = append(due, newReport(g, whyDue(g, now, r.config)))
		g.phase = reporting
	}
	return due
}

func whyDue(g *group, now time.Time, c *Config) reason {
	switch {
	case g.phase == debouncing:
		return reasonTrailing
	case now.Before(g.firstErrorAt.Add(c.MaxWait)):
		return reasonQuiet
	default:
		return reasonMaxWait
	}
}

// nextDue is when the first group, or what was evicted, is due.
func (r *reporter) nextDue(now time.Time) time.Time {
	next := now.Add(idle)
	for _, s := range r.shards {
		s.mu.Lock()
		if g := s.earliest(); g != nil && g.due.Before(next) {
			next = g.due
		}
		s.mu.Unlock()
	}
	r.evictedMu.Lock()
	defer r.evictedMu.Unlock()
	if len(r.evicted) > 0 {
		return now
	}
	return next
}

// debounce returns the reports that are the first of their window among all replicas. Where that
// cannot be told, this replica's own debounce must do.
func (r *reporter) debounce(ctx context.Context, due []*report) []*report {
	firsts, asked := splitUnasked(due)
	if len(asked) == 0 {
		return firsts
	}
	answers, err := r.coordinator.DebounceAll(ctx, tenant, keysOf(asked), r.config.DebounceWindow)
	r.complain(&r.complained.debounce, err, "Cannot debounce failure reports with other replicas; each debounces its own until that recovers")
	if err != nil {
		return append(firsts, asked...)
	}
	for i, out := range asked {
		if out.claimed = answers[i]; out.claimed {
			firsts = append(firsts, out)
			continue
		}
		add(ctx, r.telemetry.TraceCorrelationReportsDebounced, 1)
		r.settle(out, 0)
	}
	return firsts
}

// splitUnasked parts the reports that go out in any case from those to debounce.
func splitUnasked(due []*report) (unasked, asked []*report) {
	for _, out := range due {
		if out.unasked {
			unasked = append(unasked, out)
		} else {
			asked = append(asked, out)
		}
	}
	return unasked, asked
}

func keysOf(reports []*report) []string {
	keys := make([]string, len(reports))
	for i, out := range reports {
		keys[i] = out.key
	}
	return keys
}

// send sends reports, those of one caller together.
func (r *reporter) send(ctx context.Context, reports []*report, now time.Time) {
	for _, batch := range byCaller(reports) {
		err := r.sendBatch(ctx, batch, now)
		r.complain(&r.complained.send, err, "Cannot send failure reports; the sweep finds these failures in the store")
		switch {
		case err == nil:
			r.sent(ctx, batch)
		case consumererror.IsPermanent(err):
			add(ctx, r.telemetry.TraceCorrelationReportsDropped, int64(len(batch)))
			r.settleAll(batch)
		default:
			r.postpone(ctx, batch)
		}
	}
}

func (r *reporter) sendBatch(ctx context.Context, batch []*report, now time.Time) error {
	ctx, cancel := context.WithTimeout(batch[0].caller.context(ctx), sendTimeout)
	defer cancel()
	return r.next.ConsumeLogs(ctx, encode(batch, r.digest, now))
}

func (r *reporter) sent(ctx context.Context, batch []*report) {
	r.failures = 0
	for _, out := range batch {
		r.telemetry.TraceCorrelationReports.Add(ctx, 1, reasonAttribute(out.reason))
	}
	r.settleAll(batch)
}

func (r *reporter) settleAll(batch []*report) {
	for _, out := range batch {
		r.settle(out, out.unreported)
	}
}

// settle begins the debounce window of a group of which so many errors are reported now.
func (r *reporter) settle(out *report, reported int) {
	if out.group == nil {
		return
	}
	s := r.shardOf(out.group.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	g := out.group
	g.unreported -= reported
	g.phase = debouncing
	g.windowEnds = r.now().Add(r.config.DebounceWindow)
	s.reschedule(g, g.windowEnds)
}

// postpone gives the windows of unsent reports up, so that any replica may report, and tries
// again after a pause.
func (r *reporter) postpone(ctx context.Context, batch []*report) {
	pause := min(firstPause<<min(r.failures, 10), longestGap)
	r.failures++
	r.pausedUntil = r.now().Add(pause)
	add(ctx, r.telemetry.TraceCorrelationReportsFailed, int64(len(batch)))
	r.release(ctx, batch)
	for _, out := range batch {
		if out.group == nil {
			out.claimed = false
			r.keep(ctx, []*report{out})
			continue
		}
		r.retry(out)
	}
}

// retry schedules a group again as it was.
func (r *reporter) retry(out *report) {
	s := r.shardOf(out.group.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	out.group.phase = collecting
	if out.reason == reasonTrailing {
		out.group.phase = debouncing
	}
	s.reschedule(out.group, r.pausedUntil)
}

// release closes the debounce windows that the reports opened. It must not fail with the context
// that failed the sending.
func (r *reporter) release(ctx context.Context, batch []*report) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	claimed := slices.DeleteFunc(slices.Clone(batch), func(out *report) bool { return !out.claimed })
	if len(claimed) == 0 {
		return
	}
	err := r.coordinator.Release(ctx, tenant, keysOf(claimed)...)
	r.complain(&r.complained.debounce, err, "Cannot release failure reports to other replicas")
}

// drain sends what is not reported yet, once, and forgets all groups.
func (r *reporter) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	batches := byCaller(r.debounce(ctx, append(r.takeEvicted(maxEvicted), r.takeAll()...)))
	left := slices.Concat(batches...)
	for _, batch := range batches {
		for part := range slices.Chunk(batch, maxBatch) {
			if err := r.sendBatch(ctx, part, r.now()); err != nil {
				r.logger.Warn("Could not report all failures before the end; the sweep finds them in the store",
					zap.Int("failures", len(left)), zap.Error(err))
				add(ctx, r.telemetry.TraceCorrelationReportsDropped, int64(len(left)))
				r.release(ctx, left)
				return
			}
			r.sent(ctx, part)
			left = left[len(part):]
		}
	}
}

func (r *reporter) takeAll() []*report {
	var left []*report
	for _, s := range r.shards {
		s.mu.Lock()
		for _, g := range s.groups {
			if g.unreported > 0 {
				left = append(left, lastReport(g, reasonShutdown))
			}
		}
		r.held.Add(-int64(len(s.groups)))
		clear(s.groups)
		s.schedule = nil
		s.mu.Unlock()
	}
	return left
}

// complain says a lasting problem once, and once that it is over.
func (r *reporter) complain(said *bool, err error, what string) {
	switch {
	case err != nil && !*said:
		r.logger.Warn(what, zap.Error(err))
	case err == nil && *said:
		r.logger.Info("Recovered", zap.String("from", what))
	}
	*said = err != nil
}

// byCaller groups reports so that each batch is sent in one name, in order of first appearance.
func byCaller(reports []*report) [][]*report {
	var batches [][]*report
	at := map[string]int{}
	for _, out := range reports {
		i, known := at[out.caller.identity]
		if !known {
			i = len(batches)
			at[out.caller.identity] = i
			batches = append(batches, nil)
		}
		batches[i] = append(batches[i], out)
	}
	return batches
}
