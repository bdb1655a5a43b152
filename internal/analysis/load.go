package analysis

import (
	"context"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// Most traces have fewer records than this and are loaded together.
	smallTrace = 2_000
	// maxTrace is how many records of one trace the rules look at.
	maxTrace = 60_000
)

// loader loads traces and marks their error signals.
type loader struct {
	store store.Signals
	// find is Config.ErrorSignals.
	find func(context.Context, *incident.Trace) *incident.ErrorSignals
}

func (w *Workers) loader() loader { return loader{w.store, w.config.ErrorSignals} }

// mark notes on each trace what the configured conditions find, where there are any.
func (l loader) mark(ctx context.Context, traces ...*incident.Trace) {
	if l.find == nil {
		return
	}
	for _, t := range traces {
		t.Signals = l.find(ctx, t)
	}
}

// load calls each with the traces of keys in their order, some at a time: runs of small ones, which are
// loaded together, and between them the big ones, one by one as their turn comes, so that no more of
// them than each keeps are in memory. first is the place of a run's first trace among the keys.
func (l loader) load(ctx context.Context, tenant string, keys []string, each func(first int, run []*incident.Trace) error) error {
	traces, err := l.store.Traces(ctx, tenant, keys, smallTrace)
	if err != nil {
		return fmt.Errorf("load %d traces: %w", len(keys), err)
	}
	for first := 0; first < len(traces); {
		end := first
		for end < len(traces) && traces[end].Truncated == 0 {
			end++
		}
		run := traces[first:end:end]
		if len(run) == 0 {
			end++
			if run, err = l.store.Traces(ctx, tenant, keys[first:end], maxTrace); err != nil {
				return fmt.Errorf("load trace %s: %w", keys[first], err)
			}
		}
		l.mark(ctx, run...)
		if err := each(first, run); err != nil {
			return err
		}
		clear(traces[first:end])
		first = end
	}
	return nil
}

// onset is the event time at which the trace first failed: the start of the first span or log
// with an error, of the first record where none is found, 0 where no record has a time. Where its clock is not credible, when it was
// received.
func onset(t *incident.Trace) signal.Nanos {
	var first, firstError signal.Nanos
	note := func(at, received signal.Nanos, isError bool) {
		if at == 0 {
			return
		}
		at = signal.EventTime(received, at)
		if first == 0 || at < first {
			first = at
		}
		if isError && (firstError == 0 || at < firstError) {
			firstError = at
		}
	}
	signals := failure.SignalsOf(t)
	for _, s := range t.Spans {
		note(s.Start, s.ReceivedAt, len(signals.OfSpan(s)) > 0)
	}
	for _, l := range t.Logs {
		note(l.EventTime(), l.ReceivedAt, signals.IsLog(l))
	}
	if firstError != 0 {
		return firstError
	}
	return first
}
