package faults

import (
	"encoding/hex"
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// pdataSpans is the spans as OTLP carries them, each under a resource of its own.
func pdataSpans(spans []*span) ptrace.Traces {
	td := ptrace.NewTraces()
	for _, s := range spans {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", s.Service)
		to := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		to.SetTraceID(traceID(s.Trace))
		to.SetSpanID(spanID(s.ID))
		to.SetParentSpanID(spanID(s.Parent))
		to.SetName(s.Name)
		to.SetKind(spanKinds[s.Kind])
		to.SetStartTimestamp(pcommon.Timestamp(s.Start))
		to.SetEndTimestamp(pcommon.Timestamp(s.End))
		_ = to.Attributes().FromRaw(s.Attributes) // text and whole numbers only
		if s.Failed {
			to.Status().SetCode(ptrace.StatusCodeError)
		}
		if s.Exception != nil {
			event := to.Events().AppendEmpty()
			event.SetName("exception")
			event.SetTimestamp(pcommon.Timestamp(s.End))
			s.Exception.put(event.Attributes())
		}
	}
	return td
}

// pdataLogs is the log records as OTLP carries them. Like an SDK it says when it observed them, so
// that a record without a time is the same when it is sent again.
func pdataLogs(logs []*logRecord, observed uint64) plog.Logs {
	ld := plog.NewLogs()
	for _, l := range logs {
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", l.Service)
		to := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		to.SetTraceID(traceID(l.Trace))
		to.SetSpanID(spanID(l.Span))
		to.SetTimestamp(pcommon.Timestamp(l.Time))
		to.SetObservedTimestamp(pcommon.Timestamp(observed))
		to.SetSeverityText(l.Level)
		to.SetSeverityNumber(severities[l.Level])
		to.Body().SetStr(l.Body)
		to.Attributes().PutStr(logID, l.ID)
		if l.Exception != nil {
			l.Exception.put(to.Attributes())
		}
	}
	return ld
}

func (e *exception) put(to pcommon.Map) {
	to.PutStr("exception.type", e.Type)
	to.PutStr("exception.message", e.Message)
}

var (
	spanKinds  = map[string]ptrace.SpanKind{"server": ptrace.SpanKindServer, "client": ptrace.SpanKindClient}
	severities = map[string]plog.SeverityNumber{"INFO": plog.SeverityNumberInfo, "ERROR": plog.SeverityNumberError}
)

func traceID(text string) (id pcommon.TraceID) {
	_, _ = hex.Decode(id[:], []byte(text)) // of this package's making
	return id
}

func spanID(text string) (id pcommon.SpanID) {
	_, _ = hex.Decode(id[:], []byte(text))
	return id
}

type object = map[string]any

// plainSpans is the spans as POST /ingest/traces takes them.
func plainSpans(spans []*span) ([]byte, error) {
	var records []object
	for _, s := range spans {
		record := object{
			"trace_id": s.Trace, "span_id": s.ID, "name": s.Name, "service": s.Service, "kind": s.Kind,
			"start_time": s.Start, "end_time": s.End, "attributes": s.Attributes,
		}
		if s.Parent != "" {
			record["parent_span_id"] = s.Parent
		}
		if s.Failed {
			record["status"] = object{"code": "error"}
		}
		if s.Exception != nil {
			record["events"] = []object{{"name": "exception", "time": s.End, "attributes": object{
				"exception.type": s.Exception.Type, "exception.message": s.Exception.Message,
			}}}
		}
		records = append(records, record)
	}
	return json.Marshal(records)
}

// plainLogs is the log records as POST /ingest/logs takes them.
func plainLogs(logs []*logRecord) ([]byte, error) {
	var records []object
	for _, l := range logs {
		record := object{
			"timestamp": l.Time, "service": l.Service, "level": l.Level, "message": l.Body, "attributes": object{logID: l.ID},
		}
		if l.Trace != "" {
			record["trace_id"], record["span_id"] = l.Trace, l.Span
		}
		if l.Exception != nil {
			record["exception"] = object{"type": l.Exception.Type, "message": l.Exception.Message}
		}
		records = append(records, record)
	}
	return json.Marshal(records)
}
