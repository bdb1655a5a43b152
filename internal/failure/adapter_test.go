package failure

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// attributeKeys are those the rules read, and some they do not.
var attributeKeys = []string{
	"exception.type", "exception.message", "exception.stacktrace", "error.type", "http.route", "http.request.method", "http.method",
	"http.response.status_code", "http.status_code", "rpc.system", "rpc.service", "rpc.method", "rpc.grpc.status_code",
	"rpc.response.status_code", "db.system", "db.operation.name", "db.sql.table", "db.response.status_code", "messaging.system",
	"messaging.operation", "messaging.destination.name", "other",
	"error", "error.kind", "error.message", "error.stack", "error.class", "error.expected", "otel.status_code", "exception.escaped", "event", "message",
}

// loggerKeys are names of loggers' own.
var loggerKeys = []string{"level", "severity", "PRIORITY", "log", "err", "stack", "msg", "short_message", "error.message", "s", "trace_id", "dd.span_id", "dd",
	"k8s.event.reason", "UNIT", "SYSLOG_IDENTIFIER", "_TRANSPORT", "MESSAGE"}

var texts = []string{
	"", "503", "x", "java.lang.NullPointerException", "connection refused", "error", "true", "false", "50", "3", "ERROR", "info",
	"level=error msg=x", "2026-01-02 15:04:05 ERROR no", `{"level":"error","msg":"no","err":"refused"}`, `{"level":30,"msg":"no"}`,
	"3337cf658a2099a95d5e919291341c04", `{"trace_id":"3337cf658a2099a95d5e919291341c04"}`,
	"OOMKilling", "orders.service", "kernel", "Out of memory: Killed process 7 (java)", "orders.service: Failed with result 'oom-kill'.",
	"a.BException: x\n\tat a.B.c(B.java:1)", "\tat a.B.c(B.java:1)", "<3>no", "Traceback (most recent call last):",
}

func drawAttributes(t *rapid.T, dst pcommon.Map, keys []string) {
	for range rapid.IntRange(0, 5).Draw(t, "attributes") {
		drawValue(t, dst.PutEmpty(rapid.SampledFrom(keys).Draw(t, "key")))
	}
}

func drawValue(t *rapid.T, v pcommon.Value) {
	switch rapid.IntRange(0, 7).Draw(t, "type") {
	case 0: // empty
	case 1:
		v.SetInt(rapid.Int64Range(-1, 600).Draw(t, "int"))
	case 2:
		v.SetDouble(rapid.SampledFrom([]float64{503, 13.5, -1, 50}).Draw(t, "double"))
	case 3:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case 4:
		for m := v.SetEmptyMap(); m.Len() < 2; {
			key := rapid.SampledFrom(loggerKeys).Draw(t, "field")
			if key == "log" && m.Len() == 0 {
				m.PutEmptyMap(key).PutStr("level", "error")
				continue
			}
			m.PutStr(key, rapid.SampledFrom(texts).Draw(t, "structured"))
		}
	default:
		v.SetStr(rapid.SampledFrom(texts).Draw(t, "string"))
	}
}

func drawResource(t *rapid.T, r pcommon.Resource) {
	drawAttributes(t, r.Attributes(), []string{"service.name", "deployment.environment", "deployment.environment.name", "host.name", "k8s.pod.name", "k8s.object.name"})
}

func drawID[T ~[16]byte | ~[8]byte](t *rapid.T, one T) (id T) {
	if rapid.Bool().Draw(t, "id") {
		return one
	}
	return id
}

// TestAdaptersAgreeOnSpans: what the processor sees before and the classifier after conversion is
// the same.
func TestAdaptersAgreeOnSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		drawResource(t, rs.Resource())
		span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.SetTraceID(drawID(t, pcommon.TraceID{1}))
		span.SetSpanID(drawID(t, pcommon.SpanID{2}))
		span.SetName(rapid.SampledFrom([]string{"", "GET /x"}).Draw(t, "name"))
		span.SetEndTimestamp(7)
		span.SetKind(ptrace.SpanKind(rapid.Int32Range(0, 5).Draw(t, "kind")))
		span.Status().SetCode(ptrace.StatusCode(rapid.Int32Range(0, 2).Draw(t, "status")))
		span.Status().SetMessage(rapid.SampledFrom([]string{"", "broken"}).Draw(t, "message"))
		drawAttributes(t, span.Attributes(), attributeKeys)
		for range rapid.IntRange(0, 3).Draw(t, "events") {
			e := span.Events().AppendEmpty()
			e.SetName(rapid.SampledFrom([]string{"exception", "message", "error", "log", "prodsentinel.failure"}).Draw(t, "event"))
			drawAttributes(t, e.Attributes(), attributeKeys)
		}
		assert.Equal(t,
			FromSpan(nil, signal.FromTraces(td)[0]),
			FromPdataSpan(nil, SourceOf(rs.Resource()), span))
	})
}

func TestAdaptersAgreeOnLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		drawResource(t, rl.Resource())
		l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		l.SetTraceID(drawID(t, pcommon.TraceID{1}))
		l.SetSpanID(drawID(t, pcommon.SpanID{2}))
		l.SetTimestamp(pcommon.Timestamp(rapid.Uint64Range(0, 2).Draw(t, "time")))
		l.SetObservedTimestamp(pcommon.Timestamp(rapid.Uint64Range(0, 2).Draw(t, "observed")))
		l.SetEventName(rapid.SampledFrom([]string{"", "exception", "order.placed", "prodsentinel.failure"}).Draw(t, "event"))
		l.SetSeverityNumber(plog.SeverityNumber(rapid.SampledFrom([]int32{0, 0, 0, 9, 16, 17, 24}).Draw(t, "severity")))
		l.SetSeverityText(rapid.SampledFrom([]string{"", "", "", "ERROR", "Fatal", "INFO", "error ", "E", "stderr"}).Draw(t, "text"))
		drawValue(t, l.Body())
		drawAttributes(t, l.Attributes(), rapid.SampledFrom([][]string{attributeKeys, loggerKeys}).Draw(t, "keys"))

		want, wantOK := FromLog(signal.FromLogs(ld)[0])
		got, gotOK := FromPdataLog(SourceOf(rl.Resource()), l)
		assert.Equal(t, wantOK, gotOK)
		assert.Equal(t, want, got)
	})
}
