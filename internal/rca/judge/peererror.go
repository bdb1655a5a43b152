package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// judgePeerError decides about an answer that says the peer failed, while no error of the peer is
// known.
func judgePeerError(x *explain.Explanation, j *Judgement) {
	p := j.Group.Peer
	var callee *trace.Node
	if j.Group.Call != nil {
		callee = j.Group.Call.RemoteChild()
	}
	switch {
	case !p.IsKnown(), explain.IsCallersBusiness(j.Group.Node.Status) && j.Group.Reason.Rank >= vocabulary.RankBadData:
		judgeCode(j)
	case p.Service == "" || callee == nil && !x.Directory.SeenLately(p.Service):
		judgeDependency(x, j, j.Group.Reason.Class)
	case j.Category == incident.CategoryRateLimited:
		j.Kind, j.Class = incident.KindResource, incident.ClassResource
		j.Service, j.Component, j.Operation = p.Service, p.Service, trace.OperationOf(callee)
		j.identity = []string{p.Service, "rate"}
	case callee != nil:
		j.Kind, j.Class = incident.KindCode, incident.ClassException
		j.Service, j.Component = p.Service, p.Service
		j.Operation = trace.OperationOf(callee)
		j.identity, j.strategy = []string{p.Service, j.Operation}, "operation"
		j.alsoCited = callee.Refs()
		j.capAt(rules.CapNoErrorOfCallee)
	case x.Tree.HasService(p.Service):
		j.Kind, j.Class = incident.KindCode, incident.ClassException
		j.Service, j.Component, j.Operation = p.Service, p.Service, ""
		j.identity, j.strategy = []string{p.Service, ""}, "operation"
		j.capAt(rules.CapNoErrorOfCallee)
	default:
		j.abstainFor(p.Service)
	}
}
