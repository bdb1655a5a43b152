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

	span.Events = span.Events[1:]
	assert.Equal(t, []Observed{status}, FromSpan(nil, span))
	span.StatusCode = signal.StatusUnset
	assert.Empty(t, FromSpan(nil, span))
}

func status(key string, code int64) signal.Map {
	return signal.Map{{Key: key, Value: signal.Value{Data: code}}}
}

// TestExceptionEvents: an exception among a span's events is an error unless the span says that it
// went well.
func TestExceptionEvents(t *testing.T) {
	thrown := strs("exception.type", "a.B")
	handled := strs("exception.type", "a.B", "exception.escaped", "False")
	logged := strs("error.kind", "a.B", "message", "no")
	for name, c := range map[string]struct {
		kind   signal.SpanKind
		status signal.StatusCode
		attrs  signal.Map
		event  string
		fields signal.Map
		want   bool
	}{
		"status Error":                          {0, signal.StatusError, nil, "exception", thrown, true},
		"status Error, not escaped":             {0, signal.StatusError, nil, "exception", handled, true},
		"status OK":                             {0, signal.StatusOK, nil, "exception", thrown, false},
		"status OK, answered 500":               {signal.KindServer, signal.StatusOK, status("http.response.status_code", 500), "exception", thrown, false},
		"nothing said":                          {signal.KindInternal, 0, nil, "exception", thrown, true},
		"nothing said, escaped":                 {signal.KindInternal, 0, nil, "exception", strs("exception.escaped", "true"), true},
		"nothing said, not escaped":             {signal.KindInternal, 0, nil, "exception", handled, false},
		"nothing said but the mark":             {signal.KindInternal, 0, strs("error", "true"), "exception", handled, true},
		"answered 200":                          {signal.KindServer, 0, status("http.response.status_code", 200), "exception", thrown, false},
		"answered 422":                          {signal.KindServer, 0, status("http.response.status_code", 422), "exception", thrown, false},
		"answered 500":                          {signal.KindServer, 0, status("http.status_code", 500), "exception", thrown, true},
		"answered 500, not escaped":             {signal.KindServer, 0, status("http.status_code", 500), "exception", handled, true},
		"was answered 200":                      {signal.KindClient, 0, status("http.status_code", 200), "exception", thrown, false},
		"was answered 401":                      {signal.KindClient, 0, status("http.status_code", 401), "exception", thrown, true},
		"answered NOT_FOUND":                    {signal.KindServer, 0, status("rpc.grpc.status_code", 5), "exception", thrown, false},
		"answered INTERNAL":                     {signal.KindServer, 0, status("rpc.grpc.status_code", 13), "exception", thrown, true},
		"was answered UNAVAILABLE":              {signal.KindClient, 0, status("rpc.grpc.status_code", 14), "exception", thrown, true},
		"was answered OK":                       {signal.KindClient, 0, status("rpc.grpc.status_code", 0), "exception", thrown, false},
		"logged by OpenTracing":                 {signal.KindInternal, 0, strs("error", "true"), "error", logged, true},
		"logged by OpenTracing, nothing marked": {signal.KindInternal, 0, nil, "error", logged, true},
		"logged by OpenTracing, status OK":      {signal.KindInternal, signal.StatusOK, nil, "error", logged, false},
		"another event":                         {0, signal.StatusError, nil, "retry", thrown, false},
	} {
		s := &signal.Span{Kind: c.kind, StatusCode: c.status, Attributes: c.attrs, Events: []signal.Event{{Name: c.event, Attributes: c.fields}}}
		got := 0
		for _, o := range FromSpan(nil, s) {
			if o.Kind == KindEvent {
				got++
				assert.True(t, o.Exception, name)
				assert.Equal(t, c.fields.FirstStr("exception.type", "error.kind"), o.ErrorType, name)
			}
		}
		assert.Equal(t, c.want, got == 1, name)
		assert.Equal(t, FromSpan(nil, s), fromReceivedSpan(s), "received: "+name)
	}
}

