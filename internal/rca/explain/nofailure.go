package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissOrderlyOutcomes dismisses what says of itself that nothing failed: a redirect that a framework
// throws, a generator that was closed, a key that another server has. Where the service answered its
// caller with a failure all the same, it stays.
func dismissOrderlyOutcomes(x *Explanation) {
	for _, g := range x.Groups.All {
		if !x.isFailure(g) || g.Reason.Means != vocabulary.NoFailure || x.signals.Asked(g.Node.Span) {
			continue
		}
		if entry := g.Node.LocalRoot; entry == nil || !entry.Status.IsServerFailure() {
			x.About(g).Dismissed = incident.DismissNoError
		}
	}
}

// dismissAnsweredRefusals dismisses what an entry's own service threw or logged on the way to an answer 3xx
// or 4xx: that is how frameworks tell a caller that what it asked for is not there, not allowed or wrong.
// A mistake in the service's own code is none of that, and neither is an answer that follows from a call
// that failed, unless a store refused what the caller had sent, and the caller was told so.
func dismissAnsweredRefusals(x *Explanation) {
	for _, g := range x.Groups.All {
		if !x.isOpen(g) || !isAnsweredRefusal(x, g) {
			continue
		}
		x.About(g).Dismissed = incident.DismissClientError
	}
}

func isAnsweredRefusal(x *Explanation, g *evidence.Group) bool {
	entry := g.Node.LocalRoot
	if entry != nil && entry.IsEntry() && refusesVisitor(g) && !x.signals.Asked(g.Node.Span) {
		return true
	}
	if entry == nil || !entry.IsServing() || !tellsCaller(entry) || x.signals.Asked(g.Node.Span) {
		return false
	}
	if g.Node.IsExitCall() {
		return g.Reason.IsBadStatement() && tellsConflict(entry.Status)
	}
	if !entry.IsEntry() && !g.IsOnlyMarked() && g.Node != entry {
		return false // what a caller further up makes of the answer is not known here
	}
	_, in := g.Exception()
	isMistake := isOwnFault
	if tellsOfData(entry.Status) {
		isMistake = isOwnMistake
	}
	return (in == nil || !isMistake(in)) && !EndsProcess(g.Node)
}

// refusesVisitor reports whether a service says in the body of its answer to a GraphQL request that whoever asks has
// to log in, or may not have a field: what 401 and 403 say elsewhere. Exceptions of such servers say so by type and
// message; a file that may not be read, or a login that failed, is another matter.
func refusesVisitor(g *evidence.Group) bool {
	return g.Reason.Means == vocabulary.Refused && g.Reason.IsTyped() && !g.Node.IsExitCall() && !g.IsAnswered() && semconv.IsGraphQL(g.Node.Attributes())
}

// EndsProcess reports whether a record of the node is of a severity after which a process does not go on.
func EndsProcess(n *trace.Node) bool {
	return slices.ContainsFunc(n.Logs, func(l *signal.Log) bool { return l.Severity >= signal.SeverityFatal })
}

// tellsOfData reports whether an answer says that what the caller sent could not be read or is not valid.
func tellsOfData(s semconv.Status) bool {
	return s.HTTP == 400 || s.HTTP == 413 || s.HTTP == 415 || s.HTTP == 422 || s.RPC == semconv.InvalidArgument || s.RPC == semconv.OutOfRange
}

// tellsConflict reports whether an answer says that what the caller sent is in conflict with what is there, or is
// not valid: an answer that somebody meant, not what is made of any exception.
func tellsConflict(s semconv.Status) bool {
	return s.HTTP == 409 || s.HTTP == 412 || s.HTTP == 422 || s.RPC == semconv.AlreadyExists || s.RPC == semconv.FailedPrecondition
}

// tellsCaller reports whether a serving span's answer tells its caller something about the request.
func tellsCaller(n *trace.Node) bool {
	switch s := n.Status; {
	case s.HTTP == 408, s.HTTP == 429, s.HTTP == 499:
		return false
	case s.HTTP >= 300 && s.HTTP < 500:
		return true
	default:
		return isClientError(s)
	}
}
