package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// dismissRecovered dismisses the errors of attempts that a later attempt made good.
func (x *explainer) dismissRecovered() {
	for _, g := range x.groups.all {
		if g.dismissed != "" || !x.madeGood(g.node) || x.failsTooOften(g) {
			continue
		}
		for _, b := range x.groupsUnder(g.node) {
			b.dismissed = incident.DismissRecovered
		}
	}
}

// madeGood tells whether a successful sibling to the same peer and operation followed.
func (x *explainer) madeGood(n *trace.Node) bool {
	var siblings []*trace.Node
	switch {
	case n.Producer != nil:
		siblings = n.Producer.Consumers
	case n.Parent != nil && n.IsExitCall():
		siblings = n.Parent.Children
	}
	for i := len(siblings) - 1; i >= 0 && x.budget > 0 && siblings[i].Start >= n.Start; i-- {
		x.budget--
		s := siblings[i]
		if s != n && s.Start >= n.End-x.tree.Tolerance && sameCall(n, s) && x.states.of(s) == healthy {
			return true
		}
	}
	return false
}

const (
	minBaselineCalls = 100 // below that, a baseline says nothing
	minRecentCalls   = 20
)

// failsTooOften tells whether the call fails more than twice as often as it did before: then its
// failures matter although they are made good.
func (x *explainer) failsTooOften(g *group) bool {
	call := g.retried()
	for _, c := range x.calls {
		before, failedBefore := c.Calls-c.RecentCalls, c.Failed-c.RecentFailed
		if c.Caller != call.Caller || c.Callee != call.Callee || c.Operation != call.Operation || before < minBaselineCalls || c.RecentCalls < minRecentCalls {
			continue
		}
		if c.RecentFailed*before > 2*(failedBefore+1)*c.RecentCalls {
			return true
		}
	}
	return false
}

// retried names the calls that tell how often g's fails.
func (g *group) retried() incident.CallStats {
	return incident.CallStats{Caller: g.node.Service, Callee: g.peer.Name(g.node.Service), Operation: g.node.Name}
}

// sameCall tells whether two calls ask the same peer for the same thing.
func sameCall(a, b *trace.Node) bool {
	if a.Name != b.Name || a.Kind != b.Kind || a.Service != b.Service || a.PeerHint() != b.PeerHint() {
		return false
	}
	return semconv.SameRequest(a.Attributes(), b.Attributes())
}

// groupsUnder are the groups on or below a node.
func (x *explainer) groupsUnder(n *trace.Node) []*group {
	var under []*group
	for _, g := range x.groups.all[x.firstAt(n.Index):] {
		if g.node.Index > n.Last {
			break
		}
		under = append(under, g)
	}
	return under
}
