package judge

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// judgeRefusal decides about a request that was refused (section 6): the caller built it, so it is
// the component, unless others are refused too.
func judgeRefusal(x *explain.Explanation, j *Judgement, k incident.Knowledge) {
	g := j.Group
	asked := RefusedRequest(g)
	j.Operation = asked.Operation
	if g.Call != nil {
		j.Operation = trace.CallOperationOf(g.Call)
	}
	if asked.Callee == "" && g.IsFromClient() {
		asked.Caller, asked.Callee = g.Node.Service, "an unnamed peer of "+g.Node.Service
	}
	if asked.Caller == "" || asked.Callee == "" {
		judgeCode(j)
		return
	}
	j.blameEdge(asked.Caller, asked.Callee, incident.ClassRefused)
	j.Service, j.Component = asked.Caller, asked.Caller
	if len(k.RefusedCallers[asked.Called()]) > 0 {
		j.Component = asked.Callee
		if x.Directory.Knows(asked.Callee) {
			j.Service = asked.Callee
		}
		return
	}
	j.capAt(rules.CapNothingToCompare)
}

// BlameCallee moves a refusal to the callee, which was changed before it began to refuse.
func (j *Judgement) BlameCallee() {
	j.Component, j.Service = j.Callee, j.Callee
	j.Limits = slices.DeleteFunc(j.Limits, func(l Limit) bool { return l.Cap == rules.CapNothingToCompare })
}

// IsRefusalByCaller reports whether a refusal is blamed on the caller.
func (j *Judgement) IsRefusalByCaller() bool {
	return j.Kind == incident.KindEdge && j.Class == incident.ClassRefused && j.Component != j.Callee
}

// RefusedRequest is who asked whom for what: the name of the span that served it, "" where it was not
// received. A service that says that it refuses speaks of its caller.
func RefusedRequest(g *evidence.Group) incident.CallStats {
	n := g.Node
	if g.Peer.IsKnown() || g.Call != nil {
		return incident.CallStats{Caller: n.Service, Callee: g.Peer.Name(n.Service), Operation: servedName(g.Call)}
	}
	root := n.LocalRoot
	if root.Parent == nil || g.IsFromClient() {
		return incident.CallStats{}
	}
	return incident.CallStats{Caller: root.Parent.Service, Callee: n.Service, Operation: root.Name}
}

// servedName is the name of the span that served a call, "" where it was not received.
func servedName(call *trace.Node) string {
	if call == nil {
		return ""
	}
	if c := call.RemoteChild(); c != nil {
		return c.Name
	}
	return ""
}
