package observe

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// observeErrors draws an observation from each error, whether it counts as a failure or not.
func observeErrors(in Input) []Observation {
	var list []Observation
	for _, v := range in.Verdicts {
		for _, g := range v.Explanation.Groups.All {
			list = append(list, Observation{
				Subject: g.Node.Service, Name: nameOfError(v.Explanation, g), Side: sideOfError(g), Onset: g.Onset(), Until: g.LastSeen(),
				Size: Whole, Evidence: g.Refs(),
			})
		}
	}
	return list
}

// observeRoots draws an observation from each primary origin, about the component it is blamed on.
func observeRoots(in Input) []Observation {
	var list []Observation
	for _, v := range in.Verdicts {
		for _, j := range v.Primary {
			o := Observation{
				Subject: j.Component, Name: "root:" + string(j.Kind) + ":" + string(j.Category), Side: Own,
				Onset: j.Group.Onset(), Until: j.Group.LastSeen(), Size: Whole, Evidence: j.Group.Refs(),
			}
			if j.Component != j.Group.Node.Service {
				o.Side = Outside
			}
			list = append(list, o)
		}
	}
	return list
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
