package failure

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func strs(kv ...string) (m signal.Map) {
	for pair := range slices.Chunk(kv, 2) {
		m = append(m, signal.KeyValue{Key: pair[0], Value: signal.Value{Data: pair[1]}})
	}
	return m
}

func TestFromSpan(t *testing.T) {
	res := &signal.Resource{Attributes: strs("service.name", "pay", "deployment.environment.name", "prod")}
	span := &signal.Span{
		Resource: res, TraceID: signal.TraceID{1}, SpanID: signal.SpanID{2}, Name: "POST /pay/7", End: 9,
		StatusCode: signal.StatusError, StatusMessage: "boom",
		Attributes: append(strs("http.route", "/pay/{id}", "http.request.method", "POST", "error.type", "500"),
			signal.KeyValue{Key: "http.response.status_code", Value: signal.Value{Data: int64(503)}}),
		Events: []signal.Event{
			{Name: "exception", Time: 8, Attributes: strs("exception.type", "a.B", "exception.message", "m", "exception.stacktrace", "s")},
			{Name: "retry"},
		},
	}
	at := Observed{
		TraceID: span.TraceID, SpanID: span.SpanID, Service: "pay", Environment: "prod", Operation: "POST /pay/7",
		OperationKind: "http", Route: "POST /pay/{id}", StatusClass: "5xx",
	}
	status, event := at, at
	status.Kind, status.Time, status.ErrorType, status.Message = KindSpan, 9, "500", "boom"
	event.Kind, event.Time, event.Exception, event.ErrorType, event.Message, event.Stack = KindEvent, 8, true, "a.B", "m", "s"
	assert.Equal(t, []Observed{status, event}, FromSpan(nil, span))

	span.StatusCode = signal.StatusOK
	assert.Equal(t, []Observed{event}, FromSpan(nil, span), "a recorded exception is an error signal whatever the status")
	span.Events = span.Events[1:]
	assert.Empty(t, FromSpan(nil, span))
}

func TestFromLog(t *testing.T) {
	for name, c := range map[string]struct {
		log  signal.Log
		want bool
	}{
		"error":             {signal.Log{Severity: 17}, true},
		"fatal":             {signal.Log{Severity: 21}, true},
		"warn":              {signal.Log{Severity: 16}, false},
		"info":              {signal.Log{Severity: 9, SeverityText: "ERROR"}, false},
		"text only":         {signal.Log{SeverityText: "Error"}, true},
		"text only, info":   {signal.Log{SeverityText: "info"}, false},
		"no severity":       {signal.Log{}, false},
		"a printed stack":   {signal.Log{Body: signal.Value{Data: "java.lang.NullPointerException: x\n\tat a.B.c(B.java:1)"}}, true},
		"a printed line":    {signal.Log{Body: signal.Value{Data: "no exception here"}}, false},
		"a logged stack":    {signal.Log{Severity: 9, Body: signal.Value{Data: "java.lang.NullPointerException: x\n\tat a.B.c(B.java:1)"}}, false},
		"exception event":   {signal.Log{EventName: "exception"}, true},
		"exception type":    {signal.Log{Severity: 13, Attributes: strs("exception.type", "a.B")}, true},
		"exception message": {signal.Log{Attributes: strs("exception.message", "m")}, true},
		"other event":       {signal.Log{EventName: "order.placed"}, false},
		"our own":           {signal.Log{Severity: 17, EventName: "prodsentinel.failure", Attributes: strs("exception.type", "a.B")}, false},
		"change":            {signal.Log{Severity: 17, EventName: "prodsentinel.change"}, false},
	} {
		_, got := FromLog(&c.log)
		assert.Equal(t, c.want, got, name)
	}
}

func TestLogMessageAndTime(t *testing.T) {
	o, ok := FromLog(&signal.Log{Severity: 17, ObservedTime: 5, Body: signal.Value{Data: strs("msg", "structured", "x", "y")}})
	require.True(t, ok)
	assert.Equal(t, "structured", o.Message)
	assert.Equal(t, signal.Nanos(5), o.Time)
	assert.Equal(t, "unknown_service", o.Service)
	o, _ = FromLog(&signal.Log{Severity: 17, Time: 4, ObservedTime: 5, Body: signal.Value{Data: "text"}, Attributes: strs("exception.message", "m")})
	assert.Equal(t, "m", o.Message)
	assert.Equal(t, signal.Nanos(4), o.Time)
}

