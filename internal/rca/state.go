package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// state is what a span says about how it went.
type state int

const (
	silent  state = iota // it says nothing, and a failure may have passed through it
	healthy              // it says that it went well
	failed               // it has an error
)

// states judges spans. A span is healthy only if it, or others of the same instrumentation in
// this trace, say how they went: an unset status means success only where a status would be set.
type states struct {
	groups   *groups
	speaking map[trace.Instrumentation]bool
}

func newStates(tr *trace.Tree, groups *groups) *states {
	s := &states{groups: groups, speaking: make(map[trace.Instrumentation]bool)}
	for _, n := range tr.Nodes {
		if saysHowItWent(n) {
			s.speaking[n.Instrumentation()] = true
		}
	}
	return s
}

func (s *states) of(n *trace.Node) state {
	g := s.groups.of(n)
	switch {
	case g != nil && g.dismissed == "":
		return failed
	case n.Span == nil:
		return silent
	case g != nil, n.Span.StatusCode == signal.StatusOK:
		return healthy
	case n.Status.IsKnown():
		if n.Status.IsFailure() && !isCallersBusiness(n.Status) {
			return silent
		}
		return healthy
	case n.KindUndecided():
		return silent // internal spans get a status only from those who set one by hand
	case s.speaking[n.Instrumentation()] && !calleeFailed(n):
		return healthy
	default:
		return silent
	}
}

// calleeFailed tells whether a call's own callee says that it failed: then the call's unset status
// is no claim that it went well.
func calleeFailed(n *trace.Node) bool {
	c := n.RemoteChild()
	return c != nil && c.Span != nil && (c.Span.StatusCode == signal.StatusError || c.Status.HTTP >= 500)
}

// saysHowItWent reports whether the span says how it went by itself.
func saysHowItWent(n *trace.Node) bool {
	return n.Span != nil && (n.Span.StatusCode != signal.StatusUnset || n.Status.IsKnown())
}
