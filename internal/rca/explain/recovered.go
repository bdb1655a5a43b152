package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissRecovered dismisses the errors of attempts that a later attempt made good.
func dismissRecovered(x *Explanation) {
	for _, g := range x.Groups.All {
		if !x.isFailure(g) || !wasMadeGood(x, g.Node) || failsTooOften(x, g) {
			continue
		}
		for _, b := range groupsUnder(x, g.Node) {
			x.About(b).Dismissed = incident.DismissRecovered
		}
	}
}

// wasMadeGood reports whether a successful sibling to the same peer and operation followed.
func wasMadeGood(x *Explanation, n *trace.Node) bool {
	var siblings []*trace.Node
	switch {
	case n.Producer != nil:
		siblings = n.Producer.Consumers
	case n.Parent != nil && n.IsExitCall():
		siblings = n.Parent.Children
	case n.Parent != nil && isTransient(x, n):
		return wasRetried(x, n)
	}
	for i := len(siblings) - 1; i >= 0 && x.budget > 0 && siblings[i].Start >= n.Start; i-- {
		x.budget--
		s := siblings[i]
		if s != n && s.Start >= n.End-x.Tree.Tolerance && sameCall(n, s) && x.states.of(s) == healthy {
			return true
		}
	}
	return false
}

// isTransient reports whether the failure of a span is one that trying again may mend: not the code's own.
func isTransient(x *Explanation, n *trace.Node) bool {
	g := x.Groups.Of(n)
	return g.FailedSpan && n.Kind == signal.KindInternal && (g.Reason.Means == vocabulary.PeersFault || g.Reason.Means == vocabulary.Unreachable || g.Reason.Means == vocabulary.TimedOut)
}

// wasRetried reports whether a failed span is one of several attempts at the same work, of which the last one
// went well: the spans of one name below one parent, all but the last with status Error. Where there was a
// success between, they are items of a loop, not attempts.
func wasRetried(x *Explanation, n *trace.Node) bool {
	var last *trace.Node
	for _, s := range n.Parent.Children {
		x.budget--
		switch {
		case x.budget <= 0:
			return false
		case s.Name != n.Name || s.Service != n.Service || s.Span == nil:
			continue
		case last != nil && last.Span.StatusCode != signal.StatusError, !semconv.SameRequest(s.Attributes(), n.Attributes()):
			return false
		}
		last = s
	}
	return last != nil && last != n && last.Span.StatusCode != signal.StatusError && len(groupsUnder(x, last)) == 0
}

// failsTooOften reports whether the call fails more than twice as often as it did before: then its
// failures matter although they are made good.
func failsTooOften(x *Explanation, g *evidence.Group) bool {
	call := RetriedCall(g)
	for _, c := range x.calls {
		before, failedBefore := c.Calls-c.RecentCalls, c.Failed-c.RecentFailed
		if c.Caller != call.Caller || c.Callee != call.Callee || c.Operation != call.Operation || before < rules.BaselineCalls || c.RecentCalls < rules.RecentCalls {
			continue
		}
		if c.RecentFailed*before > rules.TooOften*(failedBefore+1)*c.RecentCalls {
			return true
		}
	}
	return false
}

// RetriedCall names the calls that show how often the one of g fails.
func RetriedCall(g *evidence.Group) incident.CallStats {
	return incident.CallStats{Caller: g.Node.Service, Callee: g.Peer.Name(g.Node.Service), Operation: g.Node.Name}
}

// sameCall reports whether two calls ask the same peer for the same thing.
func sameCall(a, b *trace.Node) bool {
	if a.Name != b.Name || a.Kind != b.Kind || a.Service != b.Service || a.PeerHint() != b.PeerHint() {
		return false
	}
	return semconv.SameRequest(a.Attributes(), b.Attributes())
}