// TestSpansOfOtherMakes: tracers without a status mark a span that failed by an attribute.
func TestSpansOfOtherMakes(t *testing.T) {
	for name, c := range map[string]struct {
		span signal.Span
		want Observed
		ok   bool
	}{
		"OpenTracing": {signal.Span{Attributes: strs("error", "true", "error.kind", "a.B", "error.message", "no")}, Observed{ErrorType: "a.B", Message: "no"}, true},
		"Zipkin":      {signal.Span{Attributes: strs("error", "connection refused")}, Observed{Message: "connection refused"}, true},
		"Datadog": {
			signal.Span{StatusCode: signal.StatusError, Attributes: strs("error.type", "a.B", "error.msg", "no", "error.stack", "a.B: no\n\tat x")},
			Observed{ErrorType: "a.B", Message: "no", Stack: "a.B: no\n\tat x"}, true,
		},
		"New Relic":             {signal.Span{Attributes: strs("error.class", "a.B", "error.message", "no")}, Observed{ErrorType: "a.B", Message: "no"}, true},
		"Jaeger":                {signal.Span{Attributes: strs("otel.status_code", "ERROR", "otel.status_description", "no")}, Observed{Message: "no"}, true},
		"a status's message":    {signal.Span{StatusCode: signal.StatusError, StatusMessage: "m", Attributes: strs("error.message", "no")}, Observed{Message: "m"}, true},
		"not marked":            {signal.Span{Attributes: strs("error.type", "a.B")}, Observed{}, false},
		"marked as no error":    {signal.Span{Attributes: strs("error", "false")}, Observed{}, false},
		"marked, but status OK": {signal.Span{StatusCode: signal.StatusOK, Attributes: strs("error", "true")}, Observed{}, false},
	} {
		got := FromSpan(nil, &c.span)
		assert.Equal(t, got, fromReceivedSpan(&c.span), "received: "+name)
		if !c.ok {
			assert.Empty(t, got, name)
			continue
		}
		require.Len(t, got, 1, name)
		c.want.Kind, c.want.Service = KindSpan, "unknown_service"
		assert.Equal(t, c.want, got[0], name)
	}
}

func body(v any) signal.Value { return signal.Value{Data: v} }

func TestFromLog(t *testing.T) {
	const stack = "java.lang.NullPointerException: x\n\tat a.B.c(B.java:1)"
	for name, c := range map[string]struct {
		log  signal.Log
		want bool
	}{
		"error":           {signal.Log{Severity: 17}, true},
		"fatal":           {signal.Log{Severity: 21}, true},
		"warn":            {signal.Log{Severity: 16}, false},
		"info":            {signal.Log{Severity: 9, SeverityText: "ERROR"}, false},
		"text only":       {signal.Log{SeverityText: "Error"}, true},
		"a letter only":   {signal.Log{SeverityText: "E"}, true},
		"text only, info": {signal.Log{SeverityText: "info"}, false},
		"no severity":     {signal.Log{}, false},
		"other event":     {signal.Log{EventName: "order.placed"}, false},
		"our own":         {signal.Log{Severity: 17, EventName: "prodsentinel.failure", Attributes: strs("exception.type", "a.B")}, false},
		"change":          {signal.Log{Severity: 17, EventName: "prodsentinel.change"}, false},

		// Exceptions below ERROR were handled.
		"exception event":          {signal.Log{EventName: "exception"}, true},
		"exception event, WARN":    {signal.Log{EventName: "exception", Severity: 13}, false},
		"exception type":           {signal.Log{Attributes: strs("exception.type", "a.B")}, true},
		"exception type, ERROR":    {signal.Log{Severity: 17, Attributes: strs("exception.type", "a.B")}, true},
		"exception type, WARN":     {signal.Log{Severity: 13, Attributes: strs("exception.type", "a.B")}, false},
		"exception type, DEBUG":    {signal.Log{SeverityText: "debug", Attributes: strs("exception.type", "a.B")}, false},
		"exception type, in INFO":  {signal.Log{Attributes: strs("exception.type", "a.B"), Body: body("2026-01-02 15:04:05 INFO no")}, false},
		"exception message":        {signal.Log{Attributes: strs("exception.message", "m")}, true},
		"a printed stack":          {signal.Log{Body: body(stack)}, true},
		"a printed stack, unknown": {signal.Log{SeverityText: "stderr", Body: body(stack)}, true},
		"a printed stack, in WARN": {signal.Log{Body: body("WARN  [main] " + stack)}, false},
		"a printed line":           {signal.Log{Body: body("no exception here")}, false},
		"a line of a stack":        {signal.Log{Body: body("\tat a.B.c(B.java:1)")}, false},
		"a logged stack":           {signal.Log{Severity: 9, Body: body(stack)}, false},

		// Severity that only the text or the fields say.
		"key=value":                {signal.Log{Body: body("level=error msg=no")}, true},
		"key=value, info":          {signal.Log{Body: body("level=info msg=error")}, false},
		"a layout":                 {signal.Log{Body: body("2026-01-02 15:04:05,123 ERROR [main] a.B - no")}, true},
		"JSON":                     {signal.Log{Body: body(`{"level":50,"msg":"no"}`)}, true},
		"JSON, warn":               {signal.Log{Body: body(`{"level":40,"msg":"no","err":{"stack":"a.BException: x\n\tat a.B.c(B.java:1)"}}`)}, false},
		"JSON in JSON":             {signal.Log{Body: body(`{"log":"{\"level\":\"error\"}\n","stream":"stdout"}`)}, true},
		"syslog":                   {signal.Log{Body: body("<3>no")}, true},
		"a mention":                {signal.Log{Body: body("an error occurred")}, false},
		"fields":                   {signal.Log{Body: body(strs("level", "error", "msg", "no"))}, true},
		"fields, info":             {signal.Log{Body: body(strs("level", "info", "msg", "ERROR: no"))}, false},
		"fields, as JSON reads it": {signal.Log{Body: body(signal.Map{{Key: "level", Value: body(50.0)}})}, true},
		"fields of Elastic":        {signal.Log{Body: body(signal.Map{{Key: "log", Value: body(strs("level", "error"))}})}, true},
		"journald":                 {signal.Log{Body: body(strs("MESSAGE", "no", "PRIORITY", "3"))}, true},
		"journald, notice":         {signal.Log{Body: body(strs("MESSAGE", "no error", "PRIORITY", "5"))}, false},
		"a line of Docker":         {signal.Log{Body: body(strs("log", "[ERROR] no\n", "stream", "stderr"))}, true},
		"attributes":               {signal.Log{Body: body("no"), Attributes: strs("log.level", "error")}, true},
		"attributes before a text": {signal.Log{Body: body("ERROR no"), Attributes: strs("level", "info")}, false},
		"a stack of its own field": {signal.Log{Body: body(strs("msg", "no", "stack", stack))}, true},
		"a stack as attribute":     {signal.Log{Body: body("no"), Attributes: strs("exc_info", stack)}, true},
	} {
		stored, got := FromLog(&c.log)
		assert.Equal(t, c.want, got, name)
		received, alsoGot := fromReceivedLog(&c.log)
		assert.Equal(t, got, alsoGot, "received: "+name)
		assert.Equal(t, stored, received, "received: "+name)
	}
}

