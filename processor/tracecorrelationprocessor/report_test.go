package tracecorrelationprocessor

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

func TestReport(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "gateway", 3*time.Second, failed))
	h.sendTraces(span(1, 2, "payment", time.Second, failed, func(s ptrace.Span) {
		s.Attributes().PutStr("http.request.method", "POST")
		s.Attributes().PutStr("http.route", "/pay/{id}")
	}, exception("pool.Error", "pool exhausted\nlong story")))
	h.sendLogs(logLine(1, 2, "payment", "could not pay")) // earlier, but only a log
	h.advance(long)

	require.Len(t, h.sink.got(), 1)
	r := h.sink.got()[0]
	assert.Equal(t, "payment", r.service)
	assert.Equal(t, "prodsentinel.failure", r.EventName())
	assert.Equal(t, traceID(1), r.TraceID())
	assert.Equal(t, spanID(2), r.SpanID())
	assert.Equal(t, plog.SeverityNumberError, r.SeverityNumber())
	assert.Equal(t, pcommon.NewTimestampFromTime(start.Add(6*time.Second)), r.Timestamp())
	assert.Equal(t, "Trace "+traceIDKey(1)+" failed: 4 error signals in gateway, payment; the first known in payment at POST /pay/{id}: "+
		"pool.Error: pool exhausted", r.Body().Str())
	assert.Equal(t, map[string]any{
		"prodsentinel.failure.key":               traceIDKey(1),
		"prodsentinel.failure.reason":            "quiet",
		"prodsentinel.failure.error_count":       int64(4),
		"prodsentinel.failure.services":          []any{"gateway", "payment"},
		"prodsentinel.failure.first_error_time":  "2026-01-02T03:04:05Z",
		"prodsentinel.failure.last_error_time":   "2026-01-02T03:04:08Z",
		"prodsentinel.failure.conditions_digest": failure.Conditions{}.Digest(6*time.Second, 30*time.Second),
		"prodsentinel.origin.service":            "payment",
		"prodsentinel.origin.operation":          "POST /pay/{id}",
		"prodsentinel.origin.error_type":         "pool.Error",
		"prodsentinel.origin.message":            "pool exhausted",
		"prodsentinel.tenant":                    "",
	}, r.Attributes().AsRaw())
}

// A log that names its trace in its attributes only is part of that trace, and keeps it from being quiet.
func TestReportOfLogThatNamesItsTrace(t *testing.T) {
	h := newHarness(t, nil)
	named := func(l plog.LogRecord) { l.Attributes().PutStr("trace_id", traceIDKey(1)) }
	h.sendTraces(span(1, 1, "gateway", time.Second, failed))
	h.sendLogs(logLine(0, 0, "vat", "lookup failed", named))
	h.advance(4 * time.Second)
	h.sendLogs(logLine(0, 0, "vat", "healthy", named, func(l plog.LogRecord) { l.SetSeverityNumber(plog.SeverityNumberInfo) }))
	h.advance(4 * time.Second)
	require.Empty(t, h.sink.got(), "not yet quiet")
	h.advance(long)
	require.Len(t, h.sink.got(), 1)
	assert.Equal(t, traceIDKey(1), h.sink.got()[0].key())
	assert.Equal(t, int64(2), h.sink.got()[0].count())
}

func TestReportOfUntraced(t *testing.T) {
	h := newHarness(t, nil)
	h.sendLogs(logLine(0, 0, "cron", "backup failed", func(l plog.LogRecord) { l.SetTimestamp(0) }))
	h.advance(long)
	require.Len(t, h.sink.got(), 1)
	r := h.sink.got()[0]
	assert.Equal(t, "Failure without a trace: 1 error signal in cron; the first known in cron: backup failed", r.Body().Str())
	assert.Empty(t, r.str("prodsentinel.failure.first_error_time"))
}

func TestOrigin(t *testing.T) {
	parent := failure.Observed{Kind: failure.KindSpan, SpanID: [8]byte{1}, Service: "a", Operation: "parent", Time: 9}
	child := failure.Observed{Kind: failure.KindSpan, SpanID: [8]byte{2}, Service: "b", Operation: "child", Time: 5}
	thrown := child
	thrown.Kind, thrown.Exception, thrown.ErrorType, thrown.Time = failure.KindEvent, true, "E", 4
	line := failure.Observed{Kind: failure.KindLog, SpanID: [8]byte{3}, Service: "c", Operation: "log", Time: 1}
	timeless := failure.Observed{Kind: failure.KindSpan, SpanID: [8]byte{4}, Service: "d", Operation: "timeless"}

	for name, c := range map[string]struct {
		seen []failure.Observed
		want string
		typ  string
	}{
		"the first to end":          {[]failure.Observed{parent, child}, "child", ""},
		"whatever the order":        {[]failure.Observed{child, parent}, "child", ""},
		"spans before logs":         {[]failure.Observed{line, parent}, "parent", ""},
		"logs do not replace spans": {[]failure.Observed{parent, line}, "parent", ""},
		"a log where there is none": {[]failure.Observed{line}, "log", ""},
		"with the exception":        {[]failure.Observed{child, thrown, parent}, "child", "E"},
		"exception first":           {[]failure.Observed{thrown, child}, "child", "E"},
		"no time is no reason":      {[]failure.Observed{parent, timeless}, "parent", ""},
	} {
		var got origin
		for _, o := range c.seen {
			got.consider(o)
		}
		assert.Equal(t, c.want, got.operation, name)
		assert.Equal(t, c.typ, got.errorType, name)
	}
}

func TestClip(t *testing.T) {
	assert.Equal(t, "a", clip(" a\nb "))
	clipped := clip(strings.Repeat("x", maxText-1) + "é")
	assert.True(t, utf8.ValidString(clipped))
	assert.LessOrEqual(t, len(clipped), maxText+len("…"))
}
