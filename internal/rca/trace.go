package rca

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// tree is a trace put together: every span and log in its place, and what is missing or odd.
type tree struct {
	trace *incident.Trace
	// nodes are in pre-order; roots in order of start, then ID.
	nodes     []*node
	roots     []*node
	byID      map[signal.SpanID]*node
	signals   Signals
	tolerance instant
	gaps      []incident.Gap
	conflicts []incident.Conflict
}

// assemble puts a trace together. The order of its records has no influence on the result.
func assemble(t *incident.Trace) *tree {
	tr := &tree{trace: t, signals: SignalsOf(t), byID: make(map[signal.SpanID]*node, len(t.Spans))}
	tr.addSpans(t.Spans)
	tr.linkParents()
	tr.breakCycles()
	tr.addLogs(t.Logs)
	tr.deriveKinds()
	tr.boundStandIns()
	tr.attachOrphans()
	tr.cutMessages()
	tr.tolerance = resolutionOf(t)
	tr.number()
	tr.correctSkew()
	for _, n := range tr.nodes {
		n.answer = answerOf(n)
	}
	if t.Truncated > 0 {
		tr.gap("truncated", fmt.Sprintf("%d records of trace %s were left out", t.Truncated, t.Key))
	}
	return tr
}

func (tr *tree) gap(kind, detail string) {
	tr.gaps = append(tr.gaps, incident.Gap{Kind: kind, Detail: detail})
}

// addSpans makes a node per span ID. Of different spans under one ID the smallest identity is
// meant; the others are conflicts.
func (tr *tree) addSpans(spans []*signal.Span) {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b *signal.Span) int {
		if c := cmp.Or(bytes.Compare(a.SpanID[:], b.SpanID[:]), bytes.Compare(a.ID[:], b.ID[:])); c != 0 {
			return c
		}
		return compareContent(a, b)
	})
	for i, s := range sorted {
		if n, ok := tr.byID[s.SpanID]; ok {
			tr.addConflict(n, s, sorted[i-1])
			continue
		}
		start := instantOf(s.Start)
		n := &node{
			span: s, id: s.SpanID, service: s.Service(), name: s.Name, kind: s.Kind,
			start: start, end: max(start, instantOf(s.End)),
		}
		tr.byID[s.SpanID] = n
		tr.nodes = append(tr.nodes, n)
	}
}

// compareContent orders spans without identities, as tests and tools may hand in.
func compareContent(a, b *signal.Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Service(), b.Service()),
		cmp.Compare(a.Name, b.Name), bytes.Compare(a.ParentSpanID[:], b.ParentSpanID[:]))
}

func (tr *tree) addConflict(meant *node, other, previous *signal.Span) {
	if other.ID == previous.ID {
		return
	}
	ref := spanRef(meant.span)
	if k := len(tr.conflicts) - 1; k >= 0 && tr.conflicts[k].Ref == ref {
		tr.conflicts[k].Others = append(tr.conflicts[k].Others, other.ID.String())
		return
	}
	tr.conflicts = append(tr.conflicts, incident.Conflict{Ref: ref, Others: []string{other.ID.String()}})
	tr.gap("duplicate_span", fmt.Sprintf("different spans share the ID %s; the smallest identity is meant", meant.id))
}

// linkParents hangs every span below its parent, making a stand-in for each parent that was not
// received.
func (tr *tree) linkParents() {
	for _, n := range slices.Clone(tr.nodes) {
		id := n.span.ParentSpanID
		if id.IsZero() {
			continue
		}
		p, ok := tr.byID[id]
		if !ok {
			p = tr.standIn(id)
		}
		n.parent = p
	}
}

func (tr *tree) standIn(id signal.SpanID) *node {
	n := &node{id: id}
	tr.byID[id] = n
	tr.nodes = append(tr.nodes, n)
	return n
}

// breakCycles cuts each parent cycle above its earliest span (ties: smallest ID), so that it
// becomes a root.
func (tr *tree) breakCycles() {
	const unseen, onPath, done = 0, 1, 2
	state := make(map[*node]int, len(tr.nodes))
	for _, n := range tr.nodes {
		var path []*node
		at := n
		for at != nil && state[at] == unseen {
			state[at] = onPath
			path = append(path, at)
			at = at.parent
		}
		if at != nil && state[at] == onPath {
			cycle := path[slices.Index(path, at):]
			first := slices.MinFunc(cycle, compareNodes)
			first.parent = nil
			tr.gap("parent_cycle", fmt.Sprintf("%d spans name each other as parents; the earliest, %s, is taken as a root",
				len(cycle), first.id))
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

func compareNodes(a, b *node) int {
	return cmp.Or(cmp.Compare(a.start, b.start), bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.service, b.service))
}

// number orders children and gives pre-order numbers, without recursion: traces may be deep.
func (tr *tree) number() {
	tr.roots = tr.roots[:0]
	for _, n := range tr.nodes {
		n.children = n.children[:0]
	}
	for _, n := range tr.nodes {
		if n.parent == nil {
			tr.roots = append(tr.roots, n)
		} else {
			n.parent.children = append(n.parent.children, n)
		}
	}
	slices.SortFunc(tr.roots, compareNodes)
	for _, n := range tr.roots {
		if n.producer != nil {
			n.producer.consumers = append(n.producer.consumers, n)
		}
	}
	for _, n := range tr.nodes {
		slices.SortFunc(n.children, compareNodes)
	}
	ordered := make([]*node, 0, len(tr.nodes))
	stack := slices.Clone(tr.roots)
	slices.Reverse(stack)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n.order, n.last = len(ordered), len(ordered)
		ordered = append(ordered, n)
		for _, c := range slices.Backward(n.children) {
			stack = append(stack, c)
		}
	}
	for _, n := range slices.Backward(ordered) {
		if n.parent != nil {
			n.parent.last = max(n.parent.last, n.last)
		}
	}
	tr.nodes = ordered
}

// minTolerance is how far clocks of one system may differ without meaning anything.
const minTolerance = instant(5_000_000)

// resolutionOf is the tolerance of a trace: the resolution of its timestamps, at least 5 ms.
func resolutionOf(t *incident.Trace) instant {
	steps := []signal.Nanos{1_000_000_000, 100_000_000, 10_000_000}
	for _, step := range steps {
		if len(t.Spans)+len(t.Logs) > 1 && allMultiples(t, step) {
			return max(minTolerance, instantOf(step))
		}
	}
	return minTolerance
}

func allMultiples(t *incident.Trace, step signal.Nanos) bool {
	for _, s := range t.Spans {
		if s.Start%step != 0 || s.End%step != 0 {
			return false
		}
	}
	for _, l := range t.Logs {
		if l.EventTime()%step != 0 {
			return false
		}
	}
	return true
}
