package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissCallersBusiness dismisses calls whose only fault is an answer that concerns the caller
// alone: it asked for something that is not there, or is not allowed now. The instrumentations
// mark such client spans as errors, the servers not.
func dismissCallersBusiness(x *Explanation) {
	for _, g := range x.Groups.All {
		if x.isFailure(g) && onlyCallersBusiness(g) && !x.signals.Asked(g.Node.Span) {
			x.About(g).Dismissed = incident.DismissClientError
		}
	}
}

// onlyCallersBusiness goes by the answer of a call, or of a server span that an old instrumentation
// marks too, unless the span says more of it: some APIs answer 400 to whom they throttle or refuse. What a
// client throws for an answer 404 or 409 says no more than the answer.
func onlyCallersBusiness(g *evidence.Group) bool {
	if !IsCallersBusiness(g.Node.Status) || g.Reason.Rank < vocabulary.RankBadData {
		return false
	}
	if g.IsOnlyMarked() {
		return g.Node.IsExitCall() || g.Node.IsServing() && !g.Node.IsEntry()
	}
	return g.Node.IsExitCall() && g.Node.Status.HTTP != 400 && !g.Reason.IsCodes() && g.IsOnlyThrown()
}

// dismissRefusedEntries dismisses entries that an old instrumentation marks because they answered
// 4xx, where nothing below them failed.
func dismissRefusedEntries(x *Explanation) {
	for _, g := range x.Groups.All {
		n := g.Node
		if x.isOpen(g) && n.IsServing() && n.IsEntry() && isClientError(n.Status) && g.IsOnlyMarked() && !x.signals.Asked(n.Span) {
			x.About(g).Dismissed = incident.DismissClientError
		}
	}
}

// reviveCallersBusiness brings those back whose own service failed because of them: its failure
// has no other explanation, and is not its own code's fault.
func reviveCallersBusiness(x *Explanation) {
	for _, g := range x.Groups.All {
		if x.About(g).Dismissed != incident.DismissClientError {
			continue
		}
		if a := ownFailureAbove(x, g); a != nil {
			x.About(g).Dismissed = ""
			x.link(a, g)
			explainRevived(x, g)
		}
	}
}

// ownFailureAbove is the unexplained error of the same service above the call.
func ownFailureAbove(x *Explanation, g *evidence.Group) *evidence.Group {
	for n := g.Node.Parent; n != nil && n.Service == g.Node.Service; n = n.Parent {
		x.step()
		a := x.Groups.Of(n)
		if a == nil || !x.isFailure(a) {
			continue
		}
		_, in := a.Exception()
		if len(x.About(a).ExplainedBy) > 0 || a.IsCancelled() || g.End > a.End+x.Tree.Tolerance || in != nil && isOwnFault(in) && !mentionsCallTo(x, a, g) {
			return nil
		}
		if a.Reason.Rank < vocabulary.RankPeerError && !mentionsCallTo(x, a, g) {
			return nil
		}
		return a
	}
	return nil
}

// explainRevived looks below a call that counts as an error after all.
func explainRevived(x *Explanation, g *evidence.Group) {
	for _, b := range groupsUnder(x, g.Node) {
		if b != g && x.isFailure(b) && len(x.About(b).Explains) == 0 && mayExplain(x, g, b) {
			x.link(g, b)
		}
	}
}

// IsCallersBusiness reports whether the answer only says that the caller asked for something wrong,
// which is no error of the call (section 2).
func IsCallersBusiness(a semconv.Status) bool {
	switch a.HTTP {
	case 400, 402, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423, 424, 426, 428, 431, 451:
		return true
	case 0:
	default:
		return false
	}
	switch a.RPC {
	case semconv.InvalidArgument, semconv.NotFound, semconv.AlreadyExists, semconv.FailedPrecondition, semconv.OutOfRange:
		return true
	}
	return false
}

// isClientError reports whether the answer lays the failure on whoever asked: a 4xx, but for the 499 of one
// who left.
func isClientError(a semconv.Status) bool {
	switch a.RPC {
	case semconv.Unauthenticated, semconv.PermissionDenied, semconv.ResourceExhausted:
		return true
	}
	return a.HTTP >= 400 && a.HTTP < 499 || IsCallersBusiness(a)
}
