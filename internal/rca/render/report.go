// Package render writes all that people read of a verdict: titles, statements, findings, gaps and the
// narrative. It decides nothing, and says no more than the edge that was seen (docs/verdict.md, section 10).
package render

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Report writes the report of a case.
func Report(r *rank.Ranking) incident.Report {
	if r.Shown == nil {
		return nothingFailed(r)
	}
	caps := capsOf(r)
	report := incident.Report{
		Verdict: incident.VerdictRootCause, CriticalFailure: criticalFailure(r.Shown), Impact: r.Impact,
		Severity: r.Severity, Routine: r.Routine, Propagation: rank.PropagationOf(r.Shown), Candidates: renderCandidates(r),
		SuspectedChanges: renderChanges(r), Gaps: gapsOf(r), Conflicts: conflictsOf(r),
	}
	for _, v := range r.Traces {
		report.Errors += len(v.Primary) + len(v.Others)
		report.ErrorSignals += v.ErrorSignals()
	}
	if r.IsAbstention() {
		report.Verdict = incident.VerdictAbstained
	} else {
		report.RootCause = rootCause(r, caps)
	}
	// Findings repeat what the report says so far, and the narrative is written from them only.
	report.Findings = findingsOf(r, &report)
	report.Narrative = narrativeOf(r, &report, caps)
	return report
}

func rootCause(r *rank.Ranking, caps []incident.Cap) *incident.RootCause {
	j := r.Shown.Judgement
	return &incident.RootCause{
		Kind: j.Kind, Service: j.Service, Component: j.Component, Operation: j.Operation, Category: j.Category,
		Trigger: r.Trigger, Code: codeOf(j), Statement: causeStatement(r), Evidence: r.Shown.Root.Origin, Confidence: r.Confidence,
		CappedBy: caps,
	}
}

// causeStatement says what was seen at the origin of all traces with the reported root.
func causeStatement(r *rank.Ranking) string {
	return statementOf(r.Shown.Judgement, judgementsOf(r.Support())...)
}

// criticalFailure says where a caller was first hurt.
func criticalFailure(s *rank.Support) *incident.CriticalFailure {
	hurt, refs := rank.HurtCaller(s)
	operation := trace.OperationOf(hurt.LocalRoot)
	statement := hurt.Service + " failed" + inOperation(operation)
	if hurt != s.Judgement.Group.Node {
		statement += " because of it"
	}
	return &incident.CriticalFailure{Service: hurt.Service, Operation: operation, Statement: statement, Evidence: refs}
}

// nothingFailed is the report of a case whose traces are all dismissed by the rules.
func nothingFailed(r *rank.Ranking) incident.Report {
	report := incident.Report{
		Verdict: incident.VerdictAbstained, Severity: incident.SeverityLow, Propagation: []incident.Step{},
		Candidates: []incident.Candidate{}, SuspectedChanges: []incident.SuspectedChange{}, Gaps: gapsOf(r), Conflicts: conflictsOf(r),
		Impact: incident.Impact{Outcome: incident.OutcomeDegraded, Services: []string{}, EntryOperations: []string{}},
	}
	for _, v := range r.Dismissed {
		report.ErrorSignals += v.ErrorSignals()
		if v.Classification.Outcome == incident.OutcomeRecovered {
			report.Impact.Outcome = incident.OutcomeRecovered
		}
	}
	report.Findings = findingsOf(r, &report)
	report.Narrative = incident.Narrative{
		Author: author, NextSteps: []string{},
		Markdown: "## No failure\n\nBy the rules, none of the traces of this case failed.\n\n" + findingsText(report.Findings),
	}
	return report
}
