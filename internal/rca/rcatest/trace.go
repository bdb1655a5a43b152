// Package rcatest builds traces for tests of the engine and of what stands on it: spans and logs
// as the common instrumentations record them, with times in milliseconds after a fixed start. It
// must not be imported outside tests.
package rcatest

import (
	"crypto/sha256"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Start is when every built trace starts.
const Start signal.Nanos = 1_700_000_000_123_456_789

// Trace is a trace under construction.
type Trace struct {
	Tenant      string
	Environment string
	id          signal.TraceID
	spans       []*Span
	loose       []*signal.Log
}

// Span is a span under construction.
type Span struct {
	trace   *Trace
	record  *signal.Span
	logs    []*signal.Log
	dropped bool
}

// New starts a trace; its IDs follow from the name.
func New(name string) *Trace {
	sum := sha256.Sum256([]byte(name))
	return &Trace{id: signal.TraceID(sum[:16])}
}

// ID is the trace's ID.
func (t *Trace) ID() signal.TraceID { return t.id }

// At is a time in milliseconds after Start.
func At(ms int) signal.Nanos { return Start + signal.Nanos(ms)*1_000_000 }

// Span adds a span without parent, from and to in milliseconds.
func (t *Trace) Span(service, name string, kind signal.SpanKind, from, to int) *Span {
	sum := sha256.Sum256(fmt.Appendf(t.id[:], "span %d", len(t.spans)))
	s := &Span{trace: t, record: &signal.Span{
		TraceID: t.id, SpanID: signal.SpanID(sum[:8]), Name: name, Kind: kind,
		Start: At(from), End: At(to), Resource: t.resource(service),
	}}
	t.spans = append(t.spans, s)
	return s
}

func (t *Trace) resource(service string) *signal.Resource {
	r := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}}
	if t.Environment != "" {
		r.Attributes = append(r.Attributes, signal.KeyValue{
			Key: "deployment.environment.name", Value: signal.Value{Data: t.Environment},
		})
	}
	return r
}

// Child adds a span below this one.
func (s *Span) Child(service, name string, kind signal.SpanKind, from, to int) *Span {
	c := s.trace.Span(service, name, kind, from, to)
	c.record.ParentSpanID = s.record.SpanID
	return c
}

// Serve adds a server span.
func (s *Span) Serve(service, name string, from, to int) *Span {
	return s.Child(service, name, signal.KindServer, from, to)
}

// Call adds a client span of the same service.
func (s *Span) Call(name string, from, to int) *Span {
	return s.Child(s.record.Service(), name, signal.KindClient, from, to)
}

// Inside adds an internal span of the same service.
func (s *Span) Inside(name string, from, to int) *Span {
	return s.Child(s.record.Service(), name, signal.KindInternal, from, to)
}

// Trace is the trace that the span is part of.
func (s *Span) Trace() *Trace { return s.trace }

// Record is the span as built so far.
func (s *Span) Record() *signal.Span { return s.record }

// Ref is the span's evidence reference.
func (s *Span) Ref() incident.Ref {
	return incident.Ref("span:" + s.record.TraceID.String() + "/" + s.record.SpanID.String())
}

// With adds attributes: keys and values in turn.
func (s *Span) With(keysAndValues ...any) *Span {
	s.record.Attributes = append(s.record.Attributes, attributes(keysAndValues)...)
	return s
}

// HTTP sets the response status.
func (s *Span) HTTP(status int) *Span { return s.With("http.response.status_code", int64(status)) }

// Failed sets status Error.
func (s *Span) Failed(message string) *Span {
	s.record.StatusCode, s.record.StatusMessage = signal.StatusError, message
	return s
}

// OK sets status OK.
func (s *Span) OK() *Span {
	s.record.StatusCode = signal.StatusOK
	return s
}

// Threw adds an exception event.
func (s *Span) Threw(at int, typ, message, stack string) *Span {
	e := signal.Event{Time: At(at), Name: "exception", Attributes: attributes([]any{
		"exception.type", typ, "exception.message", message,
	})}
	if stack != "" {
		e.Attributes = append(e.Attributes, attributes([]any{"exception.stacktrace", stack})...)
	}
	s.record.Events = append(s.record.Events, e)
	return s
}

// Logged adds a log record of the span.
func (s *Span) Logged(at int, severity int32, body string, keysAndValues ...any) *Span {
	s.logs = append(s.logs, &signal.Log{
		TraceID: s.record.TraceID, SpanID: s.record.SpanID, Resource: s.record.Resource, Time: At(at), Severity: severity,
		Body: signal.Value{Data: body}, Attributes: attributes(keysAndValues),
	})
	return s
}

// Lost leaves the span itself out; its children and logs remain.
func (s *Span) Lost() *Span {
	s.dropped = true
	return s
}

// Log adds a log record without a span.
func (t *Trace) Log(service string, at int, severity int32, body string, keysAndValues ...any) *Trace {
	t.loose = append(t.loose, &signal.Log{
		TraceID: t.id, Resource: t.resource(service), Time: At(at), Severity: severity,
		Body: signal.Value{Data: body}, Attributes: attributes(keysAndValues),
	})
	return t
}

// Build returns the trace as a store would load it.
func (t *Trace) Build() *incident.Trace {
	out := &incident.Trace{Key: t.id.String(), ID: t.id}
	for _, s := range t.spans {
		if !s.dropped {
			out.Spans = append(out.Spans, s.record)
		}
		out.Logs = append(out.Logs, s.logs...)
	}
	out.Logs = append(out.Logs, t.loose...)
	signal.IdentifySpans(t.Tenant, out.Spans)
	signal.IdentifyLogs(t.Tenant, out.Logs)
	return out
}

// Untraced returns the log records without a span as a failure without a trace.
func (t *Trace) Untraced(key string) *incident.Trace {
	out := &incident.Trace{Key: key, Logs: t.loose}
	for _, l := range out.Logs {
		l.TraceID = signal.TraceID{}
	}
	signal.IdentifyLogs(t.Tenant, out.Logs)
	return out
}

func attributes(keysAndValues []any) signal.Map {
	var m signal.Map
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		key, _ := keysAndValues[i].(string)
		m = append(m, signal.KeyValue{Key: key, Value: signal.Value{Data: keysAndValues[i+1]}})
	}
	return m
}
