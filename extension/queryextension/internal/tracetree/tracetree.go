// Package tracetree puts a trace as package trace arranges it into the lines that people read: parents
// before children, brothers by start, logs between them by time, duplicates beside the span that is
// meant. It shows what was received and what is missing; it draws no conclusion.
package tracetree

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Tree is one trace in reading order.
type Tree struct {
	ID    signal.TraceID
	Roots []*Node
	// Loose are the logs that name no span, by time.
	Loose []*signal.Log
	// Spans and Logs count the records received, Truncated those the loader left out.
	Spans, Logs, Truncated int
	// Services are sorted.
	Services []string
	// Start and End span all records with a time.
	Start, End signal.Nanos

	errors map[*signal.Log]bool // the logs that are error signals
}

// Node is one span, received or not.
type Node struct {
	// Span is nil where the span was never received: only its children, or its logs, name it.
	Span   *signal.Span
	SpanID signal.SpanID
	// Service is "" where nothing tells it.
	Service string
	// Start and End are by the clock of the span's service.
	Start, End signal.Nanos
	Children   []*Node
	Logs       []*signal.Log
	// Duplicate is set if another record with this span ID was received and is the one meant.
	Duplicate bool
	// Cycle is set if the span's parents lead back to it; it is shown as a root.
	Cycle bool
	// Failed is set if the span or one of its logs is an error signal.
	Failed bool
	// Below counts the spans under this one, FailedBelow the failed among them.
	Below, FailedBelow int

	parent *Node
}

// Item is one line of a tree: a span, or a log (then Node is the span it belongs to, nil if none).
type Item struct {
	Depth int
	Node  *Node
	Log   *signal.Log
}

// Build arranges a trace. Equal traces give equal trees, whatever the order of their records.
func Build(t *incident.Trace) *Tree {
	arranged := trace.Arrange(t)
	signals := failure.SignalsOf(t)
	tree := &Tree{
		ID: t.ID, Spans: len(t.Spans), Logs: len(t.Logs), Truncated: t.Truncated, Loose: arranged.Loose, errors: map[*signal.Log]bool{},
	}
	for _, l := range t.Logs {
		if signals.IsLog(l) {
			tree.errors[l] = true
		}
	}
	nodes := make([]*Node, 0, len(arranged.Nodes)+len(arranged.Duplicates))
	for _, n := range arranged.Nodes { // parents first, children in order
		shown := tree.nodeOf(n, signals)
		nodes = append(nodes, shown)
		if n.Parent == nil {
			tree.Roots = append(tree.Roots, shown)
		} else {
			nodes[n.Parent.Index].adopt(shown)
		}
	}
	for _, s := range arranged.Duplicates {
		shown := spanNode(s, signals)
		shown.Duplicate = true
		nodes = append(nodes, shown)
		if parent := arranged.NodeOf(s.ParentSpanID); parent != nil && !s.ParentSpanID.IsZero() {
			nodes[parent.Index].adopt(shown)
			slices.SortFunc(nodes[parent.Index].Children, compareNodes)
		} else {
			tree.Roots = append(tree.Roots, shown)
			slices.SortFunc(tree.Roots, compareNodes)
		}
	}
	for _, n := range slices.Backward(nodes) { // duplicates have no children, so that these still come first
		if p := n.parent; p != nil {
			p.Below += 1 + n.Below
			p.FailedBelow += n.FailedBelow
			if n.Failed {
				p.FailedBelow++
			}
		}
	}
	tree.sumUp(nodes, t.Logs)
	return tree
}

func (t *Tree) nodeOf(n *trace.Node, signals failure.Signals) *Node {
	shown := &Node{SpanID: n.ID, Service: n.Service, Start: nanosOf(n.Start), End: nanosOf(n.End)}
	if n.IsReceived() {
		shown = spanNode(n.Span, signals)
	}
	shown.Logs, shown.Cycle = n.Logs, n.Cut
	shown.Failed = shown.Failed || slices.ContainsFunc(n.Logs, t.IsError)
	return shown
}

func spanNode(s *signal.Span, signals failure.Signals) *Node {
	return &Node{Span: s, SpanID: s.SpanID, Service: s.Service(), Start: s.Start, End: s.End, Failed: len(signals.OfSpan(s)) > 0}
}

func (n *Node) adopt(child *Node) {
	child.parent = n
	n.Children = append(n.Children, child)
}

// IsError reports whether a log of the trace is an error signal.
func (t *Tree) IsError(l *signal.Log) bool { return t.errors[l] }

func nanosOf(i trace.Instant) signal.Nanos { return signal.Nanos(max(i, 0)) }

// Items walks the tree in reading order.
func (t *Tree) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		next := 0 // of t.Loose
		for _, root := range t.Roots {
			for ; next < len(t.Loose) && t.Loose[next].EventTime() < root.Start; next++ {
				if !yield(Item{Log: t.Loose[next]}) {
					return
				}
			}
			if !root.walk(0, yield) {
				return
			}
		}
		for _, l := range t.Loose[next:] {
			if !yield(Item{Log: l}) {
				return
			}
		}
	}
}

func (n *Node) walk(depth int, yield func(Item) bool) bool {
	if !yield(Item{Depth: depth, Node: n}) {
		return false
	}
	next := 0 // of n.Logs
	for _, child := range n.Children {
		for ; next < len(n.Logs) && n.Logs[next].EventTime() < child.Start; next++ {
			if !yield(Item{Depth: depth + 1, Node: n, Log: n.Logs[next]}) {
				return false
			}
		}
		if !child.walk(depth+1, yield) {
			return false
		}
	}
	for _, l := range n.Logs[next:] {
		if !yield(Item{Depth: depth + 1, Node: n, Log: l}) {
			return false
		}
	}
	return true
}

// sumUp collects the services and the times of what was received.
func (t *Tree) sumUp(nodes []*Node, logs []*signal.Log) {
	services := map[string]bool{}
	for _, n := range nodes {
		if n.Span != nil {
			services[n.Service] = true
		}
	}
	for _, l := range logs {
		services[l.Service()] = true
	}
	t.coverAll(nodes, logs, signal.Nanos.IsCredible)
	if t.Start == 0 {
		t.coverAll(nodes, logs, func(at, _ signal.Nanos) bool { return at != 0 })
	}
	for s := range services {
		t.Services = append(t.Services, s)
	}
	slices.Sort(t.Services)
}

// coverAll spans the times that count, given when their records were received.
func (t *Tree) coverAll(nodes []*Node, logs []*signal.Log, counts func(at, received signal.Nanos) bool) {
	cover := func(received signal.Nanos, times ...signal.Nanos) {
		for _, at := range times {
			if !counts(at, received) {
				continue
			}
			if t.Start == 0 || at < t.Start {
				t.Start = at
			}
			t.End = max(t.End, at)
		}
	}
	for _, n := range nodes {
		if n.Span != nil {
			cover(n.Span.ReceivedAt, n.Start, n.End)
		}
	}
	for _, l := range logs {
		cover(l.ReceivedAt, l.EventTime())
	}
}

// compareNodes orders nodes as package trace does, duplicates of one time by identity.
func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.SpanID[:], b.SpanID[:]), bytes.Compare(a.identity(), b.identity()))
}

func (n *Node) identity() []byte {
	if n.Span == nil {
		return nil
	}
	return n.Span.ID[:]
}
