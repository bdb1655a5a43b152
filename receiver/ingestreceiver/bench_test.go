package ingestreceiver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
)

// BenchmarkLogs is about one request of 1,000 lines, without the network.
func BenchmarkLogs(b *testing.B) {
	const lines = 1000
	s, err := newServer(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config))
	require.NoError(b, err)
	s.nextLogs = consumertest.NewNop()
	handler := s.handler(nil)
	body := strings.Repeat(`{"timestamp":"2026-07-01T12:00:00.123Z","service":"payment","level":"info","message":"order accepted","trace_id":"`+traceHex+
		`","span_id":"`+spanHex+`","attributes":{"order.id":123,"customer":"c-17","amount":12.5},"resource":{"host.name":"h1"}}`+"\n", lines)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/ingest/logs", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-ndjson")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		require.Equal(b, http.StatusOK, rec.Code)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/record")
}
