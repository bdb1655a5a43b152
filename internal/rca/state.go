package rca

import "github.com/prodsentinel/prodsentinel/internal/signal"

// state is what a span says about how it went.
type state int

const (
	silent  state = iota // it says nothing, and a failure may have passed through it
	healthy              // it says that it went well
	failed               // it has an error
)

// states judges spans. A span is healthy only if it, or others of the same instrumentation in
// this trace, say how they went: an unset status means success only where a status would be set.
type states struct{ speaking map[instrumentation]bool }

func newStates(tr *tree) *states {
	s := &states{speaking: make(map[instrumentation]bool)}
	for _, n := range tr.nodes {
		if n.speaks() {
			s.speaking[n.instrumentation()] = true
		}
	}
	return s
}

func (s *states) of(n *node) state {
	switch {
	case n.group != nil && n.group.dismissed == "":
		return failed
	case n.span == nil:
		return silent
	case n.group != nil, n.span.StatusCode == signal.StatusOK:
		return healthy
	case n.answer.known():
		if n.answer.failed() && !n.answer.callersBusiness() {
			return silent
		}
		return healthy
	case undecided(n.kind):
		return silent // internal spans get a status only from those who set one by hand
	case s.speaking[n.instrumentation()] && !calleeFailed(n):
		return healthy
	default:
		return silent
	}
}

// calleeFailed tells whether a call's own callee says that it failed: then the call's unset status
// is no claim that it went well.
func calleeFailed(n *node) bool {
	c := n.remoteChild()
	return c != nil && c.span != nil && (c.span.StatusCode == signal.StatusError || c.answer.http >= 500)
}
