package trace

import (
	"fmt"
)

// Clock is what the calls of a trace prove about a service's clock.
type Clock struct {
	// Shift is what was added to the service's times.
	Shift Instant
	// Off is by how much the clock is provably off although it is within the tolerance.
	Off Instant
	// Doubt is by how much corrected times may still be off: the calls allow any shift in a range.
	Doubt Instant
}

// servicePair is a caller and a callee, in this order.
type servicePair struct{ caller, callee string }

// slack is by how much a callee's clock may be moved so that all its spans start within the calls
// that led to them.
type slack struct {
	low, high Instant
	bounded   bool // whether any call sets the upper bound
}

// correctSkew moves the times of services whose clocks are provably off: their spans start before
// their parents, or after the end of a call that has their answer, consistently for a pair. A
// callee that outlasts its caller proves nothing.
func correctSkew(tr *Tree) {
	tr.Steps.Take(len(tr.Nodes))
	pairs := make(map[servicePair]*slack)
	for _, n := range tr.Nodes {
		if p := n.Parent; p != nil && n.IsReceived() && p.IsReceived() && !n.Guessed && n.Service != p.Service {
			pair := servicePair{p.Service, n.Service}
			pairs[pair] = pairs[pair].narrow(p, n)
		}
	}
	tr.clocks = make(map[string]Clock)
	for _, n := range tr.Nodes {
		if _, known := tr.clocks[n.Service]; known {
			continue
		}
		if n.Parent == nil {
			tr.clocks[n.Service] = Clock{}
			continue
		}
		callers := tr.clocks[n.Parent.Service]
		c := pairs[servicePair{n.Parent.Service, n.Service}].clock(tr.Tolerance)
		tr.clocks[n.Service] = Clock{Shift: callers.Shift + c.Shift, Off: callers.Off + c.Off, Doubt: callers.Doubt + c.Doubt}
		if c.Shift != 0 {
			tr.addGap("clock_skew", fmt.Sprintf("the clock of %s is off by %s against %s; its times were moved",
				n.Service, FormatDuration(c.Shift.Abs()), n.Parent.Service))
		}
	}
	for _, n := range tr.Nodes {
		n.Shift = tr.clocks[n.Service].Shift
		n.Start += n.Shift
		n.End += n.Shift
	}
}

// ClockOf is what the trace proves about a service's clock.
func (tr *Tree) ClockOf(service string) Clock { return tr.clocks[service] }

// narrow takes one more call into account.
func (s *slack) narrow(parent, child *Node) *slack {
	if s == nil {
		s = &slack{low: parent.Start - child.Start, high: maxInstant}
	}
	s.low = max(s.low, parent.Start-child.Start)
	if parent.Status.IsFromPeer() {
		s.high, s.bounded = min(s.high, parent.End-child.Start), true
	}
	return s
}

// clock is the correction by the least that fits all calls, none where the clocks agree or the calls
// contradict each other.
func (s *slack) clock(tolerance Instant) Clock {
	switch {
	case s == nil || s.low > s.high:
		return Clock{}
	case s.low > tolerance:
		return Clock{Shift: s.low, Doubt: s.width()}
	case s.high < -tolerance:
		return Clock{Shift: s.high, Doubt: s.width()}
	case s.low > 0:
		return Clock{Off: s.low}
	case s.high < 0:
		return Clock{Off: -s.high}
	default:
		return Clock{}
	}
}

// width is how much further the clock may have to be moved than by the least that fits.
func (s *slack) width() Instant {
	if !s.bounded {
		return maxInstant / 8
	}
	return s.high - s.low
}
