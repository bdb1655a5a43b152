package rca

import "github.com/prodsentinel/prodsentinel/internal/incident"

// outcome is the worst outcome of the traces with the reported root.
func (c *caseView) outcome() incident.Outcome {
	worst := incident.OutcomeDegraded
	for _, s := range c.support {
		switch s.Outcome {
		case incident.OutcomeFailed:
			return incident.OutcomeFailed
		case incident.OutcomeUnknown:
			worst = incident.OutcomeUnknown
		}
	}
	return worst
}

// severity follows section 9: how many of whose requests failed.
func (c *caseView) severity() incident.Severity {
	switch c.outcome() {
	case incident.OutcomeFailed:
		if isCritical(c.in.Entries) {
			return incident.SeverityCritical
		}
		return incident.SeverityHigh
	case incident.OutcomeUnknown:
		return incident.SeverityMedium
	default:
		return incident.SeverityLow
	}
}

func isCritical(entries []incident.EntryStats) bool {
	several := 0
	for _, e := range entries {
		if e.Failed >= 10 && 2*e.Failed >= e.Traces {
			return true
		}
		if e.Failed >= 5 {
			several++
		}
	}
	return several >= 2
}
