package judge

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// outcomeOf says what the failure meant to whoever called the entry (section 9). What the entry
// answered counts more than what was logged on the way. Where no span says how it went, neither an
// exception nor a log tells how the request did.
func outcomeOf(x *explain.Explanation) incident.Outcome {
	first := x.Origins.Primary[0]
	top := explain.TopOfChain(x, first)
	entry := top.Node.Root
	switch {
	case !entry.IsReceived() || entry.Guessed || !x.HasStatuses():
		return incident.OutcomeUnknown
	case failure.IsSpanError(entry.Span) || entry.Status.IsFailure() && !explain.IsCallersBusiness(entry.Status):
		return incident.OutcomeFailed
	case bodyHeldErrors(x, entry):
		return incident.OutcomeFailed
	case calledInVain(x, entry):
		return incident.OutcomeUnknown // what the entry's service made of it is not recorded
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

// bodyHeldErrors reports whether a record says that the body of the entry's answer held errors, whatever
// its status: a field or an operation of GraphQL, or a request of JSON-RPC, failed in the entry's service; or
// the entry's service passed on what another answered to an operation of GraphQL.
func bodyHeldErrors(x *explain.Explanation, entry *trace.Node) bool {
	passed := entry.Index // up to where what failed went through an operation of GraphQL of the entry's service
	for _, n := range x.Tree.Nodes[entry.Index : entry.Last+1] {
		isGraphQL, isOwn := semconv.IsGraphQL(n.Attributes()), n.LocalRoot == entry
		if isGraphQL && isOwn {
			passed = max(passed, n.Last)
		}
		if x.FailureAt(n) == nil {
			continue
		}
		if isGraphQL && n.Index <= passed || isOwn && semconv.IsToolCall(n.Attributes()) && !n.IsExitCall() {
			return true
		}
	}
	return false
}

// calledInVain reports whether a request of JSON-RPC that the entry's service made was answered with an error.
func calledInVain(x *explain.Explanation, entry *trace.Node) bool {
	return slices.ContainsFunc(x.Groups.All, func(g *evidence.Group) bool {
		return g.Node.LocalRoot == entry && g.Node.IsExitCall() && semconv.IsToolCall(g.Node.Attributes()) && x.About(g).Dismissed == ""
	})
}

// severityOf is what an origin's trace alone makes of it (section 9).
func severityOf(x *explain.Explanation, g *evidence.Group, outcome incident.Outcome) incident.Severity {
	errors := consequencesOf(x, g)
	switch {
	case outcome == incident.OutcomeFailed:
		return incident.SeverityHigh
	case slices.ContainsFunc(errors, func(g *evidence.Group) bool { return explain.EndsProcess(g.Node) }):
		return incident.SeverityMedium // other requests of the process end with it
	case outcome == incident.OutcomeDegraded || isOnlyLogged(x, errors):
		return incident.SeverityLow
	default:
		return incident.SeverityMedium
	}
}

// isOnlyLogged reports whether ERROR logs that say no more are all there is, in a trace of which no span says how
// it went.
func isOnlyLogged(x *explain.Explanation, errors []*evidence.Group) bool {
	return len(x.Tree.Trace.Spans) > 0 && !x.HasStatuses() &&
		!slices.ContainsFunc(errors, func(g *evidence.Group) bool { return !g.IsOnlyLogged() })
}
