package rank

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// worstOutcome is the worst outcome of the traces with the reported root.
func worstOutcome(list []*Support) incident.Outcome {
	worst := incident.OutcomeDegraded
	for _, s := range list {
		switch s.Verdict.Classification.Outcome {
		case incident.OutcomeFailed:
			return incident.OutcomeFailed
		case incident.OutcomeUnknown:
			worst = incident.OutcomeUnknown
		}
	}
	return worst
}

// severityOf follows section 9: how many of whose requests failed.
func severityOf(outcome incident.Outcome, entries []incident.EntryStats) incident.Severity {
	switch outcome {
	case incident.OutcomeFailed:
		if isCritical(entries) {
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
		if e.Failed >= rules.CriticalTraces && rules.CriticalParts*e.Failed >= e.Traces {
			return true
		}
		if e.Failed >= rules.CriticalTracesEach {
			several++
		}
	}
	return several >= rules.CriticalEntries
}
