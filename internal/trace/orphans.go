package trace

import (
	"fmt"
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// attachOrphans hangs each stand-in below the call that most likely led to it: the innermost open
// call without a recorded callee, preferring one that names the stand-in's service, else the
// innermost span around it. The parent is marked as guessed.
func attachOrphans(tr *Tree) {
	tr.Steps.TakeSort(len(tr.Nodes))
	slices.SortFunc(tr.Nodes, compareNodes)
	calls, spans := openCallsAndSpans(tr)
	for _, s := range tr.Nodes {
		if s.IsReceived() || s.Parent != nil {
			continue
		}
		parent := callLeadingTo(tr, s, calls)
		if parent == nil {
			parent = spanAround(tr, s, spans)
		}
		if parent != nil {
			s.Parent, s.Guessed = parent, true
			leaderOf(s).leader = leaderOf(parent)
		}
		if len(tr.Trace.Spans) > 0 && !s.ID.IsZero() && !s.IsGhost() {
			tr.addGap("missing_parent", fmt.Sprintf("span %s, named as a parent, was not received", s.ID))
		}
	}
}

// openCallsAndSpans lists calls without a recorded callee and all received spans, by start.
func openCallsAndSpans(tr *Tree) (calls, spans []*Node) {
	called := make(map[*Node]bool)
	for _, n := range tr.Nodes {
		if n.Parent == nil {
			continue
		}
		leaderOf(n).leader = leaderOf(n.Parent)
		if n.Service != n.Parent.Service {
			called[n.Parent] = true
		}
	}
	for _, n := range tr.Nodes {
		if !n.IsReceived() {
			continue
		}
		spans = append(spans, n)
		if n.IsExitCall() && !n.transport && !called[n] {
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
func startedBefore(s *Node, nodes []*Node, most int) []*Node {
	after := sort.Search(len(nodes), func(i int) bool { return nodes[i].Start > s.Start+minTolerance })
	return nodes[max(0, after-most):after]
}

func callLeadingTo(tr *Tree, s *Node, calls []*Node) *Node {
	var unnamed *Node
	for _, c := range slices.Backward(startedBefore(s, calls, maxOpenCalls)) {
		tr.Steps.Take(1)
		if c.End+minTolerance < s.Start || c.Service == s.Service || leaderOf(c) == s {
			continue
		}
		switch hint := c.PeerHint(); {
		case hint != "" && s.Service != "":
			if address.Same(hint, s.Service) {
				return c
			}
			if unnamed == nil && address.IsNumeric(hint) {
				unnamed = c
			}
		case unnamed == nil && !c.CallsStore():
			unnamed = c
		}
	}
	return unnamed
}

// spanAround is the span of another service that started last among those that last as long as the
// stand-in, else the root that was open when it started.
func spanAround(tr *Tree, s *Node, spans []*Node) *Node {
	for _, n := range slices.Backward(startedBefore(s, spans, maxAround)) {
		tr.Steps.Take(1)
		if n.Service != s.Service && s.End <= n.End+minTolerance && leaderOf(n) != s {
			return n
		}
	}
	for _, r := range spans[:min(len(spans), maxOpenCalls)] {
		tr.Steps.Take(1)
		if r.Parent == nil && r.Start <= s.Start+minTolerance && s.Start <= r.End+minTolerance && leaderOf(r) != s {
			return r
		}
	}
	return nil
}

// leaderOf finds the node that leads n's tree, halving the path on the way.
func leaderOf(n *Node) *Node {
	for n.leader != nil {
		if n.leader.leader != nil {
			n.leader = n.leader.leader
		}
		n = n.leader
	}
	return n
}
