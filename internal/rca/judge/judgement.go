package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// Judgement is the verdict on one origin: what sort of failure it is, which component is to blame, and how
// much the trace alone allows to claim.
type Judgement struct {
	Group     *evidence.Group
	Kind      incident.Kind
	Service   string
	Component string
	Operation string
	Category  incident.Category
	Class     incident.Class
	identity  []string
	strategy  string
	told      *failure.Observed // what an error of own code is told by
	Peer      trace.Peer
	Caller    string         // edges: who asked
	Callee    string         // edges: who was asked
	Place     *explain.Place // where the time went, for timeouts
	// Abstained reports that the trace proves no cause: the component is only the sole candidate.
	Abstained bool
	// Signature is that of the root that the origin is, or would be if it were primary.
	Signature string
	// JoinsUnavailable reports that an open unavailability of the same dependency takes the failure.
	JoinsUnavailable bool
	unavailable      []string       // the identity of that unavailability
	mute             []string       // the identity of the same dependency where no record says why calls failed
	seenAs           []string       // the identity of the same where only the system and the caller are known
	Limits           []Limit        // what the trace alone allows to claim
	alsoCited        []incident.Ref // evidence beside the group's
}

// Limit is a cap, with the service that it speaks of where it speaks of one.
type Limit struct {
	Cap     rules.Cap
	Service string
}

// capAt adds a cap.
func (j *Judgement) capAt(c rules.Cap) { j.Limits = append(j.Limits, Limit{Cap: c}) }

// capFor adds a cap that speaks of a service.
func (j *Judgement) capFor(c rules.Cap, service string) {
	j.Limits = append(j.Limits, Limit{Cap: c, Service: service})
}

func newJudgement(x *explain.Explanation, g *evidence.Group) *Judgement {
	return &Judgement{
		Group: g, Service: g.Node.Service, Component: g.Node.Service, Category: g.Reason.Category, Peer: g.Peer, Place: x.About(g).Place,
	}
}

// blameEdge places the failure between caller and callee.
func (j *Judgement) blameEdge(caller, callee string, class incident.Class) {
	j.Kind, j.Class = incident.KindEdge, class
	j.Caller, j.Callee = caller, callee
	j.identity = []string{caller, callee}
}

// abstainFor names the peer as the sole candidate: it has telemetry, but none of it is in the trace.
func (j *Judgement) abstainFor(service string) {
	j.Kind, j.Abstained = incident.KindUnknown, true
	j.Service, j.Component = service, service
	j.Operation = trace.CallOperationOf(j.Group.Node)
	j.Caller, j.Callee = j.Group.Node.Service, service
	j.identity = []string{j.Caller, j.Callee}
	switch {
	case j.Group.IsTimeout():
		j.Class = incident.ClassTimeout
	case j.IsMute():
		j.Class = incident.ClassException
	default:
		sig, _ := groupSignature(j.Group)
		j.Class, j.strategy = incident.ClassException, sig.Strategy
		j.identity = append(j.identity, sig.Parts...)
	}
	j.capFor(rules.CapNoTelemetry, service)
}

// IsMute reports whether all that is known is that a call to a named peer failed, of which nothing is
// recorded: no answer, and at most an exception that says nothing more.
func (j *Judgement) IsMute() bool {
	g, n := j.Group, j.Group.Node
	return g.Reason.Rank >= vocabulary.RankException && g.FailedSpan && n.IsExitCall() && g.Peer.IsKnown() && n.RemoteChild() == nil &&
		!(n.Status.IsKnown() && !n.Status.IsFailure())
}
