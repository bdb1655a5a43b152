package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// judgeLate decides about a timeout whose request was taken up only after the deadline, as logs of
// spans that were not received tell: the time was lost on the way to who took it up.
func (x *explainer) judgeLate(j *judgement, at *node, p peer) bool {
	g := j.group
	asker, late := x.takenUpLate(g, at)
	if late == nil || !x.dir.ever[late.service] {
		return false
	}
	if asker == at && at.received() && (late.service == at.service || !p.isService(late.service)) {
		return false
	}
	g.place = &place{at: asker, held: lostBetween, callee: late}
	j.judgeEdge(asker.service, late.service, incident.ClassTimeout)
	j.service, j.component, j.operation = j.callee, j.callee, callOperation(asker)
	j.why = appendRefs(asker.refs(), late.refs()...)
	j.limits = append(j.limits, limit{600_000, "only logs tell when " + late.service + " was reached"})
	return true
}

// takenUpLate follows a request through the logs of spans that were not received: asker is the last
// service reached before the deadline, from at on, and late the first one reached after it, nil if
// there is none.
func (x *explainer) takenUpLate(g *group, at *node) (asker, late *node) {
	asker, deadline := at, g.gaveUpAt()
	for _, n := range x.tree.nodes {
		if !n.ghost() || n.service == "" {
			continue
		}
		switch {
		case n.start > deadline+x.tree.tolerance:
			if n.parent == nil && (late == nil || n.start < late.start) {
				late = n
			}
		case !at.received() && n.start >= asker.start && n.service != g.node.service:
			asker = n
		}
	}
	if late != nil && late.service == asker.service {
		return asker, nil
	}
	return asker, late
}

// isService tells whether the peer is the service of that name.
func (p peer) isService(name string) bool {
	return p.service == name || p.host != "" && address.Same(p.host, name)
}
