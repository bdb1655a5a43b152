package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissCallersBusiness dismisses calls whose only fault is an answer that concerns the caller
// alone: it asked for something that is not there, or is not allowed now. The instrumentations
// mark such client spans as errors, the servers not.
func (x *explainer) dismissCallersBusiness() {
	for _, g := range x.groups.all {
		if g.dismissed == "" && onlyCallersBusiness(g) && !x.signals.Asked(g.node.Span) {
			g.dismissed = incident.DismissClientError
		}
	}
}

// onlyCallersBusiness goes by the answer of a call, or of a server span that an old instrumentation
// marks too, unless the span says more of it: some APIs answer 400 to whom they throttle or refuse.
func onlyCallersBusiness(g *group) bool {
	served := g.node.IsServing() && !g.node.IsEntry()
	return (g.node.IsExitCall() || served) && isCallersBusiness(g.node.Status) && g.reason.Rank >= vocabulary.RankBadData && g.onlyMarked()
}

// onlyMarked tells whether the group is a span with status Error, without an exception or an ERROR
// log of its own.
func (g *group) onlyMarked() bool {
	for _, e := range g.evidence {
		if e.isSignal && e.observed.Kind != failure.KindSpan {
			return false
		}
	}
	return true
}

// dismissRefusedEntries dismisses entries that an old instrumentation marks because they answered
// 4xx, where nothing below them failed.
func (x *explainer) dismissRefusedEntries() {
	for _, g := range x.groups.all {
		n := g.node
		if g.dismissed == "" && len(g.explainedBy) == 0 && n.IsServing() && n.IsEntry() && refuses(n.Status) && g.onlyMarked() && !x.signals.Asked(n.Span) {
			g.dismissed = incident.DismissClientError
		}
	}
}

// reviveCallersBusiness brings those back whose own service failed because of them: its failure
// has no other explanation, and is not its own code's fault.
func (x *explainer) reviveCallersBusiness() {
	for _, g := range x.groups.all {
		if g.dismissed != incident.DismissClientError {
			continue
		}
		if a := x.ownFailure(g); a != nil {
			g.dismissed = ""
			link(a, g)
			x.explainRevived(g)
		}
	}
}

// ownFailure is the unexplained error of the same service above the call.
func (x *explainer) ownFailure(g *group) *group {
	for n := g.node.Parent; n != nil && n.Service == g.node.Service && x.budget > 0; n = n.Parent {
		x.budget--
		a := x.groups.of(n)
		if a == nil || a.dismissed != "" {
			continue
		}
		_, in := a.exception()
		if len(a.explainedBy) > 0 || a.cancelled() || g.end > a.end+x.tree.Tolerance || in != nil && isOwnFault(in) && !x.speaksOf(a, g) {
			return nil
		}
		if a.reason.Rank < vocabulary.RankPeerError && !x.speaksOf(a, g) {
			return nil
		}
		return a
	}
	return nil
}

// explainRevived looks below a call that counts as an error after all.
func (x *explainer) explainRevived(g *group) {
	for _, b := range x.groupsUnder(g.node) {
		if b != g && b.dismissed == "" && len(b.explains) == 0 && x.qualifies(g, b) {
			link(g, b)
		}
	}
}

// isCallersBusiness reports whether the answer only says that the caller asked for something wrong,
// which is no error of the call (section 2).
func isCallersBusiness(a semconv.Status) bool {
	switch a.HTTP {
	case 400, 404, 405, 409, 410, 412, 415, 416, 422:
		return true
	case 0:
	default:
		return false
	}
	switch a.RPC {
	case semconv.InvalidArgument, semconv.NotFound, semconv.AlreadyExists, semconv.FailedPrecondition, semconv.OutOfRange:
		return true
	}
	return false
}

// refuses reports whether the answer lays the failure on whoever asked: a 4xx, but for the 499 of one
// who left.
func refuses(a semconv.Status) bool {
	switch a.RPC {
	case semconv.Unauthenticated, semconv.PermissionDenied, semconv.ResourceExhausted:
		return true
	}
	return a.HTTP >= 400 && a.HTTP < 499 || isCallersBusiness(a)
}
