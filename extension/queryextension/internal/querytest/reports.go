package querytest

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// PoolReport has everything a report can have.
func PoolReport() incident.Report {
	logs := PoolSignals(PoolTrace, Onset).Logs
	acquire, warn, refused, answered := spanRef(PoolTrace, 5), logRef(logs[1]), logRef(logs[2]), logRef(logs[3])
	metric := incident.Ref("metric:" + PoolMetric().ID.String())
	return incident.Report{
		Verdict: incident.VerdictRootCause,
		RootCause: &incident.RootCause{
			Kind: incident.KindResource, Service: "payment", Component: "payment", Operation: "pool.acquire",
			Category: incident.CategoryConnectionPoolExhausted, Trigger: incident.TriggerNoneFound,
			Code:      &incident.Code{Region: []incident.CodeRegion{{Function: "payment.(*Repo).Charge", File: "repo.go", Line: 87, Evidence: acquire}}},
			Statement: "payment could not get a database connection: all 8 connections of its pool were in use for 3.0 s, and the acquire timed out.",
			Evidence:  []incident.Ref{acquire, refused}, Confidence: 800_000,
			CappedBy: []incident.Cap{{At: 800_000, Reason: "there is no baseline to compare with"}},
		},
		CriticalFailure: &incident.CriticalFailure{
			Service: "payment", Operation: "POST /pay/{order_id}", Statement: "payment answered gateway with 503 after 3.0 s.",
			Evidence: []incident.Ref{spanRef(PoolTrace, 4)},
		},
		Impact: incident.Impact{
			FailingTraces: 25, Outcome: incident.OutcomeFailed, Services: []string{"gateway", "payment"},
			EntryOperations: []string{"gateway POST /pay/{order_id}"},
		},
		Errors: 1, ErrorSignals: 6, Severity: incident.SeverityCritical,
		Propagation: []incident.Step{
			{From: "payment", To: "gateway", Evidence: []incident.Ref{spanRef(PoolTrace, 3), answered}},
			{From: "gateway", To: "caller", Evidence: []incident.Ref{spanRef(PoolTrace, 1)}},
		},
		Candidates: []incident.Candidate{
			{
				Kind: incident.KindResource, Service: "payment", Component: "payment", Operation: "pool.acquire",
				Category: incident.CategoryConnectionPoolExhausted, Score: 800_000,
				For: []incident.Statement{
					{Statement: "The acquire span ended with a timeout that names the pool.", Evidence: []incident.Ref{acquire}},
					{Statement: "The pool had 8 of 8 connections in use.", Evidence: []incident.Ref{metric, warn}},
				},
			},
			{
				Kind: incident.KindDependency, Service: "payment", Component: "payment-db",
				Category: incident.CategoryDatabaseError, Score: 150_000,
				For:     []incident.Statement{{Statement: "payment-db is what the pool connects to.", Evidence: []incident.Ref{acquire}}},
				Against: []incident.Statement{{Statement: "No connection attempt to payment-db failed.", Evidence: []incident.Ref{acquire}}},
			},
		},
		Findings: []incident.Finding{
			{ID: "f1", Statement: "payment waited 3.0 s for a connection before it gave up.", Evidence: []incident.Ref{acquire, warn}, Author: "rules"},
			{ID: "f2", Statement: "gateway passed the failure on to its caller with 502.", Evidence: []incident.Ref{spanRef(PoolTrace, 1), answered}, Author: "rules"},
		},
		SuspectedChanges: []incident.SuspectedChange{},
		Gaps: []incident.Gap{
			{Kind: "no_telemetry", Detail: "payment-db sends no telemetry; what held its connections cannot be seen"},
		},
		Narrative: incident.Narrative{
			Author: "rules", Markdown: "payment could not get a database connection.\n",
			NextSteps: []string{"Look for transactions that hold connections for long in payment.", "Compare the pool's size (8) with payment's concurrency."},
		},
	}
}

// HostileReport quotes hostile telemetry wherever a report has text.
func HostileReport() incident.Report {
	hostile := Script + Bidi
	evidence := []incident.Ref{spanRef(HostileTrace, 1), logRef(HostileSignals().Logs[0])}
	statements := []incident.Statement{{Statement: hostile, Evidence: evidence}}
	return incident.Report{
		Verdict: incident.VerdictAbstained,
		Impact:  incident.Impact{FailingTraces: 1, Outcome: incident.OutcomeUnknown, Services: []string{hostile}, EntryOperations: []string{hostile}},
		Errors:  1, ErrorSignals: 2, Severity: incident.SeverityMedium,
		CriticalFailure: &incident.CriticalFailure{Service: hostile, Operation: hostile, Statement: hostile, Evidence: evidence},
		Propagation:     []incident.Step{{From: hostile, To: hostile, Evidence: evidence}},
		Candidates: []incident.Candidate{{
			Kind: incident.KindCode, Service: hostile, Component: hostile, Operation: hostile,
			Category: incident.CategoryCodeException, Score: 400_000, For: statements, Against: statements,
		}},
		Findings:         []incident.Finding{{ID: "f1", Statement: hostile, Evidence: evidence, Author: "rules"}},
		SuspectedChanges: []incident.SuspectedChange{},
		Gaps:             []incident.Gap{{Kind: "no_telemetry", Detail: hostile}},
		Narrative:        incident.Narrative{Author: "rules", Markdown: hostile + strings.Repeat("\n"+hostile, 10), NextSteps: []string{hostile}},
	}
}
