package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// candidates lists the possible root causes of the reported root, the likeliest first.
func (c *caseView) candidates(confidence incident.Confidence) []incident.Candidate {
	j := c.face.judgement
	list := []incident.Candidate{{
		Kind: j.kind, Service: j.service, Component: j.component, Operation: j.operation, Category: j.category, Score: confidence,
		For:     []incident.Statement{{Statement: j.statement(), Evidence: c.face.root.Origin}},
		Against: c.against(j),
	}}
	if s := c.usual(); s != nil {
		list[0].For = append(list[0].For, *s)
	}
	if r := c.face.rivalOf(j.group); r != nil {
		list = append(list, c.rival(r, confidence))
	}
	if j.kind == incident.KindEdge && j.class == incident.ClassRefused {
		list = append(list, otherSide(j, c.face.root.Origin, confidence))
	}
	return list
}

// against lists what speaks against the reported root: the limits that its trace sets.
func (c *caseView) against(j *judgement) []incident.Statement {
	var list []incident.Statement
	for _, l := range j.limits {
		if l.max < 900_000 {
			list = append(list, incident.Statement{Statement: l.why, Evidence: j.group.refs()})
		}
	}
	return list
}

// rival is the caller's own code, which threw an error of its own after the failed call.
func (c *caseView) rival(g *group, confidence incident.Confidence) incident.Candidate {
	own := &judgement{group: g, service: g.node.Service, component: g.node.Service, category: g.reason.Category}
	c.face.judgeCode(own)
	return incident.Candidate{
		Kind: own.kind, Service: own.service, Component: own.component, Operation: own.operation, Category: own.category,
		Score:   confidence * 9 / 10,
		For:     []incident.Statement{{Statement: own.statement(), Evidence: g.refs()}},
		Against: []incident.Statement{{Statement: "a call that it made had failed before", Evidence: c.face.root.Origin}},
	}
}

// otherSide is the other end of a refused request.
func otherSide(j *judgement, origin []incident.Ref, confidence incident.Confidence) incident.Candidate {
	other := j.callee
	if j.component == j.callee {
		other = j.caller
	}
	return incident.Candidate{
		Kind: j.kind, Service: other, Component: other, Operation: j.operation, Category: j.category, Score: confidence * 8 / 10,
		For: []incident.Statement{{Statement: j.statement(), Evidence: origin}},
	}
}
