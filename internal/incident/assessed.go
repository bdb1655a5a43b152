package incident

import "fmt"

// Assessed is the analysis as it is shown to readers, with the effective verdict and confidence. The
// stored report stays what the rules made of the case; what they found is in the assessment.
func (a Analysis) Assessed() Analysis {
	verdict, confidence, caps := a.Effective()
	if a.RootCause == nil || len(caps) == 0 {
		return a
	}
	agents, assessment := *a.Agents, *a.Agents.Assessment
	assessment.Rules = a.RootCause
	assessment.Statement = assessment.against(*a.RootCause, confidence)
	agents.Assessment = &assessment
	a.Agents, a.Verdict = &agents, verdict
	if verdict == VerdictAbstained {
		a.RootCause = nil // it stays among the candidates
		return a
	}
	root := *a.RootCause
	root.Confidence = confidence
	root.CappedBy = append(caps, root.CappedBy...)
	a.RootCause = &root
	return a
}

// against tells both views in a sentence.
func (s Assessment) against(rules RootCause, now Confidence) string {
	said := fmt.Sprintf("The rules find the cause in %s, %d %% confident; the agents ", rules.Component, rules.Confidence/percent)
	switch {
	case s.Stance == StanceDisagrees:
		return said + "hold " + s.Component + " for likelier, so the verdict is open."
	case s.Stance == StanceLowers && now >= AbstainBelow:
		return said + fmt.Sprintf("hold the same cause with %d %%.", now/percent)
	default:
		return said + "find that the evidence does not carry it, so the verdict is open."
	}
}

const percent = Certain / 100
