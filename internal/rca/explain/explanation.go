package explain

import (
	"cmp"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Explanation is what explains what in one trace (section 3). Explanations only lead down the tree,
// those of cancellations only up to what is no consequence of them, and those between trees from
// later to earlier trees: so they never go round in circles.
type Explanation struct {
	Tree      *trace.Tree
	Groups    *evidence.Groups
	Directory *trace.Directory

	Origins     Origins
	states      *states
	conclusions []Conclusion // by the index of their group
	signals     failure.Signals
	calls       []incident.CallStats
}

// Conclusion is what was concluded about one group.
type Conclusion struct {
	// Dismissed is why the group is no failure, "" where it is one.
	Dismissed   incident.DismissReason
	ExplainedBy []*evidence.Group // nearest explanations
	Explains    []*evidence.Group
	rival       bool   // own code may be a second cause beside what explains the group
	Place       *Place // where the time went, for timeouts
}

// About is what was concluded about a group.
func (x *Explanation) About(g *evidence.Group) *Conclusion { return &x.conclusions[g.Index] }

// step counts a step of a walk over the tree or its groups.
func (x *Explanation) step() { x.Tree.Steps.Take(1) }

// isFailure reports whether a group was not dismissed.
func (x *Explanation) isFailure(g *evidence.Group) bool { return x.About(g).Dismissed == "" }

// isOpen reports whether nothing explains a failure yet.
func (x *Explanation) isOpen(g *evidence.Group) bool {
	return x.isFailure(g) && len(x.About(g).ExplainedBy) == 0
}

// FailureAt is the failure of a node, nil where it has none.
func (x *Explanation) FailureAt(n *trace.Node) *evidence.Group {
	if g := x.Groups.Of(n); g != nil && x.isFailure(g) {
		return g
	}
	return nil
}

// link notes that b explains a.
func (x *Explanation) link(a, b *evidence.Group) {
	x.About(a).ExplainedBy = append(x.About(a).ExplainedBy, b)
	x.About(b).Explains = append(x.About(b).Explains, a)
}

// groupsUnder are the groups on or below a node.
func groupsUnder(x *Explanation, n *trace.Node) []*evidence.Group {
	var under []*evidence.Group
	for _, g := range x.Groups.All[firstGroupAt(x, n.Index):] {
		if g.Node.Index > n.Last {
			break
		}
		x.step()
		under = append(under, g)
	}
	return under
}

// groupsBeside are the groups nearest to one, it included: at most rules.MaxBeside on each side.
func groupsBeside(x *Explanation, g *evidence.Group) []*evidence.Group {
	return x.Groups.All[max(0, g.Index-rules.MaxBeside):min(len(x.Groups.All), g.Index+rules.MaxBeside)]
}

// firstGroupAt is the index of the first group at or after a place in pre-order.
func firstGroupAt(x *Explanation, order int) int {
	return sort.Search(len(x.Groups.All), func(i int) bool { return x.Groups.All[i].Node.Index >= order })
}

func compareGroups(a, b *evidence.Group) int { return cmp.Compare(a.Node.Index, b.Node.Index) }

// endedAfter reports whether b was over only after g. An exception may be stamped after its span's end.
func endedAfter(x *Explanation, g, b *evidence.Group) bool { return overAt(b) > g.End+x.Tree.Tolerance }

// overAt is when an error was over: its span's end or its last record, whichever came first. Logs of a caller that
// belong to it may be written later.
func overAt(g *evidence.Group) trace.Instant {
	if over := min(g.End, g.LastRecord); !g.FailedSpan || over < g.Node.End {
		return over
	}
	return g.Node.End
}
