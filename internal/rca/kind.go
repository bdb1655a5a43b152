package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// judgement is what an origin comes to: what sort of thing it is, which component, and how sure the
// trace alone can make us.
type judgement struct {
	group     *group
	kind      incident.Kind
	service   string
	component string
	operation string
	category  incident.Category
	class     incident.Class
	identity  []string
	strategy  string
	peer      trace.Peer
	caller    string // edges: who asked
	callee    string // edges: who was asked
	abstained bool
	again     string         // of an origin that is not primary: the root signature it would have
	joins     bool           // a timeout that an open unavailability of the same dependency takes
	limits    []limit        // what the trace alone allows to claim
	why       []incident.Ref // evidence beside the group's
}

// judge decides kind and component of an origin, in the order of section 4: the first with cited
// evidence wins.
func (x *explainer) judge(g *group) *judgement {
	j := &judgement{group: g, service: g.node.Service, component: g.node.Service, category: g.reason.Category, peer: g.peer}
	switch {
	case x.isResource(g):
		x.judgeResource(j)
	case g.answered() && g.peer.IsKnown() && g.reason.Means == vocabulary.Unreachable:
		x.judgePeerError(j)
	case g.reason.Means == vocabulary.Unreachable:
		x.judgeDependency(j, incident.ClassUnavailable)
	case g.reason.IsAnswer() || g.reason.IsOwnResource():
		x.judgePeerError(j)
	case g.reason.Means == vocabulary.Refused:
		x.judgeRefusal(j)
	case g.reason.Means == vocabulary.TimedOut:
		x.judgeTimeout(j)
	case j.isMute():
		x.judgeMute(j)
	default:
		x.judgeCode(j)
	}
	x.limitByTrace(j)
	return j
}

// isMute tells whether all that is known is that a call to a named peer failed, of which nothing is
// recorded: no answer, and at most an exception that says nothing more.
func (j *judgement) isMute() bool {
	g, n := j.group, j.group.node
	return g.reason.Rank >= vocabulary.RankException && g.failedSpan && n.IsExitCall() && g.peer.IsKnown() && n.RemoteChild() == nil &&
		!(n.Status.IsKnown() && !n.Status.IsFailure())
}

// judgeMute decides about a failed call of which no record says why it failed.
func (x *explainer) judgeMute(j *judgement) {
	if s := j.peer.Service; s != "" && x.dir.HasTelemetry(s) {
		j.abstain(s)
		return
	}
	x.judgeDependency(j, incident.ClassData)
	j.category = incident.CategoryUnknown
	if j.group.reason.cited.text != "" && j.group.node.CallsStore() {
		j.category = incident.CategoryDatabaseError // what a store's driver throws is the store's answer
		return
	}
	j.joins = true
	j.limits = append(j.limits, limit{600_000, "no record says why the call failed"})
}

// isResource tells whether a resource of the group's own service ran out; what a peer's answer
// says of itself is the peer's.
func (x *explainer) isResource(g *group) bool {
	return g.reason.IsOwnResource() && !(g.answered() && g.peer.IsKnown())
}

func (x *explainer) judgeResource(j *judgement) {
	j.kind, j.class = incident.KindResource, incident.ClassResource
	j.operation = trace.OperationOf(j.group.node.LocalRoot)
	j.identity = []string{j.service, j.group.reason.Resource}
}

func (x *explainer) judgeDependency(j *judgement, class incident.Class) {
	j.kind, j.class = incident.KindDependency, class
	caller := j.group.node.Service
	j.operation = trace.CallOperationOf(j.group.node)
	j.component = j.peer.Name(caller)
	j.identity = peerIdentity(j.peer, caller)
	if j.peer.Service != "" && x.dir.HasTelemetry(j.peer.Service) {
		j.service = j.peer.Service
	}
	if j.component == "" {
		j.component = "an unnamed peer of " + caller
	}
	if class == incident.ClassTimeout {
		j.joins = true
		j.limits = append(j.limits, limit{600_000, "nothing is recorded beyond the caller"})
		return
	}
	j.limits = append(j.limits, limit{900_000, "the failure was seen from the caller's side"})
}

// judgePeerError decides about an answer that says the peer failed, while no error of the peer is
// known.
func (x *explainer) judgePeerError(j *judgement) {
	p := j.group.peer
	var callee *trace.Node
	if j.group.call != nil {
		callee = j.group.call.RemoteChild()
	}
	switch {
	case !p.IsKnown(), isCallersBusiness(j.group.node.Status) && j.group.reason.Rank >= vocabulary.RankBadData:
		x.judgeCode(j)
	case p.Service == "" || callee == nil && !x.dir.SeenLately(p.Service):
		x.judgeDependency(j, j.group.reason.Class)
	case j.category == incident.CategoryRateLimited:
		j.kind, j.class = incident.KindResource, incident.ClassResource
		j.service, j.component, j.operation = p.Service, p.Service, trace.OperationOf(callee)
		j.identity = []string{p.Service, "rate"}
	case callee != nil:
		j.kind, j.class = incident.KindCode, incident.ClassException
		j.service, j.component = p.Service, p.Service
		j.operation = trace.OperationOf(callee)
		j.identity, j.strategy = []string{p.Service, j.operation}, "operation"
		j.why = callee.Refs()
		j.limits = append(j.limits, limit{600_000, "the service itself recorded no error"})
	case x.tree.HasService(p.Service):
		j.kind, j.class = incident.KindCode, incident.ClassException
		j.service, j.component, j.operation = p.Service, p.Service, ""
		j.identity, j.strategy = []string{p.Service, ""}, "operation"
		j.limits = append(j.limits, limit{600_000, "the service itself recorded no error"})
	default:
		j.abstain(p.Service)
	}
}

