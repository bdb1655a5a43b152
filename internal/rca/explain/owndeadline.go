package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// findOwnDeadlines tells a service that gave up by itself from one whose caller left: cancellation tokens,
// abort controllers and tasks are cancelled in the same words for both. A service whose caller took the
// answer, or that answered a failure to whoever called, was not left: its own deadline had passed. A
// cancellation that follows from a failure beside it is that failure's consequence.
func findOwnDeadlines(x *Explanation) {
	for _, g := range x.Groups.All {
		if !g.IsCancelled() || !x.isFailure(g) || g.Reason.Whose == vocabulary.Callers {
			continue
		}
		entry := g.Node.LocalRoot
		if entry == nil || !entry.IsServing() || !callerWaited(entry) || failedBefore(x, entry, g) {
			continue
		}
		g.Reason = evidence.Reason{Match: vocabulary.Of(vocabulary.GaveUp), Cited: g.Reason.Cited}
	}
}

// callerWaited reports whether the caller of a serving span was still there when it answered: the call
// carries the answer, or no caller is known and the answer is a failure of the server.
func callerWaited(entry *trace.Node) bool {
	if entry.IsEntry() {
		return entry.Status.HTTP >= 500
	}
	return entry.Parent.IsExitCall() && entry.Parent.Status.HTTP != 0 && entry.Parent.Status.HTTP != 499
}

// failedBefore reports whether something else had failed below the entry when g was cancelled, of what is beside it.
func failedBefore(x *Explanation, entry *trace.Node, g *evidence.Group) bool {
	for _, b := range groupsBeside(x, g) {
		x.step()
		if !entry.Covers(b.Node) {
			continue
		}
		if b != g && x.isFailure(b) && !b.IsCancelled() && !b.Node.Covers(g.Node) && !g.Node.Covers(b.Node) && mayHaveCancelled(x, overAt(b), g) {
			return true
		}
	}
	return false
}
