package trace

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Arrange puts a trace together as it was recorded, for whoever shows it or checks what others
// concluded from it: nothing is guessed. Spans that were not received stay roots, messages stay below
// their senders, logs that name no span stay apart, and times are those of the records, until
// CorrectClocks.
func Arrange(t *incident.Trace) *Tree {
	tr := newTree(t)
	tr.addSpans(t.Spans)
	tr.linkParents()
	tr.breakCycles()
	placeNamedLogs(tr, t.Logs)
	boundStandIns(tr)
	tr.numberNodes()
	linkMessages(tr)
	listConsumers(tr)
	findCallsOfTransports(tr)
	return tr
}

// CorrectClocks moves the times of services whose clocks are provably off, and orders the nodes by the
// corrected times. It is to be called once.
func (tr *Tree) CorrectClocks() {
	correctSkew(tr)
	tr.numberNodes()
}

// placeNamedLogs gives every log to the span it names.
func placeNamedLogs(tr *Tree, logs []*signal.Log) {
	sorted := slices.Clone(logs)
	slices.SortFunc(sorted, compareLogs)
	for _, l := range sorted {
		span := failure.ContextOf(l).Span
		if span.IsZero() {
			tr.Loose = append(tr.Loose, l)
			continue
		}
		n := tr.NodeMeant(span, l.Service())
		if n == nil {
			n = tr.addStandIn(span)
		}
		n.Logs = append(n.Logs, l)
	}
	nameGhosts(tr)
}

// linkMessages finds the spans that sent what consumers work on: their parents, else what they link to.
func linkMessages(tr *Tree) {
	for _, n := range tr.Nodes {
		if n.Kind != signal.KindConsumer || !n.IsReceived() {
			continue
		}
		if p := n.Parent; p != nil && p.Kind == signal.KindProducer {
			n.Producer = p
		}
		for _, l := range n.Span.Links {
			if p := tr.byID[l.SpanID]; n.Producer == nil && p != nil && p != n && l.TraceID == n.Span.TraceID {
				n.Producer = p
			}
		}
	}
}
