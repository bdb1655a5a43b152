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
	calling := entriesWithFailedCall(x)
	for _, g := range x.Groups.All {
		entry := g.Node.LocalRoot
		if entry == nil || !entry.IsServing() || g.Node.IsExitCall() || !x.isFailure(g) || !g.Reason.IsReset() || !mayBeCaller(g.Peer) {
			continue
		}
		if !entry.Status.IsServerFailure() && !calling[entry] {
			g.Reason = evidence.Reason{Match: vocabulary.Of(vocabulary.CallerLeft), Cited: g.Reason.Cited}
		}
	}
}

// mayBeCaller reports whether what a text says of the other end of a connection may be who called: nothing, or
// an address and no name.
func mayBeCaller(p trace.Peer) bool {
	return !p.IsKnown() || p.Service == "" && p.System == "" && address.IsNumeric(address.Normal(address.Split(p.Host)))
}

// entriesWithFailedCall are the spans at which a service was entered and one of its calls failed then.
func entriesWithFailedCall(x *Explanation) map[*trace.Node]bool {
	entries := map[*trace.Node]bool{}
	for _, b := range x.Groups.All {
		if b.Node.IsExitCall() && b.Node != b.Node.LocalRoot && x.isFailure(b) {
			entries[b.Node.LocalRoot] = true
		}
	}
	return entries
}
