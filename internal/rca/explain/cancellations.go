package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// inheritCancellation makes a failed span whose only fault is a call that was cancelled a
// cancellation itself: a server that answers 500 because its caller left has not failed.
func inheritCancellation(x *Explanation, g *evidence.Group, below []*evidence.Group) {
	if g.Reason.Rank < vocabulary.RankException || g.Reason.Rank == vocabulary.RankException && g.IsAnswered() {
		return
	}
	cancelled := false
	for _, b := range below {
		if !b.IsCancelled() {
			return
		}
		cancelled = cancelled || b.Node.Service == g.Node.Service && b.First <= g.End+x.Tree.Tolerance
	}
	if _, in := g.Exception(); cancelled && (in == nil || !isOwnFault(in)) {
		g.Reason = evidence.Reason{Match: vocabulary.Of(vocabulary.CallerLeft), Cited: g.Reason.Cited}
	}
}

// explainCancellations looks above each cancellation for who gave up, was cancelled or left, and
// beside it for the failure that ended the common work.
func explainCancellations(x *Explanation) {
	for _, g := range x.Groups.All {
		if !g.IsCancelled() || !x.isFailure(g) {
			continue
		}
		if cause := givenUpAbove(x, g); cause != nil {
			x.link(g, cause)
			continue
		}
		if cause := failureBeside(x, g); cause != nil {
			x.link(g, cause)
		}
	}
}

func givenUpAbove(x *Explanation, g *evidence.Group) *evidence.Group {
	for n := g.Node.Parent; n != nil; n = n.Parent {
		x.step()
		a := x.Groups.Of(n)
		if a == nil || !x.isFailure(a) || !a.IsTimeout() && !a.IsCancelled() {
			continue
		}
		if a.IsTimeout() && !mayHaveCancelled(x, a.End, g) && !mayHaveCancelled(x, a.First, g) {
			continue
		}
		return a
	}
	return nil
}

// mayHaveCancelled reports whether something at the given time may have caused the cancellation.
func mayHaveCancelled(x *Explanation, at trace.Instant, g *evidence.Group) bool {
	return at <= g.End+x.Tree.Tolerance && at >= g.First-trace.Instant(rules.CancelWindow)
}

// failureBeside is the failure that explains an ancestor of the cancellation and came just before.
func failureBeside(x *Explanation, g *evidence.Group) *evidence.Group {
	for n := g.Node.Parent; n != nil; n = n.Parent {
		x.step()
		a := x.Groups.Of(n)
		if a == nil {
			continue
		}
		i := slices.IndexFunc(x.About(a).ExplainedBy, func(b *evidence.Group) bool {
			return !b.IsCancelled() && !g.Node.Covers(b.Node) && mayHaveCancelled(x, overAt(b), g)
		})
		if i >= 0 {
			return x.About(a).ExplainedBy[i]
		}
	}
	return nil
}
