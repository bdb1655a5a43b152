package dossier

import (
	"math"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// minTolerance is how far clocks of one system may differ without meaning anything
// (docs/verdict.md section 5).
const minTolerance = signal.Nanos(5_000_000)

// toleranceOf is the resolution of a trace's times, at least 5 ms.
func toleranceOf(t *incident.Trace) signal.Nanos {
	if len(t.Spans)+len(t.Logs) < 2 {
		return minTolerance
	}
	for _, step := range []signal.Nanos{1_000_000_000, 100_000_000, 10_000_000} {
		if allMultiples(t, step) {
			return step
		}
	}
	return minTolerance
}

func allMultiples(t *incident.Trace, step signal.Nanos) bool {
	for _, s := range t.Spans {
		if s.Start%step != 0 || s.End%step != 0 {
			return false
		}
	}
	for _, l := range t.Logs {
		if l.EventTime()%step != 0 {
			return false
		}
	}
	return true
}

type servicePair struct{ caller, callee string }

// bounds are what the calls of a pair of services allow the callee's clock to be moved by.
type bounds struct{ low, high int64 }

// correctSkew moves the times of services whose clocks are provably off, by the rules of
// docs/verdict.md section 5, and notes for the others what they are off by within the tolerance.
func (t *Trace) correctSkew() {
	pairs := map[servicePair]bounds{}
	for _, n := range t.Nodes {
		p := n.Parent
		if p == nil || p.Span == nil || n.Span == nil || p.Service == n.Service {
			continue
		}
		key := servicePair{p.Service, n.Service}
		b, known := pairs[key]
		if !known {
			b = bounds{low: math.MinInt64, high: math.MaxInt64}
		}
		b.low = max(b.low, signed(p.Start)-signed(n.Start))
		if Answer(p.Span).IsFromPeer() {
			b.high = min(b.high, signed(p.End)-signed(n.Start))
		}
		pairs[key] = b
	}
	t.shift, t.uncertain, t.doubt = map[string]int64{}, map[string]signal.Nanos{}, map[string]signal.Nanos{}
	known := map[string]bool{}
	for _, n := range t.topDown() {
		if known[n.Service] {
			continue
		}
		known[n.Service] = true
		if n.Parent == nil {
			continue
		}
		b, measured := pairs[servicePair{n.Parent.Service, n.Service}]
		t.uncertain[n.Service], t.doubt[n.Service] = t.uncertain[n.Parent.Service], t.doubt[n.Parent.Service]
		shift := t.shift[n.Parent.Service]
		if measured {
			moved, off := b.shift(signed(t.Tolerance))
			shift += moved
			t.uncertain[n.Service] += off
			if moved != 0 {
				t.doubt[n.Service] += b.width()
			}
		}
		if shift != 0 {
			t.shift[n.Service] = shift
		}
	}
	for _, n := range t.Nodes {
		n.Start, n.End = t.moved(n.Service, n.Start), t.moved(n.Service, n.End)
	}
}

// shift is the correction beyond the tolerance, and what the clock is off by within it.
func (b bounds) shift(tolerance int64) (moved int64, off signal.Nanos) {
	switch {
	case b.low > b.high:
		return 0, 0
	case b.low > tolerance:
		return b.low, 0
	case b.high < -tolerance:
		return b.high, 0
	case b.low > 0:
		return 0, signal.Nanos(b.low)
	case b.high < 0:
		return 0, signal.Nanos(-b.high)
	}
	return 0, 0
}

// width is how much further the clock may have to be moved than by the least that fits.
func (b bounds) width() signal.Nanos {
	if b.low == math.MinInt64 || b.high == math.MaxInt64 || b.high < b.low {
		return maxTime / 8
	}
	return signal.Nanos(b.high - b.low) //nolint:gosec // not negative
}

// topDown are the nodes, parents before children.
func (t *Trace) topDown() []*Node {
	t.number()
	for _, n := range t.Nodes {
		n.Children = nil
	}
	return t.Nodes
}

// Uncertainty is how far the times of two services of a trace may differ without meaning anything.
func (t *Trace) Uncertainty(a, b string) signal.Nanos {
	return t.Tolerance + max(t.uncertain[a], t.uncertain[b])
}

// Doubt is how far the corrected times of a service whose clock was off may still be off.
func (t *Trace) Doubt(service string) signal.Nanos { return t.doubt[service] }

// Shift is by how much the times of a service were moved.
func (t *Trace) Shift(service string) signal.Nanos {
	shift := t.shift[service]
	return signal.Nanos(max(shift, -shift)) //nolint:gosec // not negative
}

// maxTime keeps differences of times from overflowing.
const maxTime = signal.Nanos(1) << 61

func signed(n signal.Nanos) int64 { return int64(min(n, maxTime)) }
