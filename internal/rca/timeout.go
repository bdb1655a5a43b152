package rca

import (
	"slices"
	"sort"
)

// place is where the time before a deadline went.
type place struct {
	at *node
	// held tells what at means: the span itself held the time, or the time was lost beyond it.
	held held
	// callee is the span that was reached, where the time was lost on the way to it.
	callee *node
}

type held int

const (
	heldBySpan  held = iota // at's own service had the time
	lostBetween             // between at, a call, and its callee's span
	lostBeyond              // at is a call, and nothing is recorded behind it
)

// descend follows the time of a timeout down to the deepest span that held at least half of it.
func (x *explainer) descend(g *group) *place {
	at, from, until := g.node, g.node.start, g.gaveUpAt()
	for x.budget > 0 {
		next, overlap := x.longest(at, from, until)
		if next == nil || 2*overlap < min(at.endAt(until), until)-max(at.start, from) {
			break
		}
		from = max(from, next.start)
		at = next
	}
	return placeAt(at)
}

// longest is the child that overlaps most with the time in question (ties: the later one, which
// was open at the deadline).
func (x *explainer) longest(n *node, from, until instant) (child *node, overlap instant) {
	for _, c := range n.children {
		x.budget--
		if o := min(c.endAt(until), until) - max(c.start, from); o > 0 && o >= overlap {
			child, overlap = c, o
		}
	}
	return child, overlap
}

// endAt is when the node ended; a span of which only logs or children were received is taken to
// have been open still.
func (n *node) endAt(until instant) instant {
	if n.span == nil {
		return max(n.end, until)
	}
	return n.end
}

func placeAt(n *node) *place {
	if !isExitCall(n) {
		return &place{at: n, held: heldBySpan}
	}
	if c := n.remoteChild(); c != nil {
		return &place{at: n, held: lostBetween, callee: c}
	}
	return &place{at: n, held: lostBeyond}
}

// groupsAt are the unexplained groups on or below the place where a timeout's time went, whenever
// they ended.
func (x *explainer) groupsAt(g *group) []*group {
	at := g.place.at
	var found []*group
	for _, b := range x.groups[x.firstAt(at.order):] {
		if b.node.order > at.last || len(found) == maxPending || x.budget <= 0 {
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
	return sort.Search(len(x.groups), func(i int) bool { return x.groups[i].node.order >= order })
}
