package rca

import (
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// place is where the time before a deadline went.
type place struct {
	at *trace.Node
	// held tells what at means: the span itself held the time, or the time was lost beyond it.
	held held
	// callee is the span that was reached, where the time was lost on the way to it.
	callee *trace.Node
}

type held int

const (
	heldBySpan  held = iota // at's own service had the time
	lostBetween             // between at, a call, and its callee's span
	lostBeyond              // at is a call, and nothing is recorded behind it
)

// descend follows the time of a timeout down to the deepest span that held at least half of it.
func (x *explainer) descend(g *group) *place {
	at, from, until := g.node, g.node.Start, g.gaveUpAt()
	for x.budget > 0 {
		next, overlap := x.longest(at, from, until)
		if next == nil || 2*overlap < min(endAt(at, until), until)-max(at.Start, from) {
			break
		}
		from = max(from, next.Start)
		at = next
	}
	return placeAt(at)
}

// longest is the child that overlaps most with the time in question (ties: the later one, which
// was open at the deadline).
func (x *explainer) longest(n *trace.Node, from, until trace.Instant) (child *trace.Node, overlap trace.Instant) {
	for _, c := range n.Children {
		x.budget--
		if o := min(endAt(c, until), until) - max(c.Start, from); o > 0 && o >= overlap {
			child, overlap = c, o
		}
	}
	return child, overlap
}

// endAt is when the node ended; a span of which only logs or children were received is taken to
// have been open still.
func endAt(n *trace.Node, until trace.Instant) trace.Instant {
	if n.Span == nil {
		return max(n.End, until)
	}
	return n.End
}

func placeAt(n *trace.Node) *place {
	if !n.IsExitCall() {
		return &place{at: n, held: heldBySpan}
	}
	if c := n.RemoteChild(); c != nil {
		return &place{at: n, held: lostBetween, callee: c}
	}
	return &place{at: n, held: lostBeyond}
}

// groupsAt are the unexplained groups on or below the place where a timeout's time went, whenever
// they ended.
func (x *explainer) groupsAt(g *group) []*group {
	at := g.place.at
	var found []*group
	for _, b := range x.groups.all[x.firstAt(at.Index):] {
		if b.node.Index > at.Last || len(found) == maxPending || x.budget <= 0 {
			break
		}
		x.budget--
		if b != g && !b.cancelled() && !b.onlySaid() && b.dismissed == "" && len(b.explainedBy) == 0 {
			found = append(found, b)
		}
	}
	return slices.Clip(found)
}

// firstAt is the index of the first group at or after a place in pre-order.
func (x *explainer) firstAt(order int) int {
	return sort.Search(len(x.groups.all), func(i int) bool { return x.groups.all[i].node.Index >= order })
}
