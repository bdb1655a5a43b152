package explain

import (
	"iter"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// ReachesEntry follows what a group explains up to the top, and from there the spans up to the
// entry: none of them went well or failed for another reason.
func ReachesEntry(x *Explanation, g *evidence.Group) bool {
	for n := TopOfChain(x, g).Node.Parent; n != nil; n = n.Parent {
		x.step()
		if x.FailureAt(n) != nil || x.states.of(n) == healthy {
			return false
		}
	}
	return true
}

// TopOfChain is the group highest up that g explains, directly or through others.
func TopOfChain(x *Explanation, g *evidence.Group) *evidence.Group {
	for {
		var top *evidence.Group
		for up := range errorsAbove(x, g) {
			if x.step(); top == nil || compareGroups(up, top) < 0 {
				top = up
			}
		}
		if top == nil {
			return g
		}
		g = top
	}
}

// FailedPath is the failed path of an origin: from its span up to the top of its chain, and on as far
// as nothing went well, across trees where the chain crosses them.
func FailedPath(x *Explanation, g *evidence.Group) []*trace.Node {
	nodes := make([]*trace.Node, 0, 8)
	for {
		stop := (*trace.Node)(nil)
		next := nextErrorAbove(x, g)
		if next != nil && next.Node.Covers(g.Node) {
			stop = next.Node
		}
		for n := g.Node; n != nil && n != stop; n = n.Parent {
			x.step()
			if n != g.Node && x.states.of(n) == healthy && stop == nil {
				break
			}
			nodes = append(nodes, n)
		}
		if next == nil {
			return nodes
		}
		g = next
	}
}

// nextErrorAbove is the nearest error that g led to, nil where it led to none.
func nextErrorAbove(x *Explanation, g *evidence.Group) *evidence.Group {
	var next *evidence.Group
	for a := range errorsAbove(x, g) {
		if next == nil || compareGroups(a, next) > 0 {
			next = a
		}
	}
	return next
}

// errorsAbove are the errors that g led to: what it explains, without cancellations and a callee's mark of
// the request that it refused.
func errorsAbove(x *Explanation, g *evidence.Group) iter.Seq[*evidence.Group] {
	return func(yield func(*evidence.Group) bool) {
		for _, a := range x.About(g).Explains {
			x.step()
			if !a.IsCancelled() && !g.Node.Covers(a.Node) && !yield(a) {
				return
			}
		}
	}
}

// ParentMissing reports whether a span on the failed path of an origin was not received.
func ParentMissing(x *Explanation, g *evidence.Group) bool {
	return slices.ContainsFunc(FailedPath(x, g), func(n *trace.Node) bool {
		return n.Guessed || !n.IsReceived() && !(n == g.Node && g.IsPlatforms())
	})
}

// RivalOf is the error of own code that the origin explains, but which may have a cause of its own; nil
// where there is none.
func RivalOf(x *Explanation, g *evidence.Group) *evidence.Group {
	for _, n := range FailedPath(x, g) {
		if r := x.FailureAt(n); r != nil && x.About(r).rival {
			return r
		}
	}
	return nil
}
