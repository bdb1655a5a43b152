// Package explain finds what explains what in one trace (docs/verdict.md, sections 2, 3, 5, 9 and 11): which
// errors are no failures, which follow from others, where the time of a timeout went, and which errors
// nothing explains. It blames nobody: package judge does.
package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Explain finds what explains what. The order of the steps matters:
//   - what was made good, says that nothing failed, or is only its caller's business, is no error and must
//     explain nothing;
//   - whose caller left, and who gave up by a deadline of its own, must be known before its time is followed;
//   - timeouts and exceptions are explained by what lies below them, innermost spans first;
//   - a copy of a call's exception on a span beside the call is explained by it too;
//   - so is what is only said after an earlier error by that error;
//   - only then is known which entries and calls nothing else accounts for: entries that refused are
//     dismissed, calls that are their caller's business brought back where the caller failed of them;
//   - other trees explain what this tree leaves open, and what platforms tell that explains nothing is of
//     another failure;
//   - cancellations are explained by whoever gave up, of which all is known by then;
//   - what nothing explains is an origin.
//
// The errors aside, by their index, are routine and explain nothing (section 15).
func Explain(tr *trace.Tree, groups *evidence.Groups, signals failure.Signals, dir *trace.Directory, k incident.Knowledge, aside ...int) *Explanation {
	x := &Explanation{
		Tree: tr, Groups: groups, Directory: dir, conclusions: make([]Conclusion, len(groups.All)), signals: signals, calls: k.Calls,
	}
	for _, i := range aside {
		x.conclusions[i].Dismissed = incident.DismissRoutine
	}
	x.states = statesOf(x)
	for _, step := range []func(*Explanation){
		dismissRecovered,
		dismissOrderlyOutcomes,
		dismissSymptomsOfPlatforms,
		dismissCallersBusiness,
		findCallersWhoLeft,
		findOwnDeadlines,
		explainAncestors,
		explainCopiesBeside,
		explainAftermath,
		dismissProbes,
		dismissRefusedEntries,
		dismissAnsweredRefusals,
		reviveCallersBusiness,
		explainAcrossTrees,
		dismissUnrelatedPlatforms,
		explainCancellations,
		findOrigins,
	} {
		x.Tree.Steps.Take(len(groups.All))
		step(x)
	}
	return x
}
