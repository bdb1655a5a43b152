// Package trace puts the records of one trace together: spans below their parents, stand-ins for those
// that were not received, logs in their place, clocks corrected. It holds what was recorded and what
// follows from the structure alone; it concludes nothing about failures, and nothing in it points to
// what others conclude.
package trace

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/steps"
)

// Tree is a trace put together: every span and log in its place, and what is missing or odd.
type Tree struct {
	// Trace is what the tree was made of.
	Trace *incident.Trace
	// Nodes are in pre-order, so that a node's index is its place here.
	Nodes []*Node
	// Roots are ordered by start, then ID.
	Roots []*Node
	// Tolerance is by how much times may differ without meaning anything.
	Tolerance Instant
	// Gaps are what is missing, conflicts the references that more than one span has.
	Gaps      []incident.Gap
	Conflicts []incident.Conflict
	// Duplicates are the received spans that no node stands for: another with their ID is meant.
	Duplicates []*signal.Span
	// Loose are the logs that name no span, where Arrange left them apart; ordered as those of nodes.
	Loose []*signal.Log

	// Steps counts what is done on the tree, nil where that is not bounded.
	Steps *steps.Counter

	byID map[signal.SpanID]*Node
	// callers are the client halves of shared span IDs, of which byID has the server half.
	callers map[signal.SpanID]*Node
	clocks  map[string]Clock
}

func newTree(t *incident.Trace) *Tree {
	return &Tree{Trace: t, byID: make(map[signal.SpanID]*Node, len(t.Spans)), Tolerance: toleranceOf(t)}
}

// NodeOf is the span or stand-in of an ID, nil where the trace has none; of a shared ID it is the callee.
func (tr *Tree) NodeOf(id signal.SpanID) *Node { return tr.byID[id] }

// HasService reports whether any record of the service is in the trace.
func (tr *Tree) HasService(service string) bool {
	return slices.ContainsFunc(tr.Nodes, func(n *Node) bool { return n.Service == service })
}

func (tr *Tree) addGap(kind, detail string) {
	tr.Gaps = append(tr.Gaps, incident.Gap{Kind: kind, Detail: detail})
}

// addSpans makes a node per span ID, two where callee and caller share one. Of different spans that would
// be the same node the smallest identity is meant; the others are conflicts.
func (tr *Tree) addSpans(spans []*signal.Span) {
	tr.Steps.TakeSort(len(spans))
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b *signal.Span) int {
		if c := cmp.Or(bytes.Compare(a.SpanID[:], b.SpanID[:]), bytes.Compare(a.ID[:], b.ID[:])); c != 0 {
			return c
		}
		return compareContent(a, b)
	})
	for i, s := range sorted {
		n, taken := tr.byID[s.SpanID]
		switch {
		case !taken:
			tr.byID[s.SpanID] = tr.addSpan(s)
		case tr.callers[s.SpanID] == nil && areHalves(n.Span, s):
			tr.share(n, tr.addSpan(s))
		default:
			tr.addConflict(n, s, sorted[i-1])
		}
	}
}

func (tr *Tree) addSpan(s *signal.Span) *Node {
	start := InstantOf(s.Start)
	n := &Node{
		Span: s, ID: s.SpanID, Service: s.Service(), Name: s.Name, Kind: s.Kind,
		Start: start, End: max(start, InstantOf(s.End)), Status: semconv.StatusOf(s.Attributes),
	}
	n.transport = semconv.IsTransport(n.Instrumentation().Scope, n.Name, s.Attributes)
	tr.Nodes = append(tr.Nodes, n)
	return n
}

// compareContent orders spans without identities, as tests and tools may hand in.
func compareContent(a, b *signal.Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Service(), b.Service()),
		cmp.Compare(a.Name, b.Name), bytes.Compare(a.ParentSpanID[:], b.ParentSpanID[:]))
}

