package rcaexporter

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/failure/condition"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// signalFinder finds the error signals of a stored trace by the conditions under which they were
// recorded; nil where the default rules alone hold, which the analysis knows itself.
func signalFinder(c failure.Conditions, d *condition.Detector) func(context.Context, *incident.Trace) *incident.ErrorSignals {
	if !c.Any() {
		return nil
	}
	return func(ctx context.Context, t *incident.Trace) *incident.ErrorSignals {
		var found incident.ErrorSignals
		for _, s := range t.Spans {
			findInSpan(ctx, d, s, &found)
		}
		for _, l := range t.Logs {
			if isErrorLog(ctx, d, l) {
				found.Logs = append(found.Logs, l.ID)
			}
		}
		byBytes := func(a, b signal.ID) int { return slices.Compare(a[:], b[:]) }
		slices.SortFunc(found.Spans, byBytes)
		slices.SortFunc(found.Logs, byBytes)
		slices.SortStableFunc(found.Events, func(a, b incident.SpanEvent) int { return byBytes(a.Span, b.Span) })
		return &found
	}
}

// findInSpan asks for the span without its events, and for each event by itself, as the detector
// does not say which event an error signal is.
func findInSpan(ctx context.Context, d *condition.Detector, s *signal.Span, found *incident.ErrorSignals) {
	rs := signal.ToTraces([]*signal.Span{s}).ResourceSpans().At(0)
	ss := rs.ScopeSpans().At(0)
	span, source := ss.Spans().At(0), failure.SourceOf(rs.Resource())
	events := ptrace.NewSpanEventSlice()
	span.Events().CopyTo(events)

	span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
	itself := len(d.Span(ctx, nil, source, rs, ss, span)) > 0
	if itself {
		found.Spans = append(found.Spans, s.ID)
	}
	for i, event := range events.All() {
		span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
		event.CopyTo(span.Events().AppendEmpty())
		for _, o := range d.Span(ctx, nil, source, rs, ss, span) {
			if o.Kind == failure.KindEvent {
				found.Events = append(found.Events, incident.SpanEvent{Span: s.ID, Index: i})
			}
		}
	}
}

func isErrorLog(ctx context.Context, d *condition.Detector, l *signal.Log) bool {
	rl := signal.ToLogs([]*signal.Log{l}).ResourceLogs().At(0)
	sl := rl.ScopeLogs().At(0)
	_, isError := d.Log(ctx, failure.SourceOf(rl.Resource()), rl, sl, sl.LogRecords().At(0))
	return isError
}
