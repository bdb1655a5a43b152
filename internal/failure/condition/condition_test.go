package condition

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSpan is a span with status Error, an exception event and another event.
func newSpan() (ptrace.ResourceSpans, ptrace.ScopeSpans, ptrace.Span) {
	rs := ptrace.NewTraces().ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "pay")
	ss := rs.ScopeSpans().AppendEmpty()
	span := ss.Spans().AppendEmpty()
	span.SetName("slow")
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Events().AppendEmpty().SetName("exception")
	span.Events().AppendEmpty().SetName("retry")
	return rs, ss, span
}

func TestSpan(t *testing.T) {
	for name, c := range map[string]struct {
		in   failure.Conditions
		want []failure.Kind
	}{
		"defaults": {failure.Conditions{}, []failure.Kind{failure.KindSpan, failure.KindEvent}},
		"extended": {failure.Conditions{SpanEvents: []string{`name == "retry"`}},
			[]failure.Kind{failure.KindSpan, failure.KindEvent, failure.KindEvent}},
		"matching twice": {failure.Conditions{Spans: []string{`span.name == "slow"`, `true`}},
			[]failure.Kind{failure.KindSpan, failure.KindEvent}},
		"replaced":           {failure.Conditions{ReplaceDefaults: true, Spans: []string{`name == "slow"`}}, []failure.Kind{failure.KindSpan}},
		"replaced, none met": {failure.Conditions{ReplaceDefaults: true, Logs: []string{`true`}}, nil},
		"by resource": {failure.Conditions{ReplaceDefaults: true, SpanEvents: []string{
			`resource.attributes["service.name"] == "pay" and spanevent.name == "retry"`}}, []failure.Kind{failure.KindEvent}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(c.in, componenttest.NewNopTelemetrySettings())
			require.NoError(t, err)
			rs, ss, span := newSpan()
			var got []failure.Kind
			for _, o := range d.Span(t.Context(), nil, failure.SourceOf(rs.Resource()), rs, ss, span) {
				assert.Equal(t, "pay", o.Service)
				got = append(got, o.Kind)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// TestHandledExceptions: the default rule for events asks the span how it went, with conditions and
// without.
func TestHandledExceptions(t *testing.T) {
	other := failure.Conditions{Spans: []string{`name == "other"`}, SpanEvents: []string{`name == "other"`}, Logs: []string{`body == "other"`}}
	for _, c := range []failure.Conditions{{}, other} {
		d, err := New(c, componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		rs, ss, span := newSpan()
		span.Status().SetCode(ptrace.StatusCodeUnset)
		assert.Len(t, d.Span(t.Context(), nil, failure.Source{}, rs, ss, span), 1, "the span says nothing")
		span.Attributes().PutBool("error", true)
		assert.Len(t, d.Span(t.Context(), nil, failure.Source{}, rs, ss, span), 2, "it is marked")
		span.Attributes().PutBool("error", false)
		span.Attributes().PutInt("http.response.status_code", 200)
		assert.Empty(t, d.Span(t.Context(), nil, failure.Source{}, rs, ss, span), "it was answered well")

		rl := plog.NewLogs().ResourceLogs().AppendEmpty()
		sl := rl.ScopeLogs().AppendEmpty()
		l := sl.LogRecords().AppendEmpty()
		l.Attributes().PutStr("exception.type", "a.B")
		_, ok := d.Log(t.Context(), failure.Source{}, rl, sl, l)
		assert.True(t, ok)
		l.SetSeverityNumber(plog.SeverityNumberWarn)
		_, ok = d.Log(t.Context(), failure.Source{}, rl, sl, l)
		assert.False(t, ok, "an exception below ERROR was handled")
	}
}

func TestLog(t *testing.T) {
	warn := failure.Conditions{Logs: []string{`log.severity_number >= SEVERITY_NUMBER_WARN and IsMatch(log.body, "^lost")`}}
	onlyWarn := warn
	onlyWarn.ReplaceDefaults = true
	for name, c := range map[string]struct {
		in       failure.Conditions
		severity plog.SeverityNumber
		body     string
		event    string
		want     bool
	}{
		"default, error":    {failure.Conditions{}, plog.SeverityNumberError, "x", "", true},
		"default, warn":     {failure.Conditions{}, plog.SeverityNumberWarn, "lost", "", false},
		"extended, met":     {warn, plog.SeverityNumberWarn, "lost lease", "", true},
		"extended, default": {warn, plog.SeverityNumberError, "x", "", true},
		"extended, neither": {warn, plog.SeverityNumberWarn, "x", "", false},
		"replaced, default": {onlyWarn, plog.SeverityNumberError, "x", "", false},
		"replaced, met":     {onlyWarn, plog.SeverityNumberWarn, "lost", "", true},
		"our own event":     {warn, plog.SeverityNumberError, "lost", "prodsentinel.failure", false},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(c.in, componenttest.NewNopTelemetrySettings())
			require.NoError(t, err)
			rl := plog.NewLogs().ResourceLogs().AppendEmpty()
			sl := rl.ScopeLogs().AppendEmpty()
			l := sl.LogRecords().AppendEmpty()
			l.SetSeverityNumber(c.severity)
			l.SetEventName(c.event)
			l.Body().SetStr(c.body)
			o, ok := d.Log(t.Context(), failure.Source{Service: "pay"}, rl, sl, l)
			assert.Equal(t, c.want, ok)
			if ok {
				assert.Equal(t, c.body, o.Message)
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	for want, c := range map[string]failure.Conditions{
		"spans[1]":         {Spans: []string{"true", `name ==`}},
		"span_events[0]":   {SpanEvents: []string{`nonsense == 1`}},
		"logs[0]":          {Logs: []string{`set(log.body, "x")`}}, // an editor
		"replace_defaults": {ReplaceDefaults: true},
	} {
		require.ErrorContains(t, Validate(c), want)
	}
	assert.NoError(t, Validate(failure.Conditions{}))
}

// TestEvaluationError: a condition that cannot be evaluated is not met, and said once.
func TestEvaluationError(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	d, err := New(failure.Conditions{Spans: []string{`Int(ParseJSON(name)) == 1`}}, component.TelemetrySettings{Logger: zap.New(core)})
	require.NoError(t, err)
	rs, ss, span := newSpan()
	span.Status().SetCode(ptrace.StatusCodeOk)
	span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
	for range 3 {
		assert.Empty(t, d.Span(t.Context(), nil, failure.Source{}, rs, ss, span))
	}
	assert.Equal(t, 1, logs.Len())
	assert.Equal(t, "errors.spans[0]", logs.All()[0].ContextMap()["key"])
}

func BenchmarkHealthySpan(b *testing.B) {
	for name, c := range map[string]failure.Conditions{
		"native": {}, "condition": {Spans: []string{`name == "other"`}},
	} {
		b.Run(name, func(b *testing.B) {
			d, err := New(c, componenttest.NewNopTelemetrySettings())
			require.NoError(b, err)
			rs, ss, span := newSpan()
			span.Status().SetCode(ptrace.StatusCodeOk)
			span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
			ctx, dst := b.Context(), []failure.Observed(nil)
			b.ReportAllocs()
			for b.Loop() {
				dst = d.Span(ctx, dst[:0], failure.Source{}, rs, ss, span)
			}
		})
	}
}
