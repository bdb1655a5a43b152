package ingestreceiver

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
)

const (
	traceHex = "0af7651916cd43dd8448eb211c80319c"
	spanHex  = "b7ad6b7169203331"
)

var (
	traceID  = must(signal.ParseTraceID(traceHex))
	spanID   = must(signal.ParseSpanID(spanHex))
	parentID = must(signal.ParseSpanID("00f067aa0ba902b7"))
	payment  = &signal.Resource{Attributes: signal.Map{attr("service.name", "payment")}}
	observed = signal.NanosOf(receivedAt)
	in2021   = signal.NanosOf(time.Date(2021, 7, 1, 0, 0, 0, 0, time.UTC))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAcceptedLogs(t *testing.T) {
	text := func(s string) signal.Value { return signal.Value{Data: s} }
	tests := map[string]struct {
		record string
		want   signal.Log
	}{
		"what is required": {
			`{"service":"payment","level":"info","message":"hello"}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("hello")},
		},
		"everything": {
			`{"timestamp":"2021-07-01T02:00:00+02:00","service":"payment","level":"ERROR","message":"card refused","trace_id":"` + traceHex + `","span_id":"` + spanHex + `",
			  "attributes":{"z":1,"a":1.0,"nested":{"list":[null,true,"x"]}},"resource":{"host.name":"h1","service.name":"payment"},
			  "exception":{"type":"CardError","message":"refused","stacktrace":"CardError: refused\n  at pay"}}`,
			signal.Log{
				Resource: &signal.Resource{Attributes: signal.Map{attr("service.name", "payment"), attr("host.name", "h1")}},
				TraceID:  traceID, SpanID: spanID, Time: in2021, Severity: 17, SeverityText: "ERROR", Body: text("card refused"),
				Attributes: signal.Map{
					attr("z", int64(1)), attr("a", 1.0),
					attr("nested", signal.Map{attr("list", []signal.Value{{}, {Data: true}, {Data: "x"}})}),
					attr("exception.type", "CardError"), attr("exception.message", "refused"), attr("exception.stacktrace", "CardError: refused\n  at pay"),
				},
			},
		},
		"null is as good as missing": {
			`{"service":"payment","level":"info","message":"x","timestamp":null,"trace_id":null,"span_id":null,"attributes":null,"exception":null,"resource":null}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("x")},
		},
		"time 0 cannot be told from none": {
			`{"service":"payment","level":"info","message":"x","timestamp":0}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("x")},
		},
		"time of next year": {
			`{"service":"payment","level":"info","message":"x","timestamp":1814400000}`,
			signal.Log{Resource: payment, Time: 1814400000e9, Severity: 9, SeverityText: "info", Body: text("x")},
		},
		"NUL": {
			`{"service":"payment","level":"info","message":"a\u0000b"}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("a\x00b")},
		},
		"invalid UTF-8 stays as it was sent": {
			"{\"service\":\"payment\",\"level\":\"info\",\"message\":\"caf\xe9\",\"attributes\":{\"k\xff\":\"v\"}}",
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("caf\xe9"), Attributes: signal.Map{attr("k\xff", "v")}},
		},
		"half a surrogate pair": {
			`{"service":"payment","level":"info","message":"cut \ud83d"}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("cut \ufffd")},
		},
		"empty message": {
			`{"service":"payment","level":"info","message":""}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("")},
		},
		"a key twice in attributes": {
			`{"service":"payment","level":"info","message":"x","attributes":{"k":1,"k":2}}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("x"), Attributes: signal.Map{attr("k", int64(1)), attr("k", int64(2))}},
		},
		"integer beyond 53 bits": {
			`{"service":"payment","level":"info","message":"x","attributes":{"k":9007199254740993}}`,
			signal.Log{Resource: payment, Severity: 9, SeverityText: "info", Body: text("x"), Attributes: signal.Map{attr("k", int64(9007199254740993))}},
		},
		"severity number": {
			`{"service":"payment","level":18,"message":"x"}`,
			signal.Log{Resource: payment, Severity: 18, Body: text("x")},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			resp := h.post("/ingest/logs", tc.record)
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			assert.JSONEq(t, `{"accepted":1,"rejected":[]}`, resp.body)
			tc.want.ObservedTime = observed
			signaltest.RequireEqualLogs(t, []*signal.Log{&tc.want}, h.gotLogs())
		})
	}
}

func TestAcceptedSpans(t *testing.T) {
	const ids = `"trace_id":"` + traceHex + `","span_id":"` + spanHex + `"`
	tests := map[string]struct {
		record string
		want   signal.Span
	}{
		"what is required": {
			`{` + ids + `,"name":"GET /","service":"payment","start_time":1625097600,"duration_ms":1.5}`,
			signal.Span{Resource: payment, TraceID: traceID, SpanID: spanID, Name: "GET /", Start: in2021, End: in2021 + 1_500_000},
		},
		"everything": {
			`{"trace_id":"0AF7651916CD43DD8448EB211C80319C","span_id":"` + spanHex + `","parent_span_id":"00f067aa0ba902b7","name":"charge","service":"payment","kind":"client",
			  "start_time":"2021-07-01T00:00:00","end_time":"2021-07-01 00:00:01.5Z","status":{"code":"ERROR","message":"refused"},
			  "attributes":{"http.response.status_code":502},"resource":{"service.version":"1.2"},
			  "events":[{"name":"exception","time":"1625097600.25","attributes":{"exception.type":"E"}},{"name":"retry"}]}`,
			signal.Span{
				Resource: &signal.Resource{Attributes: signal.Map{attr("service.name", "payment"), attr("service.version", "1.2")}},
				TraceID:  traceID, SpanID: spanID, ParentSpanID: parentID, Name: "charge", Kind: signal.KindClient,
				Start: in2021, End: in2021 + 1_500_000_000, StatusCode: signal.StatusError, StatusMessage: "refused",
				Attributes: signal.Map{attr("http.response.status_code", int64(502))},
				Events:     []signal.Event{{Name: "exception", Time: in2021 + 250_000_000, Attributes: signal.Map{attr("exception.type", "E")}}, {Name: "retry"}},
			},
		},
		"OTLP's names": {
			`{` + ids + `,"name":"n","service":"payment","kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_OK"},"start_time":1,"end_time":1}`,
			signal.Span{Resource: payment, TraceID: traceID, SpanID: spanID, Name: "n", Kind: signal.KindServer, Start: 1e9, End: 1e9, StatusCode: signal.StatusOK},
		},
		"OTLP's numbers": {
			`{` + ids + `,"name":"n","service":"payment","kind":5,"status":{"code":2},"start_time":1,"end_time":1}`,
			signal.Span{Resource: payment, TraceID: traceID, SpanID: spanID, Name: "n", Kind: signal.KindConsumer, Start: 1e9, End: 1e9, StatusCode: signal.StatusError},
		},
		"times of 0": {
			`{` + ids + `,"name":"n","service":"payment","start_time":0,"end_time":0}`,
			signal.Span{Resource: payment, TraceID: traceID, SpanID: spanID, Name: "n"},
		},
		"its own parent": {
			`{` + ids + `,"parent_span_id":"` + spanHex + `","name":"n","service":"payment","start_time":1,"duration_ms":0}`,
			signal.Span{Resource: payment, TraceID: traceID, SpanID: spanID, ParentSpanID: spanID, Name: "n", Start: 1e9, End: 1e9},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			resp := h.post("/ingest/traces", tc.record)
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			signaltest.RequireEqualSpans(t, []*signal.Span{&tc.want}, h.gotSpans())
		})
	}
}

func TestAcceptedMetrics(t *testing.T) {
	tests := map[string]struct {
		record string
		want   signal.Point
	}{
		"what is required": {
			`{"name":"queue.length","service":"payment","value":7}`,
			signal.Point{Resource: payment, Name: "queue.length", Type: signal.MetricGauge, Time: observed, Value: signal.Value{Data: int64(7)}},
		},
		"everything": {
			`{"name":"orders","service":"payment","value":7.5,"timestamp":1625097600000,"unit":"{orders}","type":"sum","attributes":{"a":"b"},
			  "exemplar_trace_id":"` + traceHex + `","resource":{"host.name":"h"}}`,
			signal.Point{
				Resource: &signal.Resource{Attributes: signal.Map{attr("service.name", "payment"), attr("host.name", "h")}},
				Name:     "orders", Unit: "{orders}", Type: signal.MetricSum, Temporality: 2, Time: in2021, Value: signal.Value{Data: 7.5},
				Attributes: signal.Map{attr("a", "b")},
				Exemplars:  []signal.Exemplar{{TraceID: traceID, Time: in2021, Value: signal.Value{Data: 7.5}}},
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			resp := h.post("/ingest/metrics", tc.record)
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			signaltest.RequireEqualPoints(t, []*signal.Point{&tc.want}, h.gotPoints())
		})
	}
}

// TestAttributesArriveAsSent: whatever JSON can carry.
func TestAttributesArriveAsSent(t *testing.T) {
	h := start(t, options{})
	rapid.Check(t, func(rt *rapid.T) {
		for _, l := range signal.FromLogs(signaltest.Logs().Draw(rt, "logs")) {
			sent, lossless := signal.AppendPlainJSON(nil, l.Attributes)
			if !lossless {
				continue
			}
			h.logs.Reset()
			resp := h.post("/ingest/logs", `{"service":"s","level":"info","message":"m","attributes":`+string(sent)+`}`)
			require.Equal(rt, http.StatusOK, resp.status, resp.body)
			signaltest.RequireEqualLogs(rt, []*signal.Log{{Attributes: l.Attributes}}, []*signal.Log{{Attributes: h.gotLogs()[0].Attributes}})
		}
	})
}

func TestRecordsOfOneRequestShareTheirResource(t *testing.T) {
	h := start(t, options{})
	resp := h.post("/ingest/logs", `[
		{"service":"a","level":"info","message":"1","resource":{"x":1}},
		{"service":"b","level":"info","message":"2"},
		{"service":"a","level":"info","message":"3","resource":{"x":1}},
		{"service":"a","level":"info","message":"4","resource":{"x":1.0}}]`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	require.Len(t, h.logs.AllLogs(), 1, "one call per request")
	assert.Equal(t, 3, h.logs.AllLogs()[0].ResourceLogs().Len())
}
