package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissCallersBusiness dismisses calls whose only fault is an answer that concerns the caller
// alone: it asked for something that is not there, or is not allowed now. The instrumentations
// mark such client spans as errors, the servers not.
func (x *explainer) dismissCallersBusiness() {
	for _, g := range x.groups {
		if g.dismissed == "" && onlyCallersBusiness(g) && !x.tree.signals.asked(g.node.span) {
			g.dismissed = incident.DismissClientError
		}
	}
}

// onlyCallersBusiness goes by the answer of a call, or of a server span that an old instrumentation
// marks too, unless the span says more of it: some APIs answer 400 to whom they throttle or refuse.
func onlyCallersBusiness(g *group) bool {
	served := isServing(g.node.kind) && !g.node.isEntry()
	return (isExitCall(g.node) || served) && g.node.answer.callersBusiness() && g.reason.Rank >= vocabulary.RankBadData && g.onlyMarked()
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
	for _, g := range x.groups {
		n := g.node
		if g.dismissed == "" && len(g.explainedBy) == 0 && isServing(n.kind) && n.isEntry() && n.answer.refuses() && g.onlyMarked() && !x.tree.signals.asked(n.span) {
			g.dismissed = incident.DismissClientError
		}
	}
}

// reviveCallersBusiness brings those back whose own service failed because of them: its failure
// has no other explanation, and is not its own code's fault.
func (x *explainer) reviveCallersBusiness() {
	for _, g := range x.groups {
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
	for n := g.node.parent; n != nil && n.service == g.node.service && x.budget > 0; n = n.parent {
		x.budget--
		a := n.group
		if a == nil || a.dismissed != "" {
			continue
		}
		_, in := a.exception()
		if len(a.explainedBy) > 0 || a.cancelled() || g.end > a.end+x.tree.tolerance || in != nil && isOwnFault(in) && !x.speaksOf(a, g) {
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
