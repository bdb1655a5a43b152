package analysis

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// WindowSource is what the case of a window is read from. What it returns is shared with others and must not be
// changed.
type WindowSource interface {
	// Within returns what was recorded in [from, to) of event time, traces by when they began.
	Within(ctx context.Context, from, to signal.Nanos) (Recorded, error)
	// Before returns the baseline of what begins at the given time.
	Before(ctx context.Context, onset signal.Nanos) (Recorded, error)
	// Changes returns those in [from, to) of event time.
	Changes(ctx context.Context, from, to signal.Nanos) ([]incident.Change, error)
}

// Recorded is the telemetry of a stretch of time.
type Recorded struct {
	Traces []*incident.Trace // in any order
	Logs   []*signal.Log     // those that name no trace
	Points []*signal.Point
}

// WindowConfig bounds the case of a window. Traces beyond are left out by a hash of their IDs, so that the same
// are chosen again, and of each variety about the same share.
type WindowConfig struct {
	Traces, BaselineTraces int
}

// WindowCase puts together the case of a window: what was recorded in it, and the baseline before it.
func WindowCase(ctx context.Context, source WindowSource, tenant string, w incident.Window, config WindowConfig) (*incident.Case, error) {
	until := w.To + signal.Nanos(rules.CaseAfter) // what is measured comes later than what it was measured of
	within, err := source.Within(ctx, w.From, until)
	if err != nil {
		return nil, fmt.Errorf("load the window: %w", err)
	}
	before, err := source.Before(ctx, w.From)
	if err != nil {
		return nil, fmt.Errorf("load the baseline of the window: %w", err)
	}
	from := w.From - min(w.From, signal.Nanos(rules.CaseChanges))
	changes, err := source.Changes(ctx, from, w.To)
	if err != nil {
		return nil, fmt.Errorf("load the changes before the window: %w", err)
	}
	c := &incident.Case{
		Tenant: tenant, Window: &incident.Window{From: w.From, To: until, Service: w.Service, OnsetUnknown: w.OnsetUnknown},
		Failing: chooseTraces(within.Traces, config.Traces), Healthy: chooseTraces(before.Traces, config.BaselineTraces),
		Metrics: slices.Concat(before.Points, within.Points), Logs: slices.Concat(before.Logs, within.Logs), Changes: slices.Clone(changes),
	}
	c.Selection = incident.Selection{
		FailingTotal: len(within.Traces), HealthyTotal: len(before.Traces), BaselineTo: w.From,
		Rule: fmt.Sprintf("%d of %d traces of the window and %d of %d of its baseline (chosen by a hash of their IDs)",
			len(c.Failing), len(within.Traces), len(c.Healthy), len(before.Traces)),
	}
	orderWindowCase(c)
	return c, nil
}

// chooseTraces returns up to limit traces, the same ones of the same traces in whatever order they come.
func chooseTraces(traces []*incident.Trace, limit int) []*incident.Trace {
	chosen := slices.Clone(traces)
	if len(chosen) <= limit {
		return chosen
	}
	slices.SortFunc(chosen, func(a, b *incident.Trace) int {
		return cmp.Or(cmp.Compare(hashOf(a.Key), hashOf(b.Key)), cmp.Compare(a.Key, b.Key))
	})
	return chosen[:limit]
}

// hashOf is FNV-1a: the same on every machine, and of traces whose IDs begin alike as well.
func hashOf(key string) (h uint64) {
	h = 14695981039346656037
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return h
}

// orderWindowCase gives the case an order that does not depend on how it was loaded.
func orderWindowCase(c *incident.Case) {
	for _, traces := range [][]*incident.Trace{c.Failing, c.Healthy} {
		slices.SortFunc(traces, func(a, b *incident.Trace) int { return cmp.Compare(a.Key, b.Key) })
	}
	slices.SortFunc(c.Logs, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), compareIDs(a.ID, b.ID))
	})
	slices.SortFunc(c.Metrics, func(a, b *signal.Point) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name), compareIDs(a.ID, b.ID))
	})
	slices.SortFunc(c.Changes, func(a, b incident.Change) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID)) })
}
