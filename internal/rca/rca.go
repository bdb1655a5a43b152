// Package rca finds root causes: a classifier for one failing trace and an engine for a case, by
// the rules of docs/verdict.md. It is pure: no I/O, no clock, no randomness, and scores are
// integers, so that the same case gives the same bytes on every machine.
package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// EngineVersion changes whenever the same case may give another report.
const EngineVersion = "1"

// Needs tells what the classifier would ask of the store about a trace before Classify can
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
	return classify(tenant, t, k).Classification
}

// Analyze derives the report of a case. Only the root of c.RootSignature is reported; what else
// failed in its traces are findings.
func Analyze(c *incident.Case) incident.Result { return analyze(c) }
