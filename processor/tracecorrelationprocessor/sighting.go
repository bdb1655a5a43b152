package tracecorrelationprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// sighting is what one batch says about failures: its error signals, and which failing traces
// known already it has signals of.
type sighting struct {
	errors []failure.Observed
	traces []signal.TraceID
}

// watcher collects a sighting.
type watcher struct {
	sighting
	correlator *correlator
	previous   signal.TraceID // signals of one trace often come in a row
}

func (w *watcher) touch(id signal.TraceID) {
	if id == w.previous || w.correlator.held.Load() == 0 {
		return
	}
	w.previous = id
	if w.correlator.holds(groupKey{trace: id}) {
		w.traces = append(w.traces, id)
	}
}

// touchLog is touch for a log record, whose trace may be named by its fields.
func (w *watcher) touchLog(l plog.LogRecord) {
	if w.correlator.held.Load() > 0 {
		w.touch(failure.ContextOfPdata(l).Trace)
	}
}

func (c *correlator) lookAtTraces(ctx context.Context, td ptrace.Traces) sighting {
	w := watcher{correlator: c}
	for _, rs := range td.ResourceSpans().All() {
		source := failure.SourceOf(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			spans := ss.Spans()
			for i := range spans.Len() {
				span := spans.At(i)
				w.touch(signal.TraceID(span.TraceID()))
				w.errors = c.detector.Span(ctx, w.errors, source, rs, ss, span)
			}
		}
	}
	return w.sighting
}

func (c *correlator) lookAtLogs(ctx context.Context, ld plog.Logs) sighting {
	w := watcher{correlator: c}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if !failure.IsOwnEvent(record.EventName()) {
					w.touchLog(record)
				}
			}
		}
	}
	for _, found := range c.detector.Logs(ctx, ld) {
		w.errors = append(w.errors, found.Observed)
	}
	return w.sighting
}

func (c *correlator) holds(key groupKey) bool {
	s := c.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[key] != nil
}

// count takes in what a batch said, after it was passed on.
func (c *correlator) count(ctx context.Context, seen sighting) {
	if len(seen.errors) == 0 && len(seen.traces) == 0 {
		return
	}
	now := c.now()
	for _, id := range seen.traces {
		c.touch(groupKey{trace: id}, now)
	}
	var by *caller
	var tally tally
	for _, o := range seen.errors {
		if by == nil {
			by = callerOf(ctx)
		}
		c.countError(ctx, o, by, now, &tally)
	}
	tally.record(ctx, c.telemetry)
}

// touch notes a signal of a failing trace.
func (c *correlator) touch(key groupKey, now time.Time) {
	s := c.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[key]; g != nil {
		g.lastSignalAt = now
	}
}

func (c *correlator) countError(ctx context.Context, o failure.Observed, by *caller, now time.Time, t *tally) {
	key := keyOf(o)
	s := c.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[key]
	if g == nil {
		c.makeRoom(ctx, s, t)
		g = newGroup(key, by, now)
		due := g.dueAt(c.config)
		s.put(g, due)
		c.held.Add(1)
		defer c.wake(due)
	}
	if g.add(o, now) {
		t.errors++
		if g.phase != collecting {
			t.debounced++
		}
	}
}

// makeRoom lets the group go that would be the next to be reported or forgotten, where there are
// too many. What it has not reported is reported at once.
func (c *correlator) makeRoom(ctx context.Context, s *shard, t *tally) {
	if len(s.groups) < c.perShard || s.earliest() == nil {
		return
	}
	g := s.unschedule()
	delete(s.groups, g.key)
	c.held.Add(-1)
	t.evicted++
	if g.unreported > 0 {
		c.reporter.evict(ctx, g)
	}
}
