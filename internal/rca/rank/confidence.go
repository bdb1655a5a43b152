package rank

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// AppliedCap is a cap that holds the confidence down.
type AppliedCap struct {
	Limit judge.Limit
	At    incident.Confidence
	// Shown of so many failing traces show the cause, or say the same of it: what CapShare and CapUnequal
	// follow from.
	Shown, Traces int
}

// confidenceOf applies all caps, and those of the case: one trace without anything to compare it
// with, and traces that do not have this root.
func confidenceOf(r *Ranking) (incident.Confidence, []AppliedCap) {
	j := r.Shown.Judgement
	var caps []AppliedCap
	for _, l := range j.Limits {
		caps = append(caps, AppliedCap{Limit: l, At: l.Cap.Limit()})
	}
	if len(r.support) == 1 && len(r.Case.Healthy) == 0 {
		caps = append(caps, AppliedCap{Limit: judge.Limit{Cap: rules.CapOneTrace}, At: rules.CapOneTrace.Limit()})
	}
	if n, showing := len(r.Traces), countShowing(r.support, r.Shown); showing < n {
		caps = append(caps, AppliedCap{Limit: judge.Limit{Cap: rules.CapShare}, At: rules.ShareLimit(showing, n), Shown: showing, Traces: n})
	}
	if n, alike := len(r.support), r.Shown.alike; alike < n {
		caps = append(caps, AppliedCap{Limit: judge.Limit{Cap: rules.CapUnequal}, At: rules.ShareLimit(alike, n), Shown: alike, Traces: n})
	}
	base := baseConfidence(j)
	value := base
	var holding []AppliedCap
	for _, c := range caps {
		if c.At <= base {
			holding = append(holding, c)
		}
		value = min(value, c.At)
	}
	return value, holding
}

// baseConfidence is what the kind of evidence is worth before any cap.
func baseConfidence(j *judge.Judgement) incident.Confidence {
	switch j.Kind {
	case incident.KindResource, incident.KindDependency:
		return rules.NamedCause
	case incident.KindSlow, incident.KindEdge:
		return rules.LocatedCause
	case incident.KindCode:
		if thrown, _ := j.Group.Exception(); thrown != nil && len(thrown.Innermost().Frames) > 0 {
			return rules.NamedCause
		}
		return rules.LocatedCause
	default:
		return rules.UnknownCause
	}
}
