package rca

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// judgeRefusal decides about a request that was refused (section 6): the caller built it, so it is
// the component, unless others are refused too.
func (x *explainer) judgeRefusal(j *judgement) {
	g := j.group
	caller, callee, operation := x.refused(g)
	j.operation = operation
	if g.call != nil {
		j.operation = trace.CallOperationOf(g.call)
	}
	if callee == "" && g.isClients() {
		caller, callee = g.node.Service, "an unnamed peer of "+g.node.Service
	}
	if caller == "" || callee == "" {
		x.judgeCode(j)
		return
	}
	j.judgeEdge(caller, callee, incident.ClassRefused)
	j.service, j.component = caller, caller
	if len(x.refusedCallers[callee+"\x00"+operation]) > 0 {
		j.component = callee
		if x.dir.Knows(callee) {
			j.service = callee
		}
		return
	}
	j.limits = append(j.limits, limit{600_000, noComparison})
}

const noComparison = "there is no other caller to compare with"

// blameChangedCallee moves a refusal to the callee, if a change of it precedes onset.
func (c *caseView) blameChangedCallee() {
	j := c.face.judgement
	if j.kind != incident.KindEdge || j.class != incident.ClassRefused || j.component == j.callee {
		return
	}
	for _, ch := range c.in.Changes {
		if onset := c.onset(); ch.Service == j.callee && ch.Time <= onset && onset-ch.Time <= changeWindow {
			j.component, j.service = j.callee, j.callee
			j.limits = slices.DeleteFunc(j.limits, func(l limit) bool { return l.why == noComparison })
			return
		}
	}
}

// refused is who asked whom for what: the name of the span that served it, "" where it was not
// received. A service that says that it refuses speaks of its caller.
func (x *explainer) refused(g *group) (caller, callee, operation string) {
	n := g.node
	if g.peer.IsKnown() || g.call != nil {
		if g.call != nil {
			operation = servedName(g.call)
		}
		return n.Service, g.peer.Name(n.Service), operation
	}
	root := n.LocalRoot
	if root.Parent == nil || g.isClients() {
		return "", "", ""
	}
	return root.Parent.Service, n.Service, root.Name
}

// servedName is the name of the span that served a call, "" where it was not received.
func servedName(call *trace.Node) string {
	if c := call.RemoteChild(); c != nil {
		return c.Name
	}
	return ""
}

// reports tells whether b is only the callee's mark of a request that it refused, as g's answer
// says: a span with status Error and nothing that tells why.
func (g *group) reports(b *group) bool {
	return g.reason.Means == vocabulary.Refused && g.answered() && b.node.Service != g.node.Service &&
		b.failedSpan && b.reason.Rank == vocabulary.RankUnknown && b.node.EntersService()
}
