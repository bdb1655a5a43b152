package claims

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// wasRepeated reports whether the same call was made again in the same request and went well: it says so, or
// is not marked as an error where the first was.
func wasRepeated(t *dossier.Trace, n *trace.Node) bool {
	root := n.LocalRoot
	return slices.ContainsFunc(t.Nodes, func(s *trace.Node) bool {
		return s != n && s.Service == n.Service && s.Name == n.Name && s.Start >= n.Start && root.Covers(s) && s.IsExitCall() &&
			(endedWell(t, s) || spanFailed(t, n) && !t.Failed(s)) && asksSame(n, s)
	})
}

func asksSame(a, b *trace.Node) bool {
	if a.Span == nil || b.Span == nil {
		return false
	}
	ca, cb := a.Callees(), b.Callees()
	if len(ca) > 0 && len(cb) > 0 && (ca[0].Service != cb[0].Service || ca[0].Name != cb[0].Name) {
		return false
	}
	hostA, portA := semconv.PeerAddress(a.Span.Attributes)
	hostB, portB := semconv.PeerAddress(b.Span.Attributes)
	return hostA == hostB && portA == portB &&
		semconv.PeerNamespace(a.Span.Attributes) == semconv.PeerNamespace(b.Span.Attributes) &&
		semconv.RequestOf(a.Span.Attributes) == semconv.RequestOf(b.Span.Attributes)
}
