package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveCalled needs a record of the call: the caller's span or the callee's below it.
func proveCalled(k *check) string {
	reason := fmt.Sprintf("no cited record shows a call of %s to %s", k.say.name(k.subject), k.say.name(k.object))
	for _, r := range k.records {
		switch verb := describeCall(k, r); {
		case verb == "":
		case !isFailing(r):
			reason = "the cited call belongs to a healthy trace"
		default:
			k.prove(fmt.Sprintf("%s %s %s", k.say.name(k.subject), verb, k.say.name(k.object)), r)
		}
	}
	return reason
}

// describeCall tells how a record shows a direct call of the subject to the object, "" if it does not.
func describeCall(k *check, r *dossier.Record) string {
	n := r.Node
	if n == nil {
		return ""
	}
	if root := n.LocalRoot; k.object.Serves(root) {
		if p := root.Producer; p != nil && k.subject.Holds(p) {
			return "sent a message to"
		}
		if caller, known := root.Caller(); known && caller != nil && k.subject.Holds(caller) {
			return verbOf(root)
		}
	}
	if !k.subject.Holds(n) {
		return ""
	}
	if slices.ContainsFunc(n.Consumers, k.object.Serves) {
		return "sent a message to"
	}
	for _, c := range n.Callees() {
		if k.object.Serves(c) {
			return verbOf(c)
		}
	}
	if k.rel.isCallTo(k.object, n) {
		return "called"
	}
	return ""
}

func verbOf(callee *trace.Node) string {
	if callee.Span != nil && callee.Span.Kind == signal.KindConsumer {
		return "sent a message to"
	}
	return "called"
}

// proveNotCalled needs a failing trace in which the subject worked and did not call the object, and in
// which nothing is missing that could hide such a call.
func proveNotCalled(k *check) string {
	reason := fmt.Sprintf("no cited record is of %s in a failing trace", k.say.name(k.subject))
	if k.subject.Name() == k.object.Name() {
		return "it speaks of one component only"
	}
	for _, r := range k.records {
		if r.Node == nil || !k.subject.Holds(r.Node) || !isFailing(r) {
			continue
		}
		if reason = whyNotAbsent(k, r.Trace); reason != "" {
			continue
		}
		p := proof{records: []*dossier.Record{r}, statement: fmt.Sprintf("no call of %s to %s is recorded in trace %s", k.say.name(k.subject), k.say.name(k.object), r.Trace.Key)}
		if !isKnownCall(k) {
			p.caveat = fmt.Sprintf("no call of %s to %s is recorded anywhere in the case, so that its absence proves little", k.say.name(k.subject), k.say.name(k.object))
		}
		k.proofs = append(k.proofs, p)
	}
	return reason
}

// whyNotAbsent is the reason why the absence of the call is not proved in a trace.
func whyNotAbsent(k *check, t *dossier.Trace) string {
	if t.Truncated > 0 {
		return "records of that trace were left out of the case, so that nothing follows from their absence"
	}
	roots := 0
	for _, n := range t.Nodes {
		if n.Parent == nil {
			roots++
		}
	}
	for _, n := range t.Nodes {
		switch {
		case n.Span == nil:
			return "a span of that trace was not received, and may be the call"
		case k.object.Holds(n) && isBelowSubject(k, n):
			return fmt.Sprintf("%s is recorded below %s in that trace", k.say.name(k.object), k.say.name(k.subject))
		case k.object.Holds(n) && n.LocalRoot.Parent == nil && roots > 1:
			return k.say.name(k.object) + " is recorded in that trace, and not below whom"
		case k.subject.Holds(n) && n.IsExitCall():
			if k.rel.calls(n, k.object) {
				return fmt.Sprintf("%s called %s in that trace", k.say.name(k.subject), k.say.name(k.object))
			}
			if !wentElsewhere(k, n) {
				return "a call of that trace does not show whom it reached"
			}
		}
	}
	for _, l := range t.Logs {
		if l.Service() == k.object.Service && failure.ContextOf(l).Span.IsZero() {
			return k.say.name(k.object) + " logged in that trace, outside of its spans"
		}
	}
	return ""
}

// wentElsewhere reports whether a call certainly went to somebody else than the object: to who answered it,
// or to a database while the object is none.
func wentElsewhere(k *check, n *trace.Node) bool {
	if len(n.Callees()) > 0 {
		return true
	}
	p := k.d.PeerOf(n)
	if n.Span.Kind == signal.KindProducer || p.System == "" {
		return false
	}
	return !k.object.IsDependency() && p.Service == "" || p.Service != "" && p.Service != k.object.Service
}

// isBelowSubject reports whether a node was called by the subject.
func isBelowSubject(k *check, n *trace.Node) bool {
	root := n.LocalRoot
	caller, known := root.Caller()
	return !known || caller != nil && k.subject.Holds(caller) || root.Producer != nil && k.subject.Holds(root.Producer)
}

// isKnownCall reports whether the call is recorded in some trace of the case.
func isKnownCall(k *check) bool {
	for _, t := range slices.Concat(k.d.Failing, k.d.Healthy) {
		if slices.ContainsFunc(t.Nodes, func(n *trace.Node) bool { return k.subject.Holds(n) && k.rel.calls(n, k.object) }) {
			return true
		}
	}
	return false
}
