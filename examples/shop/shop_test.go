package shop_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a shop on free ports. Its telemetry is complete once it has stopped.
type running struct {
	gateway, payment string
	recorded         *recorder
	stop             func()
}

// start runs the three services; exporters tells where the telemetry of each goes.
func start(t *testing.T, exporters func(*recorder) telemetry.Exporters) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listeners := make(map[string]net.Listener)
	for _, name := range shop.Services() {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listeners[name] = l
	}
	url := func(name string) string { return "http://" + listeners[name].Addr().String() }
	cfg := shop.Config{PaymentURL: url(shop.Payment), InventoryURL: url(shop.Inventory), Environment: "test"}

	rec := &recorder{}
	var services sync.WaitGroup
	for _, name := range shop.Services() {
		services.Go(func() {
			assert.NoError(t, shop.Serve(ctx, name, cfg, listeners[name], exporters(rec)))
		})
	}
	stop := sync.OnceFunc(func() {
		cancel()
		services.Wait()
	})
	t.Cleanup(stop)
	return &running{gateway: url(shop.Gateway), payment: url(shop.Payment), recorded: rec, stop: stop}
}

func record(rec *recorder) telemetry.Exporters {
	return telemetry.Exporters{Spans: spanRecorder{rec}, Logs: logRecorder{rec}, Metrics: metricRecorder{rec}}
}

// post pays an order and returns the answer's status, trace and body.
func post(t *testing.T, base, order string) (status int, traceID, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/pay/"+order, http.NoBody)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header.Get(web.TraceHeader), strings.TrimSpace(string(text))
}

// recorder keeps what the services exported.
type recorder struct {
	mu      sync.Mutex
	spans   []sdktrace.ReadOnlySpan
	logs    []sdklog.Record
	metrics map[string]bool
}

type spanRecorder struct{ *recorder }

func (r spanRecorder) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, spans...)
	return nil
}
func (spanRecorder) Shutdown(context.Context) error { return nil }

type logRecorder struct{ *recorder }

func (r logRecorder) Export(_ context.Context, records []sdklog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range records {
		r.logs = append(r.logs, rec.Clone())
	}
	return nil
}
func (logRecorder) ForceFlush(context.Context) error { return nil }
func (logRecorder) Shutdown(context.Context) error   { return nil }

type metricRecorder struct{ *recorder }

func (metricRecorder) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.DefaultTemporalitySelector(k)
}
func (metricRecorder) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}
func (r metricRecorder) Export(_ context.Context, rm *metricdata.ResourceMetrics) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.metrics == nil {
		r.metrics = make(map[string]bool)
	}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			r.metrics[m.Name] = true
		}
	}
	return nil
}
func (metricRecorder) ForceFlush(context.Context) error { return nil }
func (metricRecorder) Shutdown(context.Context) error   { return nil }
