package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Place is where the time before a deadline went.
type Place struct {
	At *trace.Node
	// Held says what At means: the span itself held the time, or the time was lost beyond it.
	Held Held
	// Callee is the span that was reached, where the time was lost on the way to it.
	Callee *trace.Node
}

// Held is who had the time at a place.
type Held int

// The ways in which time goes by.
const (
	HeldBySpan  Held = iota // At's own service had the time
	LostBetween             // between At, a call, and its callee's span
	LostBeyond              // At is a call, and nothing is recorded behind it
)

// followTime follows the time of a timeout down to the deepest span that held at least half of it.
func followTime(x *Explanation, g *evidence.Group) *Place {
	at, from, until := g.Node, g.Node.Start, g.GaveUpAt()
	for {
		next, overlap := longestChild(x, at, from, until)
		if next == nil || rules.DescentParts*overlap < min(EndAt(at, until), until)-max(at.Start, from) {
			break
		}
		from = max(from, next.Start)
		at = next
	}
	return PlaceAt(at)
}

// longestChild is the child that overlaps most with the time in question (ties: the later one, which
// was open at the deadline). The transport's time is that of its call.
func longestChild(x *Explanation, n *trace.Node, from, until trace.Instant) (child *trace.Node, overlap trace.Instant) {
	for _, c := range n.Children {
		x.step()
		if c.Call != nil {
			continue
		}
		if o := min(EndAt(c, until), until) - max(c.Start, from); o > 0 && o >= overlap {
			child, overlap = c, o
		}
	}
	return child, overlap
}

// EndAt is when the node ended; a span of which only logs or children were received is taken to
// have been open still.
func EndAt(n *trace.Node, until trace.Instant) trace.Instant {
	if n.Span == nil {
		return max(n.End, until)
	}
	return n.End
}

// PlaceAt is the place of time that went by at a node.
func PlaceAt(n *trace.Node) *Place {
	if !n.IsExitCall() {
		return &Place{At: n, Held: HeldBySpan}
	}
	if c := n.RemoteChild(); c != nil {
		return &Place{At: n, Held: LostBetween, Callee: c}
	}
	return &Place{At: n, Held: LostBeyond}
}

// openGroupsAt are the unexplained groups on or below the place where a timeout's time went, whenever
// they ended.
func openGroupsAt(x *Explanation, g *evidence.Group) []*evidence.Group {
	at := x.About(g).Place.At
	var found []*evidence.Group
	for _, b := range x.Groups.All[firstGroupAt(x, at.Index):] {
		if b.Node.Index > at.Last || len(found) == rules.MaxOffered {
			break
		}
		x.step()
		if b != g && !b.IsCancelled() && !b.IsOnlyLogged() && x.isOpen(b) {
			found = append(found, b)
		}
	}
	return slices.Clip(found)
}
