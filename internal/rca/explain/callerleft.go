package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// findCallersWhoLeft tells the connection on which a request came in from those of calls: a server of which a
// span that is no call says that an open connection was reset, that had no answer of failure, and of which no
// call is recorded that failed, was left by its caller.
func findCallersWhoLeft(x *Explanation) {
	for _, g := range x.Groups.All {
		entry := g.Node.LocalRoot
		if entry == nil || !entry.IsServing() || g.Node.IsExitCall() || !x.isFailure(g) || !g.Reason.IsReset() || !mayBeCaller(g.Peer) {
			continue
		}
		if !entry.Status.IsServerFailure() && !hasFailedCall(x, entry) {
			g.Reason = evidence.Reason{Match: vocabulary.Of(vocabulary.CallerLeft), Cited: g.Reason.Cited}
		}
	}
}

// mayBeCaller reports whether what a text says of the other end of a connection may be who called: nothing, or
// an address and no name.
func mayBeCaller(p trace.Peer) bool {
	return !p.IsKnown() || p.Service == "" && p.System == "" && address.IsNumeric(address.Normal(address.Split(p.Host)))
}

// hasFailedCall reports whether a call of the node's service below it failed.
func hasFailedCall(x *Explanation, n *trace.Node) bool {
	for _, b := range groupsUnder(x, n) {
		x.budget--
		if x.budget <= 0 || b.Node != n && b.Node.Service == n.Service && b.Node.IsExitCall() && x.isFailure(b) {
			return true
		}
	}
	return false
}
