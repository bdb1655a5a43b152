package trace

import "github.com/prodsentinel/prodsentinel/internal/signal"

// separateMessages separates a consumer from its producer, which may be of the same service: no failure
// goes back to it.
func separateMessages(tr *Tree) {
	for _, n := range tr.Nodes {
		if n.Kind == signal.KindConsumer && n.Parent != nil && (n.EntersService() || n.Parent.Kind == signal.KindProducer) {
			n.Producer, n.Parent = n.Parent, nil
		}
	}
}

// listConsumers gives producers the consumers of what they sent, in the order of nodes.
func listConsumers(tr *Tree) {
	for _, n := range tr.Nodes {
		if n.Producer != nil {
			n.Producer.Consumers = append(n.Producer.Consumers, n)
		}
	}
}
