package rca

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// cancelWindow is how long after its cause a cancellation may show.
const cancelWindow = trace.Instant(1_000_000_000)

// inheritCancellation makes a failed span whose only fault is a call that was cancelled a
// cancellation itself: a server that answers 500 because its caller left has not failed.
func (x *explainer) inheritCancellation(g *group, below []*group) {
	if g.reason.Rank < vocabulary.RankException || g.reason.Rank == vocabulary.RankException && g.answered() {
		return
	}
	cancelled := false
	for _, b := range below {
		if !b.cancelled() {
			return
		}
		cancelled = cancelled || b.node.Service == g.node.Service && b.first <= g.end+x.tree.Tolerance
	}
	if _, in := g.exception(); cancelled && (in == nil || !isOwnFault(in)) {
		g.reason = reason{Row: signOfHTTP(499), cited: g.reason.cited}
	}
}

// explainCancellations looks above each cancellation for who gave up, was cancelled or left, and
// beside it for the failure that ended the common work.
func (x *explainer) explainCancellations() {
	for _, g := range x.groups.all {
		if !g.cancelled() || g.dismissed != "" {
			continue
		}
		if cause := x.gaveUpAbove(g); cause != nil {
			link(g, cause)
			continue
		}
		if cause := x.failedBeside(g); cause != nil {
			link(g, cause)
		}
	}
}

func (x *explainer) gaveUpAbove(g *group) *group {
	for n := g.node.Parent; n != nil && x.budget > 0; n = n.Parent {
		x.budget--
		a := x.groups.of(n)
		if a == nil || a.dismissed != "" || !a.timedOut() && !a.cancelled() {
			continue
		}
		if a.timedOut() && !x.near(a.end, g) && !x.near(a.first, g) {
			continue
		}
		return a
	}
	return nil
}

// near tells whether something at the given time may have caused the cancellation.
func (x *explainer) near(at trace.Instant, g *group) bool {
	return at <= g.end+x.tree.Tolerance && at >= g.first-cancelWindow
}

// failedBeside is the failure that explains an ancestor of the cancellation and came just before.
func (x *explainer) failedBeside(g *group) *group {
	for n := g.node.Parent; n != nil && x.budget > 0; n = n.Parent {
		x.budget--
		a := x.groups.of(n)
		if a == nil {
			continue
		}
		i := slices.IndexFunc(a.explainedBy, func(b *group) bool {
			return !b.cancelled() && !g.node.Covers(b.node) && x.near(b.end, g)
		})
		if i >= 0 {
			return a.explainedBy[i]
		}
	}
	return nil
}
