// Package rca finds root causes: a classifier for one failing trace and an engine for a case, by
// the rules of docs/verdict.md. It is pure: no I/O, no clock, no randomness, and scores are
// integers, so that the same case gives the same bytes on every machine.
package rca

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rca/render"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// EngineVersion changes whenever the same case may give another report.
const EngineVersion = "2"

// Needs are what the classifier would ask of the store about a trace before Classify can
// answer: the services, addresses, calls and refusals that occur in it. Calls and refusals are
// asked for by the names of services, so by other ones once it is known whose an address is.
type Needs struct {
	Services  []string
	Addresses []string
	Calls     []incident.CallStats
	Refusals  []incident.CallStats
}

// NeedsOf collects the needs of a trace, given what is known of the services and addresses in it.
func NeedsOf(t *incident.Trace, k incident.Knowledge) Needs { return needsOf(t, k) }

// Classify derives a failure's origins and root signatures from its stored signals.
func Classify(tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
	v := judge.Judge(tenant, explainTrace(t, k), k)
	render.Titles(v)
	return v.Classification
}

// KeyOf returns the root signature of these parts, the key of an incident.
func KeyOf(tenant string, p incident.SignatureParts) string { return judge.KeyOf(tenant, p) }

// Analyze derives the report of a case. Only the root of c.RootSignature is reported; what else
// failed in its traces are findings.
func Analyze(c *incident.Case) incident.Result {
	var verdicts []*judge.Verdict
	for _, t := range distinctTraces(c.Failing) {
		verdicts = append(verdicts, judge.Judge(c.Tenant, explainTrace(t, c.Knowledge), c.Knowledge))
	}
	r := rank.Rank(c, verdicts)
	return incident.Result{Report: render.Report(r), Observations: r.Observations}
}

// explainTrace reads a trace, in three steps: its tree shows who called whom, which the texts of errors are
// read by, and what explains what follows from both.
func explainTrace(t *incident.Trace, k incident.Knowledge) *explain.Explanation {
	tree := trace.Assemble(t)
	directory := trace.NewDirectory(tree, k)
	signals := failure.SignalsOf(t)
	return explain.Explain(tree, evidence.Gather(tree, signals, directory), signals, directory, k)
}

// distinctTraces orders traces by key, each once: nothing may depend on the order in which they came.
func distinctTraces(traces []*incident.Trace) []*incident.Trace {
	sorted := slices.Clone(traces)
	slices.SortStableFunc(sorted, func(a, b *incident.Trace) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return slices.CompactFunc(sorted, func(a, b *incident.Trace) bool { return a.Key == b.Key && a.ID == b.ID })
}
