package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// explainAncestors offers every group to the failed spans above it, nearest first, until a span
// that went well is in between.
func explainAncestors(x *Explanation) {
	pending := make(map[*trace.Node][]*evidence.Group)
	for _, n := range slices.Backward(x.Tree.Nodes) {
		x.Tree.Steps.Take(1 + len(pending[n]))
		below := pending[n]
		delete(pending, n)
		if g := x.FailureAt(n); g != nil {
			below = explainGroup(x, g, below)
		} else if x.states.of(n) == healthy {
			continue
		}
		if n.Parent != nil && len(below) > 0 {
			pending[n.Parent] = appendPending(pending[n.Parent], below)
		}
	}
}

// appendPending joins two lists, the shorter into the longer, so that deep and wide trees stay cheap.
func appendPending(a, b []*evidence.Group) []*evidence.Group {
	if len(a) < len(b) {
		a, b = b, a
	}
	return append(a, b...)
}

// explainGroup chooses what explains g among the groups below it, and returns what is offered to
// the spans above: g itself, and what failed after g was over. What failed before and does
// not explain g was survived.
func explainGroup(x *Explanation, g *evidence.Group, below []*evidence.Group) []*evidence.Group {
	inheritCancellation(x, g, below)
	below = slices.DeleteFunc(below, func(b *evidence.Group) bool { return explainMarks(x, g, b) })
	chosen := chooseExplanations(x, g, below)
	if g.IsTimeout() {
		x.About(g).Place = followTime(x, g)
		if deeper := openGroupsAt(x, g); len(deeper) > 0 {
			chosen = deeper
		}
	}
	if len(chosen) == 1 {
		inheritReason(x, chosen[0], g)
	}
	taken := make(map[*evidence.Group]bool, len(chosen))
	for _, b := range chosen {
		if isMarkOfRefusal(g, b) {
			x.link(b, g)
		} else {
			x.link(g, b)
		}
		taken[b] = true
	}
	rest := slices.DeleteFunc(below, func(b *evidence.Group) bool {
		return taken[b] || !g.IsCancelled() && !endedAfter(x, g, b)
	})
	return append(lastToEnd(x, rest), g)
}

// inheritReason gives a failed call, whose own span says only that it failed, the reason that the caller's
// record above it has; where no rule knows that, at least its words.
func inheritReason(x *Explanation, call, above *evidence.Group) {
	if endedByDeadline(x, call, above) {
		call.Reason = above.Reason
		x.About(call).Place = followTime(x, call)
		return
	}
	if call.Reason.Rank != vocabulary.RankUnknown || !call.Node.IsExitCall() || !call.IsOnlyMarked() || len(x.About(call).ExplainedBy) > 0 ||
		call.Node.Service != above.Node.Service || above.Peer.IsKnown() && !above.Peer.IsSame(call.Peer) {
		return
	}
	if !above.Reason.IsOfCall() && !above.Reason.IsOwnResource() {
		if _, in := above.Exception(); in != nil && !isOwnFault(in) && call.Reason.Cited.Text == "" {
			call.Told = in
		}
		return
	}
	call.Reason = above.Reason
	if call.IsTimeout() {
		x.About(call).Place = followTime(x, call)
	}
}

// endedByDeadline reports whether a call that only tells of a connection that was closed ended when the caller's
// deadline passed, as the record above it says: the client closed it.
func endedByDeadline(x *Explanation, call, above *evidence.Group) bool {
	if !above.IsTimeout() || !call.Reason.IsReset() || !call.Node.IsExitCall() || call.IsAnswered() || call.Node.Service != above.Node.Service {
		return false
	}
	apart := above.GaveUpAt() - call.Node.End
	return len(x.About(call).ExplainedBy) == 0 && max(apart, -apart) <= trace.Instant(rules.CancelWindow)
}

// isMarkOfRefusal reports whether b is only the callee's mark of a request that it refused, as g's answer
// says: a span with status Error and nothing that says why.
func isMarkOfRefusal(g, b *evidence.Group) bool {
	return g.Reason.Means == vocabulary.Refused && g.IsAnswered() && b.Node.Service != g.Node.Service &&
		b.FailedSpan && b.Reason.Rank == vocabulary.RankUnknown && b.Node.EntersService()
}
