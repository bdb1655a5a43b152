package incident

// AbstainBelow is the confidence below which a verdict is abstained (docs/verdict.md section 10).
const AbstainBelow = Certain / 2

// Effective is the verdict and confidence of an analysis once the agents' assessment counts, and what
// lowered them. It never raises a confidence, never turns an abstention into a verdict and never
// names another cause: where the agents disagree, the report's root cause stays, as abstained.
func (a Analysis) Effective() (Verdict, Confidence, []Cap) {
	verdict, confidence := a.Verdict, Confidence(0)
	if a.RootCause != nil {
		confidence = a.RootCause.Confidence
	}
	if verdict != VerdictRootCause || a.Agents == nil || a.Agents.State != AgentsDone || a.Agents.Assessment == nil {
		return verdict, confidence, nil
	}
	s := a.Agents.Assessment
	if !s.rests(a.Agents.Claims) {
		return verdict, confidence, nil
	}
	lowered, reason := confidence, ""
	switch s.Stance {
	case StanceLowers:
		lowered, reason = s.Confidence, "agents found reasons to doubt it"
	case StanceAbstains:
		lowered, reason = AbstainBelow-1, "agents found that the evidence does not carry it"
	case StanceDisagrees:
		lowered, reason = AbstainBelow-1, "agents hold "+s.Component+" for likelier"
	}
	if lowered >= confidence || lowered < 0 {
		return verdict, confidence, nil
	}
	if lowered < AbstainBelow {
		verdict = VerdictAbstained
	}
	return verdict, lowered, []Cap{{At: lowered, Reason: reason}}
}

// rests reports whether an assessment names claims, and all of them were verified.
func (s *Assessment) rests(claims []VerifiedClaim) bool {
	verified := make(map[string]bool, len(claims))
	for _, c := range claims {
		verified[c.ID] = true
	}
	for _, id := range s.Because {
		if !verified[id] {
			return false
		}
	}
	return len(s.Because) > 0
}
