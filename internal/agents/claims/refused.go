package claims

import (
	"fmt"
	"regexp"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveRefused needs a call of the object that the subject refused, or that got no connection to it.
func proveRefused(k *check) string {
	reason := fmt.Sprintf("no cited record shows that %s refused a call of %s", k.say.name(k.subject), k.say.name(k.object))
	for _, r := range k.records {
		if !isFailing(r) || r.Node == nil {
			continue
		}
		call, served := findCall(k, r)
		switch {
		case call == nil && served == nil:
		case isConnectionRefused(k, r, call, served):
			k.prove(fmt.Sprintf("%s could not open a connection to %s (connection refused)", k.say.name(k.object), k.say.name(k.subject)), r)
		case refusalStatus(served) != "":
			k.prove(fmt.Sprintf("%s refused a request of %s with %s", k.say.name(k.subject), k.say.name(k.object), refusalStatus(served)), r)
		case refusalStatus(call) != "" && (served == nil || !endedWell(r.Trace, served)):
			k.prove(fmt.Sprintf("a request of %s to %s was refused with %s", k.say.name(k.object), k.say.name(k.subject), refusalStatus(call)), r)
		default:
			reason = "the cited call was not refused"
		}
	}
	return reason
}

// findCall is the object's call to the subject that a record is of, and the subject's side of it.
func findCall(k *check, r *dossier.Record) (call, served *trace.Node) {
	n := r.Node
	if root := n.LocalRoot; k.subject.Serves(root) && n == root {
		if caller, known := root.Caller(); known && caller != nil && k.object.Holds(caller) {
			return caller, root
		}
	}
	if !k.object.Holds(n) || !k.rel.isCallTo(k.subject, n) && r.Log == nil {
		return nil, nil
	}
	if !k.rel.isCallTo(k.subject, n) {
		n = findOnlyCall(k, r.Trace, n)
	}
	if n == nil {
		return nil, nil
	}
	for _, c := range n.Callees() {
		if k.subject.Serves(c) {
			return n, c
		}
	}
	return n, nil
}

// findOnlyCall is the call to the subject that a request of the object made, nil where it made several.
func findOnlyCall(k *check, t *dossier.Trace, n *trace.Node) *trace.Node {
	var only *trace.Node
	for _, c := range t.Nodes {
		if n.LocalRoot.Covers(c) && c.Service == n.Service && k.rel.isCallTo(k.subject, c) {
			if only != nil && !only.Covers(c) {
				return nil
			}
			only = c
		}
	}
	return only
}

var connectionRefused = regexp.MustCompile(`(?i)connection refused|econnrefused|actively refused`)

// isConnectionRefused reports whether a call failed before anybody answered it, and a record says that
// its connection was refused: the call's own, or a log of the request that names the call's peer.
func isConnectionRefused(k *check, r *dossier.Record, call, served *trace.Node) bool {
	if call == nil || served != nil || call.Span == nil || !r.Trace.Failed(call) || len(call.Callees()) > 0 {
		return false
	}
	answer := dossier.Answer(call.Span)
	switch {
	case answer.HTTP != 0 || answer.RPC != "" && answer.RPC != semconv.Unavailable:
		return false
	case !isError(r) || !connectionRefused.MatchString(errorTextOf(r)):
		return false
	}
	return r.Node == call || k.rel.namesPeer(errorTextOf(r), call)
}
