package incident

import "slices"

// capByAgents is why an assessment holds a confidence down; it finishes "at most 40 %: …".
const capByAgents = "the agents found claims, verified by code, that speak against it"

// Effective is the verdict and the root cause's confidence as they are shown: the rules', lowered
// where agents came to the end with an assessment that rests on verified claims. It never raises a
// confidence and names no other cause.
func (a Analysis) Effective() (Verdict, Confidence) {
	if a.RootCause == nil {
		return a.Verdict, 0
	}
	rules := a.RootCause.Confidence
	if a.Agents == nil || a.Agents.State != AgentsDone {
		return a.Verdict, rules
	}
	assessment := a.Agents.Assessment
	if assessment == nil || !restsOnClaims(assessment.Because, a.Agents.Claims) {
		return a.Verdict, rules
	}
	switch assessment.Stance {
	case StanceLowers, StanceDisagrees:
		return a.Verdict, min(rules, max(assessment.Confidence, 0))
	case StanceAbstains:
		return VerdictAbstained, min(rules, max(assessment.Confidence, 0))
	default:
		return a.Verdict, rules
	}
}

// restsOnClaims tells whether all the claims named, and at least one, were verified.
func restsOnClaims(because []string, verified []VerifiedClaim) bool {
	return len(because) > 0 && !slices.ContainsFunc(because, func(id string) bool {
		return !slices.ContainsFunc(verified, func(c VerifiedClaim) bool { return c.ID == id })
	})
}

// Assessed is the analysis as it is shown to readers, with the effective verdict and confidence. The
// stored report stays what the rules made of the case.
func (a Analysis) Assessed() Analysis {
	verdict, confidence := a.Effective()
	if a.RootCause == nil || verdict == a.Verdict && confidence == a.RootCause.Confidence {
		return a
	}
	a.Verdict = verdict
	if verdict == VerdictAbstained {
		a.RootCause = nil // it stays among the candidates
		return a
	}
	root := *a.RootCause
	root.Confidence = confidence
	root.CappedBy = append([]Cap{{At: confidence, Reason: capByAgents}}, root.CappedBy...)
	a.RootCause = &root
	return a
}
