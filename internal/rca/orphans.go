package rca

import (
	"fmt"
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// boundStandIns gives stand-ins the service and time that their logs and children prove.
func (tr *tree) boundStandIns() {
	slices.SortFunc(tr.nodes, compareNodes)
	first := make(map[*node]bool)
	widen := func(n *node, start, end instant) {
		if !first[n] {
			n.start, n.end, first[n] = start, end, true
			return
		}
		n.start, n.end = min(n.start, start), max(n.end, end)
	}
	for _, n := range tr.nodes {
		if n.ghost() {
			widen(n, instantOf(n.logs[0].EventTime()), instantOf(n.logs[len(n.logs)-1].EventTime()))
		}
		if p := n.parent; p != nil && !p.received() && n.received() {
			widen(p, n.start, n.end)
		}
	}
	for _, n := range tr.nodes {
		p := n.parent
		if p == nil || p.received() || p.service != "" || isServing(n.kind) {
			continue
		}
		p.service = n.service // only serving spans have their parent elsewhere
	}
}

// attachOrphans hangs each stand-in below the call that most likely led to it: the innermost open
// call without a recorded callee, preferring one that names the stand-in's service, else the
// innermost span around it. The parent is marked as guessed.
func (tr *tree) attachOrphans() {
	slices.SortFunc(tr.nodes, compareNodes)
	calls, spans := tr.openEnds()
	for _, s := range tr.nodes {
		if s.received() || s.parent != nil {
			continue
		}
		parent := callLeadingTo(s, calls)
		if parent == nil {
			parent = spanAround(s, spans)
		}
		if parent != nil {
			s.parent, s.guessed = parent, true
			lead(s).leader = lead(parent)
		}
		if len(tr.trace.Spans) > 0 && !s.id.IsZero() && !s.ghost() {
			tr.gap("missing_parent", fmt.Sprintf("span %s, named as a parent, was not received", s.id))
		}
	}
}

// openEnds lists calls without a recorded callee and all received spans, by start.
func (tr *tree) openEnds() (calls, spans []*node) {
	called := make(map[*node]bool)
	for _, n := range tr.nodes {
		if n.parent == nil {
			continue
		}
		lead(n).leader = lead(n.parent)
		if n.service != n.parent.service {
			called[n.parent] = true
		}
	}
	for _, n := range tr.nodes {
		if !n.received() {
			continue
		}
		spans = append(spans, n)
		if isExitCall(n) && !called[n] {
			calls = append(calls, n)
		}
	}
	slices.SortFunc(calls, compareNodes)
	slices.SortFunc(spans, compareNodes)
	return calls, spans
}

// maxOpenCalls bounds how many calls before a stand-in's start are considered, maxAround how many
// spans.
const (
	maxOpenCalls = 256
	maxAround    = 1024
)

// startedBefore are the nodes, of those ordered by start, that had started when s did.
func startedBefore(s *node, nodes []*node, most int) []*node {
	after := sort.Search(len(nodes), func(i int) bool { return nodes[i].start > s.start+minTolerance })
	return nodes[max(0, after-most):after]
}

func callLeadingTo(s *node, calls []*node) *node {
	var unnamed *node
	for _, c := range slices.Backward(startedBefore(s, calls, maxOpenCalls)) {
		if c.end+minTolerance < s.start || c.service == s.service || lead(c) == s {
			continue
		}
		switch hint := peerHint(c); {
		case hint != "" && s.service != "":
			if address.Same(hint, s.service) {
				return c
			}
			if unnamed == nil && address.IsNumeric(hint) {
				unnamed = c
			}
		case unnamed == nil && !isStore(c):
			unnamed = c
		}
	}
	return unnamed
}

// spanAround is the span of another service that started last among those that last as long as the
// stand-in, else the root that was open when it started.
func spanAround(s *node, spans []*node) *node {
	for _, n := range slices.Backward(startedBefore(s, spans, maxAround)) {
		if n.service != s.service && s.end <= n.end+minTolerance && lead(n) != s {
			return n
		}
	}
	for _, r := range spans[:min(len(spans), maxOpenCalls)] {
		if r.parent == nil && r.start <= s.start+minTolerance && s.start <= r.end+minTolerance && lead(r) != s {
			return r
		}
	}
	return nil
}

// lead finds the node that leads n's tree, halving the path on the way.
func lead(n *node) *node {
	for n.leader != nil {
		if n.leader.leader != nil {
			n.leader = n.leader.leader
		}
		n = n.leader
	}
	return n
}
