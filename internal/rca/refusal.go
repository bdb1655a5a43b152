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
	var call *node
	switch {
	case isExitCall(n):
		call = n
	case g.answered():
		call = x.callBefore(g)
	}
	if call != nil {
		return n.service, x.dir.peerOf(call).name(n.service), servedName(call)
	}
	if g.peer.known() {
		return n.service, g.peer.name(n.service), servedName(n)
	}
	root := n.localRoot()
	if root.parent == nil {
		return "", "", ""
	}
	return root.parent.service, n.service, root.name
}

// servedName is the name of the span that served a call, "" where it was not received.
func servedName(call *node) string {
	if c := call.remoteChild(); c != nil {
		return c.name
	}
	return ""
}

// callBefore is the call whose answer a group speaks of that is no call itself: the last one to
// another service that had ended when the group's record was written, nil if there is none.
func (x *explainer) callBefore(g *group) *node {
	if g.reason.cited == nil {
		return nil
	}
	var last *node
	for _, c := range g.node.children[:min(len(g.node.children), maxChildren)] {
		leaves := isExitCall(c) || c.remoteChild() != nil
		if leaves && !isStore(c) && c.end <= g.reason.cited.time+x.tree.tolerance && (last == nil || c.end >= last.end) {
			last = c
		}
	}
	return last
}

// reports tells whether b is only the callee's mark of a request that it refused, as g's answer
// says: a span with status Error and nothing that tells why.
func (g *group) reports(b *group) bool {
	return g.reason.trait == traitRefusal && g.answered() && b.node.service != g.node.service &&
		b.failedSpan && b.reason.rank == rankUnknown && b.node.entersService()
}
