package behaviour

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/stats"
)

// entry is how a request was answered, as whoever made it saw it.
type entry struct {
	at     signal.Nanos
	key    string
	of     Unit
	took   int64
	failed bool // or something in it was logged as an error
}

// entryOf is the topmost span of a trace, ok is false where it has no span.
func entryOf(t *incident.Trace) (e entry, ok bool) {
	var top *signal.Span
	for _, s := range t.Spans {
		if top == nil || cmp.Or(cmp.Compare(isBelow(s), isBelow(top)), cmp.Compare(s.Start, top.Start), slices.Compare(s.SpanID[:], top.SpanID[:])) < 0 {
			top = s
		}
	}
	if top == nil {
		return e, false
	}
	e = entry{at: top.Start, key: t.Key, of: Unit{Service: top.Service(), Operation: top.Name}, failed: failure.IsSpanError(top)}
	e.took = int64(max(top.End, top.Start) - top.Start) //nolint:gosec // a length of time
	e.failed = e.failed || slices.ContainsFunc(t.Logs, failure.IsLogError)
	return e, true
}

// isBelow is 1 for a span with a parent, else 0.
func isBelow(s *signal.Span) int {
	if s.ParentSpanID.IsZero() {
		return 0
	}
	return 1
}

// Onset finds when the requests of a window began to be answered late, or to fail, more often than before: the moment
// at which the share of those after it differs most from that of all before it, the baseline included. Late is what
// took longer than 19 in 20 requests of its operation in the baseline. found is false where chance explains it.
func Onset(c *incident.Case) (onset signal.Nanos, found bool) {
	took := map[Unit][]int64{}
	var before []entry
	for _, t := range c.Healthy {
		if e, ok := entryOf(t); ok {
			before = append(before, e)
			took[e.of] = append(took[e.of], e.took)
		}
	}
	limits := map[Unit]int64{}
	for of, times := range took {
		slices.Sort(times)
		if len(times) >= rules.MinShiftSpans {
			limits[of] = stats.Quantile(times, 950)
		}
	}
	var now []entry
	for _, t := range c.Failing {
		if e, ok := entryOf(t); ok {
			now = append(now, e)
		}
	}
	slices.SortFunc(now, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	isLate := func(e entry) bool { limit, known := limits[e.of]; return known && e.took > limit }
	best := int64(rules.StandardErrors * 1000)
	for _, shows := range []func(entry) bool{isLate, func(e entry) bool { return e.failed }} {
		if at, z := splitAt(now, before, shows); z > best {
			onset, best, found = now[at].at, z, true
		}
	}
	return onset, found
}

// splitAt is from which of the ordered requests on most more of them show something than before, and how surely.
func splitAt(now, before []entry, shows func(entry) bool) (at int, z int64) {
	with, withBefore := 0, 0
	for _, e := range now {
		if shows(e) {
			with++
		}
	}
	for _, e := range before {
		if shows(e) {
			withBefore++
		}
	}
	for i := range now {
		if left := len(now) - i; left < rules.MinShiftSpans {
			break
		}
		if size := stats.CompareShares(with, len(now)-i, withBefore, len(before)+i); size > z {
			at, z = i, size
		}
		if shows(now[i]) {
			with--
			withBefore++
		}
	}
	return at, z
}
