package rcaexporter

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// errorsOfTraces finds the error signals of td.
func (e *rcaExporter) errorsOfTraces(ctx context.Context, td ptrace.Traces) []store.ErrorSignal {
	var errs []store.ErrorSignal
	var found []failure.Observed
	for _, rs := range td.ResourceSpans().All() {
		source := failure.SourceOf(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				found = e.detector.Span(ctx, found[:0], source, rs, ss, span)
				for _, o := range found {
					errs = append(errs, errorSignal(o, spanRef(o.TraceID, o.SpanID)))
				}
			}
		}
	}
	return errs
}

// errorsOfLogs finds the error signals of ld. Its records, in order, are those of logs, but for
// the project's own events, which are never an error and not among them.
func (e *rcaExporter) errorsOfLogs(ctx context.Context, ld plog.Logs, logs []*signal.Log) []store.ErrorSignal {
	var errs []store.ErrorSignal
	next := 0
	for _, rl := range ld.ResourceLogs().All() {
		source := failure.SourceOf(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if failure.IsOwnEvent(record.EventName()) {
					continue
				}
				if o, ok := e.detector.Log(ctx, source, rl, sl, record); ok {
					errs = append(errs, errorSignal(o, logRef(logs[next].ID)))
				}
				next++
			}
		}
	}
	return errs
}

func errorSignal(o failure.Observed, ref incident.Ref) store.ErrorSignal {
	return store.ErrorSignal{Key: failure.Key(o), Kind: string(o.Kind), Ref: ref, Time: o.Time, Service: o.Service}
}

func spanRef(trace signal.TraceID, span signal.SpanID) incident.Ref {
	return incident.Ref("span:" + trace.String() + "/" + span.String())
}

func logRef(id signal.ID) incident.Ref { return incident.Ref("log:" + id.String()) }
