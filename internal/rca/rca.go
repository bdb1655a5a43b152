// Package rca finds root causes: a classifier for one failing trace and an engine for a case, by
// the rules of docs/verdict.md. It is pure: no I/O, no clock, no randomness, and scores are
// integers, so that the same case gives the same bytes on every machine.
package rca

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rca/render"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/steps"
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
	// Moments are when exceptions of traces are looked for that an error without a trace may be a copy of.
	Moments []incident.Moment
	// Logged are when errors without a trace are looked for that may belong to the trace, see Join.
	Logged []incident.Moment
}

// NeedsOf is NeedsOfContext without an end.
func NeedsOf(t *incident.Trace, k incident.Knowledge) Needs {
	needs, _ := NeedsOfContext(context.Background(), t, k) // fails only where the context ends
	return needs
}

// NeedsOfContext collects the needs of a trace, given what is known of the services and addresses in it. It
// fails only where the context ends.
func NeedsOfContext(ctx context.Context, t *incident.Trace, k incident.Knowledge) (needs Needs, err error) {
	err = bound(ctx, t, rules.MaxSteps, func(t *incident.Trace, s *steps.Counter) { needs = needsOf(explainTrace(t, k, s)) })
	return needs, err
}

// Classify is ClassifyContext without an end.
func Classify(tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
	c, _ := ClassifyContext(context.Background(), tenant, t, k) // fails only where the context ends
	return c
}

// ClassifyContext derives a failure's origins and root signatures from its stored signals. It fails only where
// the context ends.
func ClassifyContext(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) (incident.Classification, error) {
	v, err := judgeTrace(ctx, tenant, t, k)
	if err != nil {
		return incident.Classification{}, err
	}
	if isCopy(t, k) {
		v.Dismiss(incident.DismissTraced)
	}
	render.Titles(v)
	return v.Classification, nil
}

// KeyOf returns the root signature of these parts, the key of an incident.
func KeyOf(tenant string, p incident.SignatureParts) string { return judge.KeyOf(tenant, p) }

// Analyze is AnalyzeContext without an end.
func Analyze(c *incident.Case) incident.Result {
	result, _ := AnalyzeContext(context.Background(), c) // fails only where the context ends
	return result
}

// AnalyzeContext derives the report of a case. Only the root of c.RootSignature is reported; what else
// failed in its traces are findings. It fails only where the context ends.
func AnalyzeContext(ctx context.Context, c *incident.Case) (result incident.Result, err error) {
	if c.Window != nil {
		return analyzeWindow(ctx, c)
	}
	var verdicts []*judge.Verdict
	for _, t := range distinctTraces(c.Failing) {
		v, err := judgeTrace(ctx, c.Tenant, t, c.Knowledge)
		if err != nil {
			return result, err
		}
		verdicts = append(verdicts, v)
	}
	_, err = steps.Run(ctx, math.MaxInt, func(s *steps.Counter) {
		for _, v := range verdicts {
			v.Explanation.Tree.Steps = s
		}
		r := rank.Rank(c, verdicts)
		result = incident.Result{Report: render.Report(r), Observations: r.Observations}
	})
	return result, err
}

func judgeTrace(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) (v *judge.Verdict, err error) {
	err = bound(ctx, t, rules.MaxSteps, func(t *incident.Trace, s *steps.Counter) { v = verdictOn(tenant, t, k, s) })
	if err != nil {
		return nil, err
	}
	v.Explanation.Tree.Steps = nil // what follows looks at single errors
	return v, nil
}

// verdictOn judges a trace. An error that is routine in requests that go well does not explain why this one failed,
// as long as something else does.
func verdictOn(tenant string, t *incident.Trace, k incident.Knowledge, s *steps.Counter) *judge.Verdict {
	v := judge.Judge(tenant, explainTrace(t, k, s), k)
	if aside := v.KnownOtherwise(k); len(aside) > 0 {
		if other := judge.Judge(tenant, explainTrace(t, k, s, aside...), k); len(other.Primary) > 0 {
			return other
		}
	}
	return v
}

// bound calls f with a trace. If that takes too many steps, it calls f again with less and less of the trace, the
// last time without a bound. It fails only where the context ends.
func bound(ctx context.Context, t *incident.Trace, limit int, f func(*incident.Trace, *steps.Counter)) error {
	records := len(t.Spans) + len(t.Logs)
	_, err := steps.Run(ctx, limit+records*rules.StepsPerRecord, func(s *steps.Counter) { f(t, s) })
	for most := rules.LargestPath; errors.Is(err, steps.ErrTooMany); most /= 10 {
		if most <= rules.SmallestPath {
			limit = math.MaxInt
		}
		_, err = steps.Run(ctx, limit, func(s *steps.Counter) { f(errorPath(t, most), s) })
	}
	return err
}

// explainTrace reads a trace, in three steps: its tree shows who called whom, which the texts of errors are
// read by, and what explains what follows from both.
func explainTrace(t *incident.Trace, k incident.Knowledge, s *steps.Counter, aside ...int) *explain.Explanation {
	t = withoutOld(t)
	tree := trace.Assemble(t, s)
	directory := trace.NewDirectory(tree, k)
	signals := failure.SignalsOf(t)
	return explain.Explain(tree, evidence.Gather(tree, signals, directory), signals, directory, k, aside...)
}

// distinctTraces orders traces by key, each once: nothing may depend on the order in which they came.
func distinctTraces(traces []*incident.Trace) []*incident.Trace {
	sorted := slices.Clone(traces)
	slices.SortStableFunc(sorted, func(a, b *incident.Trace) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return slices.CompactFunc(sorted, func(a, b *incident.Trace) bool { return a.Key == b.Key && a.ID == b.ID })
}