// abstain names the peer as the sole candidate: it has telemetry, but none of it is in the trace.
func (j *judgement) abstain(service string) {
	j.kind, j.abstained = incident.KindUnknown, true
	j.service, j.component = service, service
	j.operation = trace.CallOperationOf(j.group.node)
	j.caller, j.callee = j.group.node.Service, service
	j.identity = []string{j.caller, j.callee}
	switch {
	case j.group.timedOut():
		j.class = incident.ClassTimeout
	case j.isMute():
		j.class = incident.ClassException
	default:
		sig := groupSignature(j.group)
		j.class, j.strategy = incident.ClassException, sig.Strategy
		j.identity = append(j.identity, sig.Parts...)
	}
	j.limits = append(j.limits, limit{400_000, "nothing is recorded at " + service})
}

func (x *explainer) judgeTimeout(j *judgement) {
	g := j.group
	if g.place == nil {
		g.place = placeAt(g.node)
	}
	at := g.place.at
	j.category = incident.CategoryTimeout
	if at == g.node && !at.IsReceived() {
		x.judgeUnseenCall(j)
		return
	}
	if at.Service == g.node.Service && !at.IsExitCall() && at.RemoteChild() == nil && g.peer.IsKnown() {
		x.judgeLostBeyond(j, at, g.peer) // the message names whom it waited for
		return
	}
	if !at.IsReceived() && x.judgeLate(j, at, trace.Peer{}) {
		return
	}
	j.why = at.Refs()
	switch g.place.held {
	case heldBySpan:
		j.kind, j.class = incident.KindSlow, incident.ClassSlow
		j.service, j.component, j.operation = at.Service, at.Service, trace.OperationOf(at)
		j.identity = []string{j.service, j.operation}
		if at.IsGhost() {
			j.limits = append(j.limits, limit{600_000, "only logs tell of " + at.Service})
		}
	case lostBetween:
		j.judgeEdge(at.Service, g.place.callee.Service, incident.ClassTimeout)
		j.component, j.service = j.callee, j.callee
		j.operation = trace.OperationOf(g.place.callee)
		j.why = trace.AppendRefs(j.why, g.place.callee.Refs()...)
	case lostBeyond:
		p := x.dir.PeerOf(at)
		if at == g.node && !p.IsKnown() {
			p = g.peer
		}
		x.judgeLostBeyond(j, at, p)
	}
}

// judgeUnseenCall decides about a timeout that only a message tells of: there is no span of the
// call, and often none of the caller.
func (x *explainer) judgeUnseenCall(j *judgement) {
	if !j.group.peer.IsKnown() {
		x.judgeCode(j)
		return
	}
	x.judgeLostBeyond(j, j.group.node, j.group.peer)
}

// judgeLostBeyond decides about a call behind which nothing is recorded.
func (x *explainer) judgeLostBeyond(j *judgement, at *trace.Node, p trace.Peer) {
	j.peer = p
	switch {
	case x.judgeLate(j, at, p):
	case p.Service != "" && x.dir.HasTelemetry(p.Service):
		j.abstain(p.Service)
	case !p.IsKnown():
		j.kind, j.class = incident.KindSlow, incident.ClassSlow
		j.service, j.component, j.operation = at.Service, at.Service, trace.OperationOf(at)
		j.identity = []string{j.service, j.operation}
		j.limits = append(j.limits, limit{600_000, "the call does not name its peer"})
	default:
		j.kind, j.class = incident.KindDependency, incident.ClassTimeout
		j.service, j.component = at.Service, p.Name(at.Service)
		j.operation = trace.CallOperationOf(at)
		j.identity = peerIdentity(p, at.Service)
		j.joins = true
		j.limits = append(j.limits, limit{600_000, "nothing is recorded beyond the caller"})
	}
}

func (j *judgement) judgeEdge(caller, callee string, class incident.Class) {
	j.kind, j.class = incident.KindEdge, class
	j.caller, j.callee = caller, callee
	j.identity = []string{caller, callee}
}

func (x *explainer) judgeCode(j *judgement) {
	g := j.group
	j.kind, j.class = incident.KindCode, incident.ClassException
	j.operation = trace.OperationOf(g.node)
	sig := groupSignature(g)
	j.strategy = sig.Strategy
	j.identity = append([]string{j.service}, sig.Parts...)
	if g.reason.Rank == vocabulary.RankPeerError && !g.askedWrongly() {
		j.category = incident.CategoryUnknown // a status that the service itself answered with
	}
	if thrown, _ := g.exception(); thrown == nil && !g.reason.IsCodes() {
		j.limits = append(j.limits, limit{700_000, "no exception was recorded"})
	}
}

// askedWrongly tells whether the peer could not make sense of the request.
func (g *group) askedWrongly() bool {
	switch a := g.node.Status; {
	case a.HTTP == 400, a.HTTP == 415, a.HTTP == 422, a.RPC == semconv.InvalidArgument, a.RPC == semconv.OutOfRange:
		return true
	}
	return false
}
