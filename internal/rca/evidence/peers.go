package evidence

import (
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// findPeer finds whom the error is about: the peer of its exit call, else the one its evidence
// names, else that of the call whose answer it carries.
func findPeer(g *Group, groups *Groups, dir *trace.Directory) {
	if g.Node.IsExitCall() {
		g.Call, g.Peer = g.Node, dir.PeerOf(g.Node)
		if g.Peer.IsKnown() {
			correctPeer(g, dir)
			if g.Peer.Service == "" && g.Peer.System == "" && g.Node.CallsStore() {
				g.Peer.System = semconv.SystemIn(g.Node.Name + " " + g.Peer.Host)
			}
			return
		}
	}
	if !g.Reason.IsOfCall() {
		return
	}
	named := peerIn(dir, g.Reason, g.Node.Service)
	if c := unansweredCall(g, groups, dir); c != nil && !dir.Knows(named.Service) {
		g.Peer = withSystem(dir.PeerOf(c), g.Reason)
		return
	}
	if g.Call == nil && (g.Reason.Means != vocabulary.Unreachable && g.IsAnswered() || isStoresAnswer(g) && !named.IsKnown()) {
		g.Call = answeredCall(g, groups, dir)
		if g.Call != nil && !named.IsKnown() {
			named = dir.PeerOf(g.Call)
		}
	}
	g.Peer = withSystem(named, g.Reason)
}

// correctPeer takes the message's word where a call reached someone, and its message names a peer
// that could not be reached: the span then stands for more than one call. It adds the system that
// the message betrays.
func correctPeer(g *Group, dir *trace.Directory) {
	if g.Reason.Means == vocabulary.Unreachable && g.Node.RemoteChild() != nil {
		if p := peerIn(dir, g.Reason, g.Node.Service); p.IsKnown() && !p.IsSame(g.Peer) {
			g.Peer = p
		}
	}
	if !isHTTP(g.Node) {
		g.Peer = withSystem(g.Peer, g.Reason)
	}
}

// isHTTP reports whether a call is known to be one over HTTP, which no database is asked by.
func isHTTP(n *trace.Node) bool {
	return n.Status.HTTP != 0 || semconv.IsHTTP(n.Attributes())
}

// isStoresAnswer reports whether the group's reason is what a store answers, or what clients read in the body of
// its answer.
func isStoresAnswer(g *Group) bool {
	return g.Reason.IsAnswer() && (g.Reason.Rank == vocabulary.RankLock || g.Reason.Rank == vocabulary.RankDatabase || g.Reason.System != "")
}

// unansweredCall is the failed call of the same service below a group that tells of a call without an answer:
// one that the group names, else the last one. What such a call says of its peer comes before any text.
func unansweredCall(g *Group, groups *Groups, dir *trace.Directory) *trace.Node {
	if g.IsAnswered() || g.Reason.Means != vocabulary.Unreachable && g.Reason.Means != vocabulary.TimedOut {
		return nil
	}
	return lastCallBelow(g, groups, dir, func(c *trace.Node) bool {
		failed := groups.Of(c)
		return failed != nil && !failed.IsAnswered() && !failed.Reason.IsAnswer()
	})
}

// answeredCall is the call of the same service below the group that its evidence names, else the
// last one that had ended by then.
func answeredCall(g *Group, groups *Groups, dir *trace.Directory) *trace.Node {
	return lastCallBelow(g, groups, dir, func(c *trace.Node) bool {
		return !(g.Reason.Cited.HTTP != 0 && c.CallsStore() || isStoresAnswer(g) && !c.CallsStore())
	})
}

// lastCallBelow is the fitting call of the same service below the group that its evidence names, else the
// last one that had ended by then.
func lastCallBelow(g *Group, groups *Groups, dir *trace.Directory, fits func(*trace.Node) bool) *trace.Node {
	var last *trace.Node
	named := false
	queue := []*trace.Node{g.Node}
	for i := 0; i < len(queue) && i < rules.MaxCalls; i++ {
		groups.steps.Take(1 + len(queue[i].Children))
		for _, c := range queue[i].Children {
			if c.Service != g.Node.Service {
				continue
			}
			queue = append(queue, c)
			if !c.IsExitCall() || c.End > g.Reason.Cited.time+trace.Instant(rules.ClockTolerance) || !fits(c) {
				continue
			}
			names := MentionsCall(g.Reason.Cited.Whole, c, dir)
			if last == nil || names && !named || names == named && c.End > last.End {
				last, named = c, names
			}
		}
	}
	return last
}

// withSystem adds the database that the evidence betrays.
func withSystem(p trace.Peer, r Reason) trace.Peer {
	if p.Service != "" {
		return p
	}
	if p.System == "" {
		p.System = r.System
	}
	if p.System == "" {
		p.System = semconv.SystemIn(r.Cited.Whole)
	}
	if p.System == "postgresql" && p.Namespace == "" {
		if m := pgDatabase.FindStringSubmatch(r.Cited.Whole); m != nil {
			p.Namespace = m[1]
		}
	}
	return p
}
