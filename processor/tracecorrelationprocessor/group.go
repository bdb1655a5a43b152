package tracecorrelationprocessor

import (
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Bounds on what is kept of one group.
const (
	maxServices   = 32
	maxExceptions = 256 // remembered to count them once
	maxText       = 256 // bytes of a name or message
)

// groupKey is the key of a failure: a trace's ID, or the key of an error without a trace.
type groupKey struct {
	trace    signal.TraceID
	untraced string
}

func keyOf(o failure.Observed) groupKey {
	if o.TraceID.IsZero() {
		return groupKey{untraced: failure.UntracedKey(o)}
	}
	return groupKey{trace: o.TraceID}
}

func (k groupKey) String() string {
	if k.untraced != "" {
		return k.untraced
	}
	return failure.TraceKey(k.trace)
}

// phase is what a group waits for.
type phase uint8

const (
	collecting phase = iota // until the trace is quiet, or was waited for long enough
	reporting               // until its report is sent; it is not scheduled meanwhile
	debouncing              // until the window after its report ends
)

// group is what is kept of one failure.
type group struct {
	key    groupKey
	caller *caller
	phase  phase

	firstErrorAt time.Time // by receipt
	lastSignalAt time.Time
	windowEnds   time.Time

	counter    failure.Counter
	unreported int
	services   []string
	// first and last error by event time.
	first, last signal.Nanos
	origin      origin

	due   time.Time // when to look at it next, at the earliest
	index int       // in its shard's schedule, -1 where it is not scheduled
}

// origin is the error span that is thought to have failed first: the one that ended first.
type origin struct {
	span        signal.SpanID
	service     string
	operation   string
	errorType   string
	message     string
	time        signal.Nanos
	fromSpan    bool
	isException bool
}

func newGroup(key groupKey, by *caller, now time.Time) *group {
	return &group{
		key: key, caller: by, firstErrorAt: now, lastSignalAt: now, index: -1,
		counter: failure.Counter{Limit: maxExceptions},
	}
}

// add takes one error signal in and reports whether it counts.
func (g *group) add(o failure.Observed, now time.Time) bool {
	g.lastSignalAt = now
	g.origin.consider(o)
	if !slices.Contains(g.services, o.Service) && len(g.services) < maxServices {
		g.services = append(g.services, o.Service)
	}
	if o.Time != 0 {
		if g.first == 0 || o.Time < g.first {
			g.first = o.Time
		}
		g.last = max(g.last, o.Time)
	}
	if !g.counter.Add(o) {
		return false
	}
	g.unreported++
	return true
}

// consider takes the earlier of two errors for the origin; a span, of which the end is known,
// rather than a log. An exception describes its span better than the span's status does.
func (have *origin) consider(o failure.Observed) {
	fromSpan := o.Kind != failure.KindLog
	same := have.span == o.SpanID && have.service == o.Service && have.fromSpan && fromSpan
	switch {
	case have.service == "":
	case same && have.isException != o.Exception:
		if have.isException {
			return
		}
	case have.fromSpan != fromSpan:
		if have.fromSpan {
			return
		}
	case o.Time == 0 || have.time != 0 && o.Time >= have.time:
		return
	}
	*have = origin{
		span: o.SpanID, service: o.Service, time: o.Time, fromSpan: fromSpan, isException: o.Exception,
		operation: clip(orElse(o.Route, o.Operation)), errorType: clip(o.ErrorType), message: clip(o.Message),
	}
}

// dueAt is when the group is to be reported, or forgotten.
func (g *group) dueAt(c *Config) time.Time {
	if g.phase == debouncing {
		return g.windowEnds
	}
	quiet, latest := g.lastSignalAt.Add(c.QuietPeriod), g.firstErrorAt.Add(c.MaxWait)
	if latest.Before(quiet) {
		return latest
	}
	return quiet
}

// clip copies the first line of a text, its length bounded, so that nothing of the batch is kept.
func clip(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strings.Clone(s)
}

func orElse(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}
