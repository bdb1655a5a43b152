package incident

// Assessed is the analysis as it is shown to readers, with the effective verdict and confidence. The
// stored report stays what the rules made of the case.
func (a Analysis) Assessed() Analysis {
	verdict, confidence, caps := a.Effective()
	if a.RootCause == nil || len(caps) == 0 {
		return a
	}
	a.Verdict = verdict
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
