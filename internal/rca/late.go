package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// judgeLate decides about a timeout whose request was taken up only after the deadline, as logs of
// spans that were not received tell: the time was lost on the way to who took it up.
func (x *explainer) judgeLate(j *judgement, at *trace.Node, p trace.Peer) bool {
	g := j.group
	asker, late := x.takenUpLate(g, at)
	if late == nil || !x.dir.HasTelemetry(late.Service) {
		return false
	}
	if asker == at && at.IsReceived() && (late.Service == at.Service || !p.IsService(late.Service)) {
		return false
	}
	g.place = &place{at: asker, held: lostBetween, callee: late}
	j.judgeEdge(asker.Service, late.Service, incident.ClassTimeout)
	j.service, j.component, j.operation = j.callee, j.callee, trace.CallOperationOf(asker)
	j.why = trace.AppendRefs(asker.Refs(), late.Refs()...)
	j.limits = append(j.limits, limit{600_000, "only logs tell when " + late.Service + " was reached"})
	return true
}

// takenUpLate follows a request through the logs of spans that were not received: asker is the last
// service reached before the deadline, from at on, and late the first one reached after it, nil if
// there is none.
func (x *explainer) takenUpLate(g *group, at *trace.Node) (asker, late *trace.Node) {
	asker, deadline := at, g.gaveUpAt()
	for _, n := range x.tree.Nodes {
		if !n.IsGhost() || n.Service == "" {
			continue
		}
		switch {
		case n.Start > deadline+x.tree.Tolerance:
			if n.Parent == nil && (late == nil || n.Start < late.Start) {
				late = n
			}
		case !at.IsReceived() && n.Start >= asker.Start && n.Service != g.node.Service:
			asker = n
		}
	}
	if late != nil && late.Service == asker.Service {
		return asker, nil
	}
	return asker, late
}
