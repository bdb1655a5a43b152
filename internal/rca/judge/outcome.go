package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// outcomeOf says what the failure meant to whoever called the entry (section 9). What the entry
// answered counts more than what was logged on the way.
func outcomeOf(x *explain.Explanation) incident.Outcome {
	first := x.Origins.Primary[0]
	top := explain.TopOfChain(x, first)
	entry := top.Node.Root
	switch {
	case !entry.IsReceived() || entry.Guessed:
		return incident.OutcomeUnknown
	case entry.Span.StatusCode == signal.StatusError || entry.Status.IsFailure() && !explain.IsCallersBusiness(entry.Status):
		return incident.OutcomeFailed
	case entry.Span.StatusCode == signal.StatusOK || entry.Status.IsKnown() || x.ReportsOutcomes(entry):
		return incident.OutcomeDegraded
	case !explain.ReachesEntry(x, first):
		return incident.OutcomeDegraded
	}
	if thrown, _ := top.Exception(); thrown != nil || top.FailedSpan {
		return incident.OutcomeFailed // it left its service uncaught, and nothing above says otherwise
	}
	return incident.OutcomeUnknown
}
