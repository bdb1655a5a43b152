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

// severityOf follows section 9: the worst that any of the traces makes of it, and how many requests failed; where
// it is hidden how many went well, only the number of those that failed counts.
func severityOf(list []*Support, entries []incident.EntryStats, hidesShares bool) incident.Severity {
	var worst incident.Severity
	for _, s := range list {
		worst = incident.WorseSeverity(worst, s.Root.Severity)
	}
	if worst == incident.SeverityHigh && isCritical(entries, hidesShares) {
		return incident.SeverityCritical
	}
	return worst
}

func isCritical(entries []incident.EntryStats, hidesShares bool) bool {
	several := 0
	for _, e := range entries {
		if !hidesShares && e.Failed >= rules.CriticalTraces && rules.CriticalParts*e.Failed >= e.Traces {
			return true
		}
		if e.Failed >= rules.CriticalTracesEach {
			several++
		}
	}
	return several >= rules.CriticalEntries
}