func (tr *Tree) addConflict(meant *Node, other, previous *signal.Span) {
	tr.Duplicates = append(tr.Duplicates, other)
	if other.ID == previous.ID {
		return
	}
	ref := SpanRef(meant.Span)
	if k := len(tr.Conflicts) - 1; k >= 0 && tr.Conflicts[k].Ref == ref {
		tr.Conflicts[k].Others = append(tr.Conflicts[k].Others, other.ID.String())
		return
	}
	tr.Conflicts = append(tr.Conflicts, incident.Conflict{Ref: ref, Others: []string{other.ID.String()}})
	tr.addGap("duplicate_span", fmt.Sprintf("different spans share the ID %s; the smallest identity is meant", meant.ID))
}

// linkParents hangs every span below its parent, making a stand-in for each parent that was not
// received.
func (tr *Tree) linkParents() {
	tr.Steps.Take(len(tr.Nodes))
	for _, n := range slices.Clone(tr.Nodes) {
		if caller := tr.callers[n.ID]; caller != nil && caller != n {
			n.Parent = caller
			continue
		}
		id := n.Span.ParentSpanID
		if id.IsZero() {
			continue
		}
		n.Parent = tr.NodeMeant(id, n.Service)
		if n.Parent == nil {
			n.Parent = tr.addStandIn(id)
		}
	}
}

// addStandIn adds a node for a span that others name and that was not received.
func (tr *Tree) addStandIn(id signal.SpanID) *Node {
	n := &Node{ID: id}
	tr.byID[id] = n
	tr.Nodes = append(tr.Nodes, n)
	return n
}

// breakCycles cuts each parent cycle above its earliest span (ties: smallest ID), so that it
// becomes a root.
func (tr *Tree) breakCycles() {
	const unseen, onPath, done = 0, 1, 2
	state := make(map[*Node]int, len(tr.Nodes))
	for _, n := range tr.Nodes {
		var path []*Node
		at := n
		for at != nil && state[at] == unseen {
			tr.Steps.Take(1)
			state[at] = onPath
			path = append(path, at)
			at = at.Parent
		}
		if at != nil && state[at] == onPath {
			cycle := path[slices.Index(path, at):]
			first := slices.MinFunc(cycle, compareNodes)
			first.Parent, first.Cut = nil, true
			tr.addGap("parent_cycle", fmt.Sprintf("%d spans name each other as parents; the earliest, %s, is taken as a root",
				len(cycle), first.ID))
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

// numberNodes orders children and numbers the nodes in pre-order, without recursion: traces may be deep.
func (tr *Tree) numberNodes() {
	tr.Roots = tr.Roots[:0]
	for _, n := range tr.Nodes {
		n.Children = n.Children[:0]
	}
	for _, n := range tr.Nodes {
		if n.Parent == nil {
			tr.Roots = append(tr.Roots, n)
		} else {
			n.Parent.Children = append(n.Parent.Children, n)
		}
	}
	slices.SortFunc(tr.Roots, compareNodes)
	tr.Steps.TakeSort(len(tr.Roots))
	for _, n := range tr.Nodes {
		tr.Steps.TakeSort(len(n.Children))
		slices.SortFunc(n.Children, compareNodes)
	}
	ordered := make([]*Node, 0, len(tr.Nodes))
	stack := slices.Clone(tr.Roots)
	slices.Reverse(stack)
	for len(stack) > 0 {
		tr.Steps.Take(1)
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n.Index, n.Last = len(ordered), len(ordered)
		setRoots(n)
		ordered = append(ordered, n)
		for _, c := range slices.Backward(n.Children) {
			stack = append(stack, c)
		}
	}
	for _, n := range slices.Backward(ordered) {
		if n.Parent != nil {
			n.Parent.Last = max(n.Parent.Last, n.Last)
		}
	}
	tr.Nodes = ordered
}

// setRoots derives the node's roots from those of its parent, which comes before it in pre-order:
// walking up from every node would be quadratic on deep traces.
func setRoots(n *Node) {
	n.Root, n.LocalRoot = n, n
	if n.Parent != nil {
		n.Root = n.Parent.Root
	}
	if !n.EntersService() {
		n.LocalRoot = n.Parent.LocalRoot
	}
}
