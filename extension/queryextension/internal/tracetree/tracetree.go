// Package tracetree puts the spans and logs of one trace into the order in which people read it:
// parents before children, brothers by start, logs between them by time. It shows what was
// received and what is missing; it draws no conclusion.
package tracetree

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
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
}

// Node is one span, received or not.
type Node struct {
	// Span is nil where the span was never received: only its children, or its logs, name it.
	Span   *signal.Span
	SpanID signal.SpanID
	// Service is "" where nothing tells it.
	Service    string
	Start, End signal.Nanos
	Children   []*Node
	Logs       []*signal.Log
	// Duplicate tells that another record with this span ID was received and is the one meant.
	Duplicate bool
	// Cycle tells that its parents lead back to itself; it is shown as a root.
	Cycle bool
	// Failed tells that the span or one of its logs reports an error.
	Failed bool
	// Below counts the spans under this one, FailedBelow the failed among them.
	Below, FailedBelow int
}

// Item is one line of a tree: a span, or a log (then Node is the span it belongs to, nil if none).
type Item struct {
	Depth int
	Node  *Node
	Log   *signal.Log
}

// Build arranges a trace. Equal traces give equal trees, whatever the order of their records.
func Build(t *incident.Trace) *Tree {
	b := builder{
		tree:  &Tree{ID: t.ID, Spans: len(t.Spans), Logs: len(t.Logs), Truncated: t.Truncated},
		nodes: make(map[signal.SpanID]*Node, len(t.Spans)),
	}
	b.addSpans(t.Spans)
	b.addLogs(t.Logs)
	b.link()
	b.breakCycles()
	b.finish()
	return b.tree
}

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

type builder struct {
	tree       *Tree
	nodes      map[signal.SpanID]*Node
	received   []*Node
	duplicates []*Node
}

// addSpans makes a node of every span; of several with one ID the smallest identity is meant.
func (b *builder) addSpans(spans []*signal.Span) {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(x, y *signal.Span) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	for _, s := range sorted {
		n := &Node{
			Span: s, SpanID: s.SpanID, Service: s.Service(), Start: s.Start, End: s.End,
			Failed: spanFailed(s),
		}
		if _, taken := b.nodes[s.SpanID]; taken {
			n.Duplicate = true
			b.duplicates = append(b.duplicates, n)
			continue
		}
		b.nodes[s.SpanID] = n
		b.received = append(b.received, n)
	}
}

// addLogs hangs logs on their spans; a span known only from logs becomes a node of its own.
func (b *builder) addLogs(logs []*signal.Log) {
	for _, l := range logs {
		if l.SpanID.IsZero() {
			b.tree.Loose = append(b.tree.Loose, l)
			continue
		}
		n := b.nodes[l.SpanID]
		if n == nil {
			n = &Node{SpanID: l.SpanID, Service: l.Service()}
			b.nodes[l.SpanID] = n
		}
		if n.Span == nil {
			n.cover(l.EventTime(), l.EventTime())
		}
		n.Logs = append(n.Logs, l)
		n.Failed = n.Failed || logFailed(l)
	}
	slices.SortFunc(b.tree.Loose, compareLogs)
	for _, n := range b.nodes {
		slices.SortFunc(n.Logs, compareLogs)
	}
}

// link gives every node its parent; a parent nobody received becomes a node without a span.
func (b *builder) link() {
	for _, n := range append(b.received, b.duplicates...) {
		parentID := n.Span.ParentSpanID
		if parentID.IsZero() {
			b.tree.Roots = append(b.tree.Roots, n)
			continue
		}
		parent := b.nodes[parentID]
		if parent == nil {
			parent = &Node{SpanID: parentID}
			b.nodes[parentID] = parent
		}
		if parent.Span == nil {
			parent.cover(n.Start, n.End)
		}
		parent.Children = append(parent.Children, n)
	}
	for _, n := range b.nodes {
		if n.Span == nil {
			b.tree.Roots = append(b.tree.Roots, n)
		}
		slices.SortFunc(n.Children, compareNodes)
	}
	slices.SortFunc(b.tree.Roots, compareNodes)
}

// breakCycles makes the earliest span of every circle of parents a root.
func (b *builder) breakCycles() {
	seen := make(map[*Node]bool, len(b.nodes))
	for _, root := range b.tree.Roots {
		markReachable(root, seen)
	}
	if len(seen) == len(b.nodes)+len(b.duplicates) {
		return
	}
	var lost []*Node
	for _, n := range b.received {
		if !seen[n] {
			lost = append(lost, n)
		}
	}
	slices.SortFunc(lost, compareNodes)
	for _, n := range lost {
		if seen[n] {
			continue
		}
		parent := b.nodes[n.Span.ParentSpanID]
		parent.Children = slices.DeleteFunc(parent.Children, func(c *Node) bool { return c == n })
		n.Cycle = true
		b.tree.Roots = append(b.tree.Roots, n)
		markReachable(n, seen)
	}
}

func markReachable(n *Node, seen map[*Node]bool) {
	stack := []*Node{n}
	for len(stack) > 0 {
		n = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		stack = append(stack, n.Children...)
	}
}

// finish sums up what lies below each node and what the tree spans.
func (b *builder) finish() {
	services := map[string]bool{}
	for _, root := range b.tree.Roots {
		root.sum()
	}
	for item := range b.tree.Items() {
		switch {
		case item.Log != nil:
			services[item.Log.Service()] = true
			b.tree.cover(item.Log.EventTime(), item.Log.EventTime())
		case item.Node.Span != nil:
			services[item.Node.Service] = true
			b.tree.cover(item.Node.Start, item.Node.End)
		}
	}
	for s := range services {
		b.tree.Services = append(b.tree.Services, s)
	}
	slices.Sort(b.tree.Services)
}

func (n *Node) sum() {
	for _, c := range n.Children {
		c.sum()
		n.Below += 1 + c.Below
		n.FailedBelow += c.FailedBelow
		if c.Failed {
			n.FailedBelow++
		}
	}
}

func (n *Node) cover(start, end signal.Nanos) { widen(&n.Start, &n.End, start, end) }

func (t *Tree) cover(start, end signal.Nanos) { widen(&t.Start, &t.End, start, end) }

func widen(from, to *signal.Nanos, start, end signal.Nanos) {
	if start != 0 && (*from == 0 || start < *from) {
		*from = start
	}
	*to = max(*to, start, end)
}

func spanFailed(s *signal.Span) bool {
	if s.StatusCode == signal.StatusError {
		return true
	}
	return slices.ContainsFunc(s.Events, func(e signal.Event) bool { return e.Name == semconv.ExceptionEvent })
}

func logFailed(l *signal.Log) bool {
	return l.Severity >= signal.SeverityError || l.EventName == semconv.ExceptionEvent
}

func compareNodes(a, b *Node) int {
	if c := cmp.Compare(a.Start, b.Start); c != 0 {
		return c
	}
	if c := bytes.Compare(a.SpanID[:], b.SpanID[:]); c != 0 {
		return c
	}
	return bytes.Compare(a.identity(), b.identity())
}

func (n *Node) identity() []byte {
	if n.Span == nil {
		return nil
	}
	return n.Span.ID[:]
}

func compareLogs(a, b *signal.Log) int {
	if c := cmp.Compare(a.EventTime(), b.EventTime()); c != 0 {
		return c
	}
	return bytes.Compare(a.ID[:], b.ID[:])
}
