package shop_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
)

func TestStormFailsAsOftenAsAskedInOneTrace(t *testing.T) {
	t.Parallel()
	tr := follow(t, "order-fail-pay-7?storm=50", 502)
	assert.Len(t, tr.errorLogs(shop.Payment), 50)
	assert.Len(t, tr.errorLogs(shop.Gateway), 1)
}

func TestBadStormIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, record)
	for _, query := range []string{"storm=0", "storm=x", "storm=1001", "storm=2&spread=soon"} {
		status, _, body := post(t, r.gateway, "order-1?"+query)
		assert.Equal(t, http.StatusBadRequest, status, body)
	}
}

func TestPaymentCanBeCalledDirectly(t *testing.T) {
	t.Parallel()
	r := start(t, record)
	status, _, body := post(t, r.payment, "order-1")
	assert.Equal(t, http.StatusOK, status, body)
	status, _, body = post(t, r.payment, "order-fail-pay-123")
	assert.Equal(t, http.StatusInternalServerError, status, body)
	assert.Contains(t, body, "ledger")
}

func TestRuntimeHTTPAndPoolMetricsAreExported(t *testing.T) {
	t.Parallel()
	r := start(t, record)
	status, _, body := post(t, r.gateway, "order-1")
	require.Equal(t, http.StatusOK, status, body)
	r.stop()
	for _, name := range []string{
		"go.goroutine.count", "http.server.request.duration", "http.client.request.duration", "pgxpool.acquired_connections",
	} {
		assert.Contains(t, r.recorded.metrics, name)
	}
}

// A collector that is gone, or that takes requests and never answers, is not noticed by the shop's callers.
func TestDeadCollectorNeitherFailsNorHoldsUpRequests(t *testing.T) {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "PRODSENTINEL_URL"} {
		t.Run(variable+" refused", func(t *testing.T) {
			payWithCollector(t, variable, "http://127.0.0.1:1", func() {})
		})
		t.Run(variable+" without answer", func(t *testing.T) {
			release := make(chan struct{})
			hole := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
			defer hole.Close()
			payWithCollector(t, variable, hole.URL, func() { close(release) })
		})
	}
}

// payWithCollector pays through a shop that exports at once to the collector, and releases it at the end.
func payWithCollector(t *testing.T, variable, collector string, release func()) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	t.Setenv("OTEL_BLRP_SCHEDULE_DELAY", "10")
	t.Setenv(variable, collector)
	r := start(t, func(*recorder) telemetry.Exporters {
		to, err := telemetry.FromEnv(t.Context())
		require.NoError(t, err)
		return to
	})
	for range 20 {
		status, _, body := post(t, r.gateway, "order-1")
		assert.Equal(t, http.StatusOK, status, body)
	}
	release()
	r.stop()
}