func fromReceivedLog(l *signal.Log) (Observed, bool) {
	rl := signal.ToLogs([]*signal.Log{l}).ResourceLogs().At(0)
	return FromPdataLog(SourceOf(rl.Resource()), rl.ScopeLogs().At(0).LogRecords().At(0))
}

func fromReceivedSpan(s *signal.Span) []Observed {
	rs := signal.ToTraces([]*signal.Span{s}).ResourceSpans().At(0)
	return FromPdataSpan(nil, SourceOf(rs.Resource()), rs.ScopeSpans().At(0).Spans().At(0))
}

// TestLogErrors has what is read of records that were logged under names of their loggers.
func TestLogErrors(t *testing.T) {
	const stack = "RangeError: bad\n    at f (/a.js:1:2)"
	for name, c := range map[string]struct {
		log  signal.Log
		want Observed
	}{
		"conventions": {
			signal.Log{Body: body("no"), Attributes: strs("exception.type", "a.B", "exception.message", "m", "exception.stacktrace", "s")},
			Observed{Exception: true, ErrorType: "a.B", Message: "m", Stack: "s"},
		},
		"JSON": {
			signal.Log{Body: body(`{"level":50,"msg":"no","err":{"type":"RangeError","message":"bad","stack":"RangeError: bad\n    at f (/a.js:1:2)"}}`)},
			Observed{ErrorType: "RangeError", Message: "no", Error: "bad", Stack: stack},
		},
		"fields":     {signal.Log{Body: body(strs("msg", "no", "error", "refused"))}, Observed{Message: "no", Error: "refused"}},
		"attributes": {signal.Log{Body: body("no"), Attributes: strs("stack", stack)}, Observed{Message: "no", Stack: stack}},
		"Elastic": {
			signal.Log{Body: body("no"), Attributes: strs("error.type", "a.B", "error.message", "m", "error.stack_trace", "s")},
			Observed{ErrorType: "a.B", Message: "no", Error: "m", Stack: "s"},
		},
		"an error alone": {signal.Log{Body: body(strs("level", "error", "err", "refused"))}, Observed{Message: "refused"}},
		"a layout":       {signal.Log{Body: body("2026-01-02 15:04:05,123 ERROR [main] a.B - no")}, Observed{Message: "[main] a.B - no"}},
		"journald":       {signal.Log{Body: body(strs("MESSAGE", "no", "PRIORITY", "3"))}, Observed{Message: "no"}},
		"plain":          {signal.Log{Body: body("no")}, Observed{Message: "no"}},
	} {
		c.want.Kind, c.want.Service = KindLog, "unknown_service"
		assert.Equal(t, c.want, ObserveLog(&c.log), name)
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
	for _, key := range attributeKeys[4:22] {
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
