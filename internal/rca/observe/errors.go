package observe

import (
	"iter"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// observeErrors draws an observation from each error, whether it counts as a failure or not.
func observeErrors(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		for _, v := range in.Verdicts {
			for _, g := range v.Explanation.Groups.All {
				o := observationOf(g)
				o.Subject, o.Name, o.Side = g.Node.Service, nameOfError(v.Explanation, g), sideOfError(g)
				if !yield(o) {
					return
				}
			}
		}
	}
}

// observeRoots draws an observation from each primary origin, about the component it is blamed on.
func observeRoots(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		for _, v := range in.Verdicts {
			for _, j := range v.Primary {
				o := observationOf(j.Group)
				o.Subject, o.Name, o.Side = j.Component, "root:"+string(j.Kind)+":"+string(j.Category), Own
				if j.Component != j.Group.Node.Service {
					o.Side = Outside
				}
				if !yield(o) {
					return
				}
			}
		}
	}
}

// observationOf is one error, as yet of nobody.
func observationOf(g *evidence.Group) Observation {
	return Observation{Onset: g.Onset(), Until: g.LastSeen(), Size: Whole, Evidence: g.Refs()}
}

func nameOfError(x *explain.Explanation, g *evidence.Group) string {
	switch dismissed := x.About(g).Dismissed; {
	case dismissed == incident.DismissRecovered:
		return "recovered"
	case dismissed == incident.DismissClientError:
		return "client_error"
	case g.IsCancelled():
		return "cancelled"
	case g.Reason.Means == vocabulary.Unreachable:
		return "unreachable"
	case g.Reason.Means == vocabulary.Refused:
		return "refused"
	case g.IsTimeout():
		return "timed_out"
	default:
		return "errored"
	}
}

// sideOfError is outside for what a peer, or whoever left, did to the service.
func sideOfError(g *evidence.Group) Side {
	if g.IsCancelled() || g.Reason.IsOfCall() && (g.IsAnswered() || g.Peer.IsKnown()) {
		return Outside
	}
	return Own
}
