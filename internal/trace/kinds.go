package trace

import (
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// deriveKinds separates servers from clients where spans do not say: the first span of a service
// below another service serves, and what it hangs below calls, unless that serves itself or does
// more than this one call.
func deriveKinds(tr *Tree) {
	var entered []*Node
	children := make(map[*Node]int)
	for _, n := range tr.Nodes {
		children[n.Parent]++
		if p := n.Parent; p != nil && p.Service != "" && p.Service != n.Service && isUndecided(n.Kind) {
			entered = append(entered, n)
		}
	}
	for _, n := range entered {
		n.Kind = signal.KindServer
	}
	for _, n := range entered {
		if isUndecided(n.Parent.Kind) && children[n.Parent] == 1 {
			n.Parent.Kind = signal.KindClient
		}
	}
}

// isUndecided reports whether a kind leaves open what a span is to its callers.
func isUndecided(k signal.SpanKind) bool {
	return k == signal.KindUnspecified || k == signal.KindInternal
}

// IsServing reports whether the span works on a request or message that came from outside it.
func (n *Node) IsServing() bool {
	return n.Kind == signal.KindServer || n.Kind == signal.KindConsumer
}

// KindUndecided reports whether neither the span nor its place says what it is to its callers.
func (n *Node) KindUndecided() bool { return isUndecided(n.Kind) }

func isClient(k signal.SpanKind) bool { return k == signal.KindClient || k == signal.KindProducer }
