package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveMissing needs a call to the subject in a trace in which the subject recorded nothing.
func proveMissing(k *check) string {
	if k.subject.Operation != "" {
		return "telemetry is missing of a service, not of one operation"
	}
	reason := "no cited record is a call to " + k.say.name(k.subject)
	for _, r := range k.records {
		switch {
		case r.Span == nil || !k.rel.isCallTo(k.subject, r.Node):
		case !isFailing(r):
			reason = "the cited call belongs to a healthy trace"
		case k.claim.Object != "" && !k.object.Holds(r.Node):
			reason = fmt.Sprintf("the cited call is not %s's", k.say.name(k.object))
		case !k.subject.IsDependency() && recordsIn(k.subject.Service, r.Trace):
			reason = k.say.name(k.subject) + " recorded something in that trace"
		case r.Trace.Truncated > 0:
			reason = "records of that trace were left out of the case, so that nothing follows from their absence"
		case hasUnknownGap(r.Trace):
			reason = "a span of that trace was not received, and may be the missing one"
		default:
			k.prove(fmt.Sprintf("%s called %s, and nothing is recorded there in that trace", k.say.service(r.Service), k.say.name(k.subject)), r)
		}
	}
	return reason
}

// hasUnknownGap reports whether spans name a parent that was not received and whose service is unknown.
func hasUnknownGap(t *dossier.Trace) bool {
	return slices.ContainsFunc(t.Nodes, func(n *trace.Node) bool { return n.Span == nil && n.Service == "" })
}
