package explain

import (
	"cmp"
	"math"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// chooseExplanations picks the explanations of g: all that qualify, but for an exception of g's own code only
// the last failed call before it was thrown.
func chooseExplanations(x *Explanation, g *evidence.Group, below []*evidence.Group) []*evidence.Group {
	var fit []*evidence.Group
	for _, b := range below {
		if mayExplain(x, g, b) {
			fit = append(fit, b)
		}
	}
	thrown, in := g.Exception()
	if len(fit) == 0 || thrown == nil {
		return withoutSurvived(x, g, fit)
	}
	last := lastFailedCall(x, g, lastToEnd(x, fit))
	x.About(g).rival = isOwnFault(in) && wasCalled(x, g, last) && !mentionsCallTo(x, g, last)
	return []*evidence.Group{last}
}

// withoutSurvived leaves out failed calls of g's own service that were over before another that failed began: the
// service went on after them. What g speaks of stays.
func withoutSurvived(x *Explanation, g *evidence.Group, fit []*evidence.Group) []*evidence.Group {
	last := trace.Instant(math.MinInt64)
	for _, b := range fit {
		if b.Node.IsExitCall() && b.Node.Service == g.Node.Service {
			last = max(last, b.Node.Start)
		}
	}
	return slices.DeleteFunc(fit, func(b *evidence.Group) bool {
		return b.Node.IsExitCall() && b.Node.Service == g.Node.Service && overAt(b) < last && !mentionsCallTo(x, g, b)
	})
}

// lastToEnd are the groups that ended last, at most rules.MaxOffered of them.
func lastToEnd(x *Explanation, groups []*evidence.Group) []*evidence.Group {
	if len(groups) <= rules.MaxOffered {
		return groups
	}
	x.Tree.Steps.TakeSort(len(groups))
	sorted := slices.Clone(groups)
	slices.SortFunc(sorted, func(a, b *evidence.Group) int { return cmp.Or(-cmp.Compare(a.End, b.End), compareGroups(a, b)) })
	return sorted[:rules.MaxOffered]
}

// lastFailedCall is the failed call that ended last; one whose error g is a copy of comes before one that g
// speaks of, that before any other, and a plain error log after all.
func lastFailedCall(x *Explanation, g *evidence.Group, fit []*evidence.Group) *evidence.Group {
	return slices.MaxFunc(fit, func(a, b *evidence.Group) int {
		return cmp.Or(compareBool(isCopy(x, g, a), isCopy(x, g, b)), compareBool(mentionsCallTo(x, g, a), mentionsCallTo(x, g, b)), compareBool(!a.IsOnlyLogged(), !b.IsOnlyLogged()),
			cmp.Compare(a.End, b.End), -compareGroups(a, b))
	})
}

// wasCalled reports whether a call lies on the way down from g to b.
func wasCalled(x *Explanation, g, b *evidence.Group) bool {
	for n := b.Node; n != nil && n != g.Node; n = n.Parent {
		x.step()
		if n.IsExitCall() || n.Service != g.Node.Service {
			return true
		}
	}
	return false
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// mayExplain reports whether b, below g, may explain g.
func mayExplain(x *Explanation, g, b *evidence.Group) bool {
	switch {
	case g.IsCancelled() || b.IsCancelled() || !x.isFailure(b):
		return false
	case endedAfter(x, g, b) && !(g.IsAnswered() && b.Node.Service != g.Node.Service):
		return false
	case b.IsOnlyLogged() && b.Node.Service == g.Node.Service && g.Reason.Rank <= vocabulary.RankTimeout:
		return false // a plain error log beside an error that says more
	case isCopy(x, g, b):
		return true // whomever its text seems to name
	case g.Reason.IsOwnResource() && !g.IsAnswered():
		return b.Node.Service == g.Node.Service // what ran out in a service did not run out elsewhere
	case g.Reason.Means == vocabulary.Unreachable && !g.IsAnswered() && g.Peer.IsKnown():
		return happenedAtPeer(x, b, g)
	default:
		return true
	}
}

// happenedAtPeer reports whether b happened at the peer that g could not reach.
func happenedAtPeer(x *Explanation, b, g *evidence.Group) bool {
	if b.Peer.IsKnown() && b.Peer.IsSame(g.Peer) {
		return true
	}
	if b.Node.Service == g.Node.Service {
		return !b.Peer.IsKnown() && b.Reason.Rank <= vocabulary.RankPeerError
	}
	return g.Peer.Service != "" && passesService(x, g.Node, b.Node, g.Peer.Service)
}

// passesService reports whether the way down from a to b passes a span of the service.
func passesService(x *Explanation, a, b *trace.Node, service string) bool {
	for n := b; n != nil && n != a; n = n.Parent {
		x.step()
		if n.Service == service {
			return true
		}
	}
	return false
}
