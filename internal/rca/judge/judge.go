// Package judge decides what the origins of one trace come to (docs/verdict.md, sections 4 to 9): kind,
// component, category, how much may be claimed, and the signature that is the key of the incident.
package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// judgeOrigin decides kind and component of an origin, in the order of section 4: the first with cited
// evidence wins.
func judgeOrigin(x *explain.Explanation, g *evidence.Group, k incident.Knowledge) *Judgement {
	j := newJudgement(x, g)
	switch {
	case isOwnResource(g):
		judgeResource(j)
	case g.Reason.Means == vocabulary.Unreachable && g.Reason.Whose == vocabulary.Own:
		judgeCode(j) // the device that has no network, not whom it called
	case g.IsAnswered() && g.Peer.IsKnown() && g.Reason.Means == vocabulary.Unreachable:
		judgePeerError(x, j)
	case g.Reason.Means == vocabulary.Unreachable:
		judgeDependency(x, j, incident.ClassUnavailable)
	case g.Reason.IsBadStatement():
		judgeCode(j) // whoever wrote the statement, not the store that refused it
	case g.Reason.IsAnswer() || g.Reason.IsOwnResource():
		judgePeerError(x, j)
	case g.Reason.Means == vocabulary.Refused:
		judgeRefusal(x, j, k)
	case g.Reason.Means == vocabulary.TimedOut:
		judgeTimeout(x, j)
	case j.IsMute():
		judgeMute(x, j)
	default:
		judgeCode(j)
	}
	capByTrace(x, j)
	return j
}
