package rca

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rca/render"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/steps"
)

// analyzeWindow derives the report of a case that is about a window. Errors come first where they explain why its
// requests fail; else it is told by how components behave otherwise than is usual.
func analyzeWindow(ctx context.Context, c *incident.Case) (result incident.Result, err error) {
	explained, err := caseOfErrors(ctx, c)
	if err != nil {
		return result, err
	}
	if explained != nil {
		return AnalyzeContext(ctx, explained)
	}
	_, err = steps.Run(ctx, math.MaxInt, func(*steps.Counter) {
		l := locate(c)
		result = incident.Result{Report: render.Located(l), Observations: l.Observations}
	})
	return result, err
}

// locate finds where the fault of a window lies. Of one whose onset is not known that is looked for first; a verdict
// that would be another one a little before or after it is in doubt.
func locate(c *incident.Case) *rank.Location {
	if !c.Window.OnsetUnknown {
		return rank.Locate(c, behaviour.Compare(c))
	}
	onset, found := behaviour.Onset(c)
	if !found {
		return rank.Locate(c, behaviour.Compare(c))
	}
	l := locateFrom(c, onset)
	for _, other := range []signal.Nanos{onset - min(onset, signal.Nanos(rules.OnsetAround)), onset + signal.Nanos(rules.OnsetAround)} {
		if c.Window.Contains(other) && !l.Agrees(locateFrom(c, other)) {
			l.AddDoubt(rank.Unsettled)
			break
		}
	}
	return l
}

// locateFrom finds where the fault of a window lies that began at the given time.
func locateFrom(c *incident.Case, onset signal.Nanos) *rank.Location {
	from, window := *c, *c.Window
	window.From = onset
	from.Window, from.Failing, from.Healthy = &window, nil, slices.Clone(c.Healthy)
	for _, t := range c.Failing {
		if beginOf(t) < onset {
			from.Healthy = append(from.Healthy, t)
		} else {
			from.Failing = append(from.Failing, t)
		}
	}
	return rank.Locate(&from, behaviour.Compare(&from))
}

// beginOf is when the first record of a trace was made.
func beginOf(t *incident.Trace) (begin signal.Nanos) {
	begin = math.MaxUint64
	for _, s := range t.Spans {
		begin = min(begin, s.Start)
	}
	for _, l := range t.Logs {
		begin = min(begin, l.EventTime())
	}
	return begin
}

// caseOfErrors is the case of the error that most of the window's failed requests have in common, if that is new; nil
// where there is none.
func caseOfErrors(ctx context.Context, c *incident.Case) (*incident.Case, error) {
	now, err := failedTraces(ctx, c, c.Failing)
	if err != nil || len(now) == 0 {
		return nil, err
	}
	before, err := failedTraces(ctx, c, c.Healthy)
	if err != nil {
		return nil, err
	}
	signature, with := mostCommonRoot(now)
	usual := 0
	for _, f := range before {
		if slices.Contains(f.roots, signature) {
			usual++
		}
	}
	if with < rules.WindowErrors || with*rules.WindowErrorParts < len(now) ||
		stats.CompareShares(with, len(c.Failing), usual, len(c.Healthy)) < rules.StandardErrors*1000 && len(c.Healthy) > 0 {
		return nil, nil
	}
	of := &incident.Case{Tenant: c.Tenant, RootSignature: signature, Metrics: c.Metrics, Changes: c.Changes, Knowledge: c.Knowledge, Selection: c.Selection}
	for _, f := range now[:min(len(now), rules.WindowTraces)] {
		of.Failing = append(of.Failing, f.trace)
	}
	for _, t := range c.Healthy {
		if len(of.Healthy) < rules.WindowTraces && !slices.ContainsFunc(before, func(f failedTrace) bool { return f.trace == t }) {
			of.Healthy = append(of.Healthy, t)
		}
	}
	return of, nil
}

// failedTrace is a request that failed, by a record, and of which errors.
type failedTrace struct {
	trace *incident.Trace
	roots []string
}

// failedTraces are those in which a span says that it failed, and of which the entry did.
func failedTraces(ctx context.Context, c *incident.Case, traces []*incident.Trace) (failed []failedTrace, err error) {
	for _, t := range distinctTraces(traces) {
		if !slices.ContainsFunc(t.Spans, failure.IsSpanError) {
			continue
		}
		v, err := judgeTrace(ctx, c.Tenant, t, c.Knowledge)
		if err != nil {
			return nil, err
		}
		if v.Classification.Outcome != incident.OutcomeFailed || v.Classification.State == incident.FailureDismissed {
			continue
		}
		f := failedTrace{trace: t}
		for _, r := range v.Classification.Roots {
			f.roots = append(f.roots, r.Signature)
		}
		failed = append(failed, f)
	}
	return failed, nil
}

// mostCommonRoot is the signature that most have, and how many.
func mostCommonRoot(failed []failedTrace) (signature string, with int) {
	counts := map[string]int{}
	for _, f := range failed {
		for _, r := range f.roots {
			counts[r]++
		}
	}
	for s, n := range counts {
		if cmp.Or(cmp.Compare(n, with), cmp.Compare(signature, s)) > 0 {
			signature, with = s, n
		}
	}
	return signature, with
}
