package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
)

// called needs a record of the call: the caller's span or the callee's below it.
func (k *check) called() string {
	reason := fmt.Sprintf("no cited record shows a call of %s to %s", k.name(k.subject), k.name(k.object))
	verb := "called"
	for _, r := range k.records {
		switch how := k.callSeen(r); {
		case how == "":
		case !failing(r):
			reason = "the cited call belongs to a healthy trace"
		default:
			verb = how
			k.cite(r)
		}
	}
	if len(k.relevant) == 0 {
		return reason
	}
	k.statement = fmt.Sprintf("%s %s %s", k.name(k.subject), verb, k.name(k.object))
	return ""
}

// callSeen tells how a record shows a direct call of the subject to the object, "" if it does not.
func (k *check) callSeen(r *dossier.Record) string {
	n := r.Node
	switch {
	case n == nil:
	case k.object.Holds(n):
		root := n.LocalRoot()
		if p := root.Producer; p != nil && k.subject.Holds(p) {
			return "sent a message to"
		}
		if caller, known := root.Caller(); known && caller != nil && k.subject.Holds(caller) {
			return "called"
		}
	case k.subject.Holds(n) && k.calls(n, k.object):
		return "called"
	case k.subject.Holds(n) && slices.ContainsFunc(n.Trace.Nodes, func(c *dossier.Node) bool { return c.Producer == n && k.object.Holds(c) }):
		return "sent a message to"
	}
	return ""
}

// notCalled needs a failing trace in which the subject worked and did not call the object, and in
// which nothing is missing that could hide such a call.
func (k *check) notCalled() string {
	reason := fmt.Sprintf("no cited record is of %s in a failing trace", k.name(k.subject))
	for _, r := range k.records {
		if r.Node == nil || !k.subject.Holds(r.Node) || !failing(r) {
			continue
		}
		if reason = k.hidesCall(r.Trace); reason == "" {
			k.cite(r)
			break
		}
	}
	if len(k.relevant) == 0 {
		return reason
	}
	if !k.callKnown() {
		k.caveat = fmt.Sprintf("no call of %s to %s is recorded anywhere in the case, so that its absence proves little", k.name(k.subject), k.name(k.object))
	}
	k.statement = fmt.Sprintf("%s did not call %s in trace %s", k.name(k.subject), k.name(k.object), k.relevant[0].Trace.Key)
	return ""
}

// hidesCall is the reason why the absence of the call is not proved in a trace.
func (k *check) hidesCall(t *dossier.Trace) string {
	if t.Truncated > 0 {
		return "records of that trace were left out of the case, so that nothing follows from their absence"
	}
	for _, n := range t.Nodes {
		switch {
		case n.Span == nil:
			return "a span of that trace was not received, and may be the call"
		case k.object.Holds(n) && k.below(n):
			return fmt.Sprintf("%s is recorded below %s in that trace", k.name(k.object), k.name(k.subject))
		case k.object.Holds(n) && n.Parent == nil && n.Span.Kind != 0 && len(t.Nodes) > 1 && n != t.Nodes[0]:
			return k.name(k.object) + " is recorded in that trace, and not below whom"
		case k.subject.Holds(n) && n.IsExit():
			if k.calls(n, k.object) {
				return fmt.Sprintf("%s called %s in that trace", k.name(k.subject), k.name(k.object))
			}
			if len(n.Callees()) == 0 && !k.d.PeerOf(n).Known() {
				return "a call of that trace does not say where it went"
			}
		}
	}
	if !k.object.IsDependency() {
		for _, l := range t.Logs {
			if l.Service() == k.object.Service && l.SpanID.IsZero() {
				return k.name(k.object) + " logged in that trace, outside of its spans"
			}
		}
	}
	return ""
}

// below tells whether a node was called by the subject.
func (k *check) below(n *dossier.Node) bool {
	root := n.LocalRoot()
	caller, known := root.Caller()
	return !known || caller != nil && k.subject.Holds(caller) || root.Producer != nil && k.subject.Holds(root.Producer)
}

// callKnown tells whether the call is recorded in some trace of the case.
func (k *check) callKnown() bool {
	for _, t := range slices.Concat(k.d.Failing, k.d.Healthy) {
		for _, n := range t.Nodes {
			if k.subject.Holds(n) && k.calls(n, k.object) {
				return true
			}
		}
	}
	return false
}
