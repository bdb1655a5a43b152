package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
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

// states decides how spans went. A span is healthy only if it, or others of the same instrumentation in
// this trace, say how they went: an unset status means success only where a status would be set.
type states struct {
	explanation *Explanation
	speaking    map[trace.Instrumentation]bool
}

func statesOf(x *Explanation) *states {
	s := &states{explanation: x, speaking: make(map[trace.Instrumentation]bool)}
	x.Tree.Steps.Take(len(x.Tree.Nodes))
	for _, n := range x.Tree.Nodes {
		if reportsOutcome(n) {
			s.speaking[n.Instrumentation()] = true
		}
	}
	return s
}

func (s *states) of(n *trace.Node) state {
	g := s.explanation.Groups.Of(n)
	switch {
	case g != nil && s.explanation.isFailure(g):
		return failed
	case n.Span == nil:
		return silent
	case g != nil, n.Span.StatusCode == signal.StatusOK:
		return healthy
	case n.Status.IsKnown():
		if n.Status.IsFailure() && !IsCallersBusiness(n.Status) {
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

// ReportsOutcomes reports whether spans of a node's instrumentation say how they went.
func (x *Explanation) ReportsOutcomes(n *trace.Node) bool {
	return x.states.speaking[n.Instrumentation()]
}

// HasStatuses reports whether any span of the trace says how it went.
func (x *Explanation) HasStatuses() bool {
	return len(x.states.speaking) > 0 || slices.ContainsFunc(x.Groups.All, func(g *evidence.Group) bool { return g.FailedSpan })
}

// calleeFailed reports whether a call's own callee says that it failed: then the call's unset status
// is no claim that it went well.
func calleeFailed(n *trace.Node) bool {
	c := n.RemoteChild()
	return c != nil && c.Span != nil && (failure.IsSpanError(c.Span) || c.Status.HTTP >= 500)
}

// reportsOutcome reports whether the span says how it went by itself.
func reportsOutcome(n *trace.Node) bool {
	return n.Span != nil && (n.Span.StatusCode != signal.StatusUnset || n.Status.IsKnown())
}
