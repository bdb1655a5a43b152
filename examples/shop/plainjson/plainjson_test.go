package plainjson_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/examples/shop/plainjson"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ingest stands in for ProdSentinel: it keeps the records of each route.
type ingest struct {
	mu      sync.Mutex
	records map[string][]map[string]any
	// answers are given before the record is taken, one per request, then 200.
	answers []func(http.ResponseWriter)
}

func (in *ingest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.answers) > 0 {
		answer := in.answers[0]
		in.answers = in.answers[1:]
		answer(w)
		return
	}
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in.records[r.URL.Path] = append(in.records[r.URL.Path], record)
	}
	_, _ = io.WriteString(w, `{"accepted":1,"rejected":[]}`)
}

func newSender(t *testing.T, answers ...func(http.ResponseWriter)) (*plainjson.Sender, *ingest) {
	t.Helper()
	in := &ingest{records: make(map[string][]map[string]any), answers: answers}
	server := httptest.NewServer(in)
	t.Cleanup(server.Close)
	return plainjson.NewSender(server.URL + "/"), in
}

var shopResource = resource.NewSchemaless(
	attribute.String("service.name", "payment"), attribute.String("deployment.environment.name", "test"))

func TestSpanIsRenderedWhole(t *testing.T) {
	sender, in := newSender(t)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(sender.Spans()), sdktrace.WithResource(shopResource))
	start := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	ctx, parent := provider.Tracer("t").Start(t.Context(), "POST /pay/{order_id}", trace.WithSpanKind(trace.SpanKindServer))
	_, span := provider.Tracer("t").Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(start),
		trace.WithAttributes(attribute.Int("http.response.status_code", 500), attribute.Float64("odd", math.Inf(1)),
			attribute.StringSlice("list", []string{"a"})))
	span.RecordError(errors.New("boom"), trace.WithTimestamp(start.Add(time.Millisecond)))
	span.SetStatus(codes.Error, "it broke")
	span.End(trace.WithTimestamp(start.Add(time.Second)))
	parent.End()
	require.NoError(t, provider.Shutdown(t.Context()))

	require.Len(t, in.records["/ingest/traces"], 2)
	assert.Equal(t, map[string]any{
		"trace_id": span.SpanContext().TraceID().String(), "span_id": span.SpanContext().SpanID().String(),
		"parent_span_id": parent.SpanContext().SpanID().String(),
		"name":           "SELECT", "service": "payment", "kind": "client",
		"start_time": "2026-01-02T03:04:05.0000006Z", "end_time": "2026-01-02T03:04:06.0000006Z",
		"status":     map[string]any{"code": "error", "message": "it broke"},
		"attributes": map[string]any{"http.response.status_code": 500.0, "odd": "+Inf", "list": []any{"a"}},
		"events": []any{map[string]any{
			"name": "exception", "time": "2026-01-02T03:04:05.0010006Z",
			"attributes": map[string]any{"exception.type": "*errors.errorString", "exception.message": "boom"},
		}},
		"resource": map[string]any{"deployment.environment.name": "test"},
	}, in.records["/ingest/traces"][0])
	root := in.records["/ingest/traces"][1]
	assert.NotContains(t, root, "parent_span_id")
	assert.NotContains(t, root, "status")
}

func TestLogCarriesItsTraceAndException(t *testing.T) {
	sender, in := newSender(t)
	provider := sdklog.NewLoggerProvider(
		sdklog.WithProcessor(sdklog.NewSimpleProcessor(sender.Logs())), sdklog.WithResource(shopResource))
	log := slog.New(otelslog.NewHandler("t", otelslog.WithLoggerProvider(provider)))
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	log.ErrorContext(trace.ContextWithSpanContext(t.Context(), sc), "request failed",
		"attempt", 3, "error", errors.New("boom"), "exception.stacktrace", "main.go:1", slog.Group("order", "id", "7"))
	log.Info("serving")
	require.NoError(t, provider.Shutdown(t.Context()))

	require.Len(t, in.records["/ingest/logs"], 2)
	got := in.records["/ingest/logs"][0]
	assert.NotEmpty(t, got["timestamp"])
	delete(got, "timestamp")
	assert.Equal(t, map[string]any{
		"service": "payment", "level": "ERROR", "message": "request failed",
		"trace_id": sc.TraceID().String(), "span_id": sc.SpanID().String(),
		"attributes": map[string]any{"attempt": 3.0, "order": map[string]any{"id": "7"}},
		"exception":  map[string]any{"type": "*errors.errorString", "message": "boom", "stacktrace": "main.go:1"},
		"resource":   map[string]any{"deployment.environment.name": "test"},
	}, got)
	assert.NotContains(t, in.records["/ingest/logs"][1], "trace_id")
}

func TestMetricsBecomeGaugesAndSums(t *testing.T) {
	sender, in := newSender(t)
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(sender.Metrics())), sdkmetric.WithResource(shopResource))
	meter := provider.Meter("t")
	gauge, err := meter.Float64Gauge("pool.usage", metric.WithUnit("1"))
	require.NoError(t, err)
	gauge.Record(t.Context(), 0.5)
	counter, err := meter.Int64Counter("requests")
	require.NoError(t, err)
	counter.Add(t.Context(), 3)
	histogram, err := meter.Float64Histogram("duration")
	require.NoError(t, err)
	histogram.Record(t.Context(), 0.25)
	histogram.Record(t.Context(), 0.5)
	require.NoError(t, provider.Shutdown(t.Context()))

	got := make(map[string]map[string]any)
	for _, r := range in.records["/ingest/metrics"] {
		got[r["name"].(string)] = r
	}
	assert.Equal(t, "gauge", got["pool.usage"]["type"])
	assert.InDelta(t, 0.5, got["pool.usage"]["value"], 0)
	assert.Equal(t, "1", got["pool.usage"]["unit"])
	assert.Equal(t, "sum", got["requests"]["type"])
	assert.InDelta(t, 3, got["requests"]["value"], 0)
	assert.InDelta(t, 2, got["duration.count"]["value"], 0)
	assert.InDelta(t, 0.75, got["duration.sum"]["value"], 0)
}

func TestSenderWaitsWhileTheReceiverPushesBack(t *testing.T) {
	sender, in := newSender(t, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	require.NoError(t, sender.Logs().Export(t.Context(), []sdklog.Record{{}}))
	assert.Len(t, in.records["/ingest/logs"], 1)
	require.NoError(t, sender.Logs().Shutdown(t.Context()))
}

func TestSenderReportsWhatWasNotTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(http.ResponseWriter)
		want   string
	}{
		"some rejected": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"accepted":0,"rejected":[{"index":0,"field":"level","error":"missing"}]}`)
		}, `1 records rejected, the first: {"index":0`},
		"refused": {func(w http.ResponseWriter) { http.Error(w, "bad body", http.StatusBadRequest) }, "400 Bad Request: bad body"},
	} {
		t.Run(name, func(t *testing.T) {
			sender, _ := newSender(t, tc.answer)
			require.ErrorContains(t, sender.Logs().Export(t.Context(), []sdklog.Record{{}}), tc.want)
			require.NoError(t, sender.Logs().Shutdown(t.Context()))
		})
	}
}

func TestSenderGivesUpWithItsContext(t *testing.T) {
	sender, _ := newSender(t, func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := sender.Logs().Export(ctx, []sdklog.Record{{}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "429")
	require.NoError(t, sender.Logs().Shutdown(t.Context()))
}