func TestStatusClass(t *testing.T) {
	for want, attrs := range map[string]signal.Map{
		"UNAVAILABLE": append(strs("rpc.system", "grpc"), signal.KeyValue{Key: "rpc.grpc.status_code", Value: signal.Value{Data: int64(14)}}),
		"55P03":       strs("db.system.name", "postgresql", "db.response.status_code", "55P03"),
		"4xx":         strs("http.status_code", "404"),
	} {
		o := ObserveSpan(&signal.Span{Attributes: attrs})
		assert.Equal(t, want, o.StatusClass)
	}
}

func TestCounterPairsEventAndLog(t *testing.T) {
	event := Observed{Kind: KindEvent, SpanID: signal.SpanID{1}, Exception: true, ErrorType: "a.B", Message: "m"}
	log := event
	log.Kind = KindLog
	other := log
	other.Message = "n"
	elsewhere := log
	elsewhere.SpanID = signal.SpanID{2}
	plain := Observed{Kind: KindLog, SpanID: signal.SpanID{1}, Message: "m"}

	for name, c := range map[string]struct {
		in   []Observed
		want int
	}{
		"event and log":       {[]Observed{event, log}, 1},
		"log and event":       {[]Observed{log, event}, 1},
		"twice each":          {[]Observed{event, log, event, log}, 2},
		"logs first":          {[]Observed{log, log, event}, 2},
		"another message":     {[]Observed{event, other}, 2},
		"another span":        {[]Observed{event, elsewhere}, 2},
		"no exception":        {[]Observed{plain, plain}, 2},
		"exception, log line": {[]Observed{event, plain}, 2},
	} {
		var counter Counter
		fresh := 0
		for _, o := range c.in {
			if counter.Add(o) {
				fresh++
			}
		}
		assert.Equal(t, c.want, counter.Count(), name)
		assert.Equal(t, c.want, fresh, name)
	}

	bounded := Counter{Limit: 1}
	for _, o := range []Observed{event, other, other, log} {
		bounded.Add(o)
	}
	assert.Equal(t, 3, bounded.Count(), "what is not remembered counts every time")
}

func BenchmarkHealthySpan(b *testing.B) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("GET /x")
	for _, key := range attributeKeys[4:] {
		span.Attributes().PutStr(key, "x")
	}
	span.Events().AppendEmpty().SetName("message")
	var dst []Observed
	b.ReportAllocs()
	for b.Loop() {
		dst = FromPdataSpan(dst[:0], Source{}, span)
	}
	require.Empty(b, dst)
}

func BenchmarkHealthyLog(b *testing.B) {
	l := plog.NewLogRecord()
	l.SetSeverityNumber(plog.SeverityNumberInfo)
	l.Body().SetStr("ok")
	for _, key := range attributeKeys[4:12] {
		l.Attributes().PutStr(key, "x")
	}
	failed := false
	b.ReportAllocs()
	for b.Loop() {
		_, failed = FromPdataLog(Source{}, l)
	}
	require.False(b, failed)
}

// TestHealthyCostsNoAllocation guards the processor's hot path.
func TestHealthyCostsNoAllocation(t *testing.T) {
	span, l := ptrace.NewSpan(), plog.NewLogRecord()
	span.Events().AppendEmpty().SetName("message")
	l.Attributes().PutStr("k", "v")
	l.SetTraceID(pcommon.TraceID{1})
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = FromPdataSpan(nil, Source{}, span) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = FromPdataLog(Source{}, l) }))
}

// TestRPCStatusOfSignature: errors that differ only in how their status is written have one signature.
func TestRPCStatusOfSignature(t *testing.T) {
	want := Signature{StrategyOperation, []string{"rpc", "pay/Charge", "PERMISSION_DENIED"}}
	for _, status := range []signal.KeyValue{
		{Key: "rpc.grpc.status_code", Value: signal.Value{Data: int64(7)}},
		{Key: "rpc.response.status_code", Value: signal.Value{Data: "PERMISSION_DENIED"}},
		{Key: "rpc.response.status_code", Value: signal.Value{Data: "PermissionDenied"}},
		{Key: "rpc.response.status_code", Value: signal.Value{Data: "7"}},
		{Key: "rpc.connect_rpc.error_code", Value: signal.Value{Data: "permission_denied"}},
	} {
		s := &signal.Span{Attributes: append(strs("rpc.system", "grpc", "rpc.service", "pay", "rpc.method", "Charge"), status)}
		assert.Equal(t, want, SignatureOf(ObserveSpan(s)), "%+v", status)
	}
}
