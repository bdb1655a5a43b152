package rca

import (
	"fmt"
)

// servicePair is a caller and a callee, in this order.
type servicePair struct{ caller, callee string }

// slack is by how much a callee's clock may be moved so that all its spans start within the calls
// that led to them.
type slack struct {
	low, high instant // bounds of the shift that suits every call
	samples   int
}

// correctSkew moves the times of services whose clocks are provably off: their spans start before
// their parents, or after the end of a call that has their answer, consistently for a pair. A
// callee that outlasts its caller proves nothing.
func (tr *tree) correctSkew() {
	pairs := make(map[servicePair]*slack)
	for _, n := range tr.nodes {
		if p := n.parent; p != nil && n.received() && p.received() && !n.guessed && n.service != p.service {
			pairs[servicePair{p.service, n.service}] = pairs[servicePair{p.service, n.service}].add(p, n)
		}
	}
	offsets := make(map[string]instant)
	for _, n := range tr.nodes {
		if _, known := offsets[n.service]; known {
			continue
		}
		if n.parent == nil {
			offsets[n.service] = 0
			continue
		}
		shift := pairs[servicePair{n.parent.service, n.service}].shift(tr.tolerance)
		offsets[n.service] = offsets[n.parent.service] + shift
		if shift != 0 {
			tr.gap("clock_skew", fmt.Sprintf("the clock of %s is off by %s against %s; its times were moved",
				n.service, duration(abs(shift)), n.parent.service))
		}
	}
	for _, n := range tr.nodes {
		n.shift = offsets[n.service]
		n.start += n.shift
		n.end += n.shift
	}
}

func (s *slack) add(parent, child *node) *slack {
	low := parent.start - child.start
	high := maxInstant
	if a := answerOf(parent); a.http != 0 || isPeersStatus(a.rpc) {
		high = parent.end - child.start
	}
	if s == nil {
		return &slack{low: low, high: high, samples: 1}
	}
	s.low, s.high, s.samples = max(s.low, low), min(s.high, high), s.samples+1
	return s
}

// shift is the correction, 0 where the clocks agree or the calls contradict each other.
func (s *slack) shift(tolerance instant) instant {
	switch {
	case s == nil || s.low > s.high:
		return 0
	case s.low > tolerance:
		return s.low
	case s.high < -tolerance:
		return s.high
	default:
		return 0
	}
}

func abs(i instant) instant {
	if i < 0 {
		return -i
	}
	return i
}
