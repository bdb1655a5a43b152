// Package explain finds what explains what in one trace (docs/verdict.md, sections 2, 3, 5, 9 and 11): which
// errors are no failures, which follow from others, where the time of a timeout went, and which errors
// nothing explains. It blames nobody: package judge does.
package explain

import (
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
	// budget bounds walks up and down the tree over the whole trace, which hostile traces could
	// make quadratic.
	budget int
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

// Explain finds what explains what. The order of the steps matters:
//   - what was made good, or is only its caller's business, is no error and must explain nothing;
//   - timeouts and exceptions are explained by what lies below them, innermost spans first;
//   - only then is known which entries and calls nothing else accounts for: entries that refused are
//     dismissed, calls that are their caller's business brought back where the caller failed of them;
//   - other trees explain what this tree leaves open;
//   - cancellations are explained by whoever gave up, of which all is known by then;
//   - what nothing explains is an origin.
func Explain(tr *trace.Tree, groups *evidence.Groups, signals failure.Signals, dir *trace.Directory, k incident.Knowledge) *Explanation {
	x := &Explanation{
		Tree: tr, Groups: groups, Directory: dir, conclusions: make([]Conclusion, len(groups.All)), signals: signals, calls: k.Calls,
		budget: rules.MaxSteps,
	}
	x.states = statesOf(x)
	for _, step := range []func(*Explanation){
		dismissRecovered,
		dismissCallersBusiness,
		explainUpwards,
		dismissRefusedEntries,
		reviveCallersBusiness,
		explainAcrossTrees,
		explainCancellations,
		findOrigins,
	} {
		step(x)
	}
	return x
}

// About is what was concluded about a group.
func (x *Explanation) About(g *evidence.Group) *Conclusion { return &x.conclusions[g.Index] }

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
