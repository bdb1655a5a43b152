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
// the project's own events, which are never an error and not among them. Of a stack without a trace that
// arrived one record a line, each record has the key of the whole, by which all of them are found.
func (e *rcaExporter) errorsOfLogs(ctx context.Context, ld plog.Logs, logs []*signal.Log) []store.ErrorSignal {
	var errs []store.ErrorSignal
	for _, found := range e.detector.Logs(ctx, ld) {
		places := found.Places
		if !found.TraceID.IsZero() {
			places = places[:1] // the others are in the trace
		}
		for _, place := range places {
			errs = append(errs, errorSignal(found.Observed, logRef(logs[place].ID)))
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
