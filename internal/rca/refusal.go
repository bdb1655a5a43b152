package rca

import "github.com/prodsentinel/prodsentinel/internal/incident"

// judgeRefusal decides about a request that was refused (section 6): the caller built it, so it is
// the component, unless others are refused too.
func (x *explainer) judgeRefusal(j *judgement) {
	g := j.group
	caller, callee, operation := x.refused(g)
	j.operation = operation
	if n := g.node; isExitCall(n) {
		j.operation = callOperation(n)
	}
	if caller == "" || callee == "" {
		x.judgeCode(j)
		return
	}
	j.judgeEdge(caller, callee, incident.ClassRefused)
	j.service, j.component = caller, caller
	if len(x.refusedCallers[callee+"\x00"+operation]) > 0 {
		j.component = callee
		if x.dir.services[callee] {
			j.service = callee
		}
		return
	}
	j.limits = append(j.limits, limit{600_000, "there is no other caller to compare with"})
}

// refused is who asked whom for what: the name of the span that served it, "" where it was not
// received. A service that says that it refuses speaks of its caller.
func (x *explainer) refused(g *group) (caller, callee, operation string) {
	n := g.node
	if g.peer.known() || isExitCall(n) {
		if c := n.remoteChild(); c != nil {
			operation = c.name
		}
		return n.service, g.peer.name(n.service), operation
	}
	root := n.localRoot()
	if root.parent == nil {
		return "", "", ""
	}
	return root.parent.service, n.service, root.name
}
