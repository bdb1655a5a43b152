package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// judgeTimeout decides about a deadline that passed, by the place where the time went (section 5).
func judgeTimeout(x *explain.Explanation, j *Judgement) {
	g := j.Group
	if j.Place == nil {
		j.Place = explain.PlaceAt(g.Node)
	}
	at := j.Place.At
	j.Category = incident.CategoryTimeout
	if at == g.Node && !at.IsReceived() {
		judgeUnseenCall(x, j)
		return
	}
	if at.Service == g.Node.Service && !at.IsExitCall() && at.RemoteChild() == nil && g.Peer.IsKnown() {
		judgeUnansweredCall(x, j, at, g.Peer) // the message names whom it waited for
		return
	}
	if !at.IsReceived() && judgeLateRequest(x, j, at, trace.Peer{}) {
		return
	}
	j.alsoCited = at.Refs()
	switch j.Place.Held {
	case explain.HeldBySpan:
		j.Kind, j.Class = incident.KindSlow, incident.ClassSlow
		j.Service, j.Component, j.Operation = at.Service, at.Service, trace.OperationOf(at)
		j.identity = []string{j.Service, j.Operation}
		if at.IsGhost() {
			j.capFor(rules.CapGhost, at.Service)
		}
	case explain.LostBetween:
		callee := j.Place.Callee
		j.blameEdge(at.Service, callee.Service, incident.ClassTimeout)
		j.Component, j.Service = j.Callee, j.Callee
		j.Operation = trace.OperationOf(callee)
		j.alsoCited = trace.AppendRefs(j.alsoCited, callee.Refs()...)
	case explain.LostBeyond:
		p := x.Directory.PeerOf(at)
		if at == g.Node && !p.IsKnown() {
			p = g.Peer
		}
		judgeUnansweredCall(x, j, at, p)
	}
}

// judgeUnseenCall decides about a timeout of which only a message speaks: there is no span of the
// call, and often none of the caller.
func judgeUnseenCall(x *explain.Explanation, j *Judgement) {
	if !j.Group.Peer.IsKnown() || j.Group.Reason.Whose == vocabulary.Own {
		judgeCode(j)
		return
	}
	judgeUnansweredCall(x, j, j.Group.Node, j.Group.Peer)
}

// judgeUnansweredCall decides about a call behind which nothing is recorded.
func judgeUnansweredCall(x *explain.Explanation, j *Judgement, at *trace.Node, p trace.Peer) {
	j.Peer = p
	switch {
	case judgeLateRequest(x, j, at, p):
	case p.Service != "" && x.Directory.HasTelemetry(p.Service):
		j.abstainFor(p.Service)
	case !p.IsKnown():
		j.Kind, j.Class = incident.KindSlow, incident.ClassSlow
		j.Service, j.Component, j.Operation = at.Service, at.Service, trace.OperationOf(at)
		j.identity = []string{j.Service, j.Operation}
		j.capAt(rules.CapUnnamedPeer)
	default:
		j.Kind, j.Class = incident.KindDependency, incident.ClassTimeout
		j.Service, j.Component = at.Service, p.Name(at.Service)
		j.Operation = trace.CallOperationOf(at)
		identifyPeer(x.Tree, j, p, at)
		j.JoinsUnavailable = true
		j.capAt(rules.CapNothingBeyond)
	}
}

// judgeLateRequest decides about a timeout whose request was taken up only after the deadline, as logs of
// spans that were not received show: the time was lost on the way to who took it up.
func judgeLateRequest(x *explain.Explanation, j *Judgement, at *trace.Node, p trace.Peer) bool {
	asker, late := takenUpLate(x, j.Group, at)
	if late == nil || !x.Directory.HasTelemetry(late.Service) {
		return false
	}
	if asker == at && at.IsReceived() && (late.Service == at.Service || !p.IsService(late.Service)) {
		return false
	}
	j.Place = &explain.Place{At: asker, Held: explain.LostBetween, Callee: late}
	j.blameEdge(asker.Service, late.Service, incident.ClassTimeout)
	j.Service, j.Component, j.Operation = j.Callee, j.Callee, trace.CallOperationOf(asker)
	j.alsoCited = trace.AppendRefs(asker.Refs(), late.Refs()...)
	j.capFor(rules.CapReachedInLogs, late.Service)
	return true
}

// takenUpLate follows a request through the logs of spans that were not received: asker is the last
// service reached before the deadline, from at on, and late the first one reached after it, nil if
// there is none.
func takenUpLate(x *explain.Explanation, g *evidence.Group, at *trace.Node) (asker, late *trace.Node) {
	asker, deadline := at, g.GaveUpAt()
	for _, n := range x.Tree.Nodes {
		if !n.IsGhost() || n.Service == "" {
			continue
		}
		switch {
		case n.Start > deadline+x.Tree.Tolerance:
			if n.Parent == nil && (late == nil || n.Start < late.Start) {
				late = n
			}
		case !at.IsReceived() && n.Start >= asker.Start && n.Service != g.Node.Service:
			asker = n
		}
	}
	if late != nil && late.Service == asker.Service {
		return asker, nil
	}
	return asker, late
}
