package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// deriveKinds tells servers and clients apart where spans do not say: the first span of a service
// below another service serves, and what it hangs below calls, unless that serves itself or does
// more than this one call.
func (tr *tree) deriveKinds() {
	var entered []*node
	children := make(map[*node]int)
	for _, n := range tr.nodes {
		children[n.parent]++
		if p := n.parent; p != nil && p.service != "" && p.service != n.service && undecided(n.kind) {
			entered = append(entered, n)
		}
	}
	for _, n := range entered {
		n.kind = signal.KindServer
	}
	for _, n := range entered {
		if undecided(n.parent.kind) && children[n.parent] == 1 {
			n.parent.kind = signal.KindClient
		}
	}
}

func undecided(k signal.SpanKind) bool {
	return k == signal.KindUnspecified || k == signal.KindInternal
}

func isServing(k signal.SpanKind) bool {
	return k == signal.KindServer || k == signal.KindConsumer
}

// isExitCall tells whether the span is a call out of its service: by its kind, or because it names
// a peer below a span of its own service that is no call itself.
func isExitCall(n *node) bool {
	return isClient(n.kind) ||
		n.received() && n.parent != nil && n.parent.service == n.service && !isClient(n.parent.kind) && semconv.NamesPeer(n.span.Attributes)
}

func isClient(k signal.SpanKind) bool { return k == signal.KindClient || k == signal.KindProducer }

// isStore tells whether the span calls a database or cache, which records no spans itself.
func isStore(n *node) bool {
	return semconv.DBSystem(n.attributes()) != "" ||
		n.remoteChild() == nil && vocabulary.SystemIn(n.name+" "+peerHint(n)) != ""
}

// cutMessages separates a consumer from the producer, which may be of the same service: no failure
// goes back to it.
func (tr *tree) cutMessages() {
	for _, n := range tr.nodes {
		if n.kind == signal.KindConsumer && n.parent != nil && (n.entersService() || n.parent.kind == signal.KindProducer) {
			n.producer, n.parent = n.parent, nil
		}
	}
}
