package ingestreceiver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
)

// seeds are bodies for every route.
var seeds = []string{
	``, `{}`, `[]`, `[1,null,"x",[]]`, "{}\n{}\n", `{"a":`, "\xef\xbb\xbf{}", `[{},]`,
	`{"service":"s","level":"error","message":"m","timestamp":1625097600.5,"trace_id":"` + traceHex + `","span_id":"` + spanHex + `","attributes":{"a":[1,1.0,null,{"b":"\u0000\ud83d"}],"a":1},"exception":{"type":"E","stacktrace":"x"},"resource":{"r":1}}`,
	`{"service":"s","level":"ERROR+2","message":"` + "\xff" + `","timestamp":"2021-07-01 00:00:00,5","unknown":1}`,
	`{"trace_id":"` + traceHex + `","span_id":"` + spanHex + `","parent_span_id":"` + spanHex + `","name":"n","service":"s","kind":"server","start_time":"2021-07-01T00:00:00Z","end_time":1625097601,"status":{"code":"error","message":"m"},"events":[{"name":"exception","time":0,"attributes":{"a":1}}]}`,
	`[{"trace_id":"` + traceHex + `","span_id":"` + spanHex + `","name":"n","service":"s","start_time":1,"duration_ms":1e18},{"duration_ms":-1}]`,
	`{"name":"n","service":"s","value":1e999,"type":"sum","unit":"1"}`,
	`{"name":"n","service":"s","value":-0.0,"timestamp":-1,"exemplar_trace_id":"00000000000000000000000000000000"}`,
	`{"name":"n","service":"s","value":9223372036854775808}` + "\n" + `{"name":"n","service":"s","value":7}`,
}

func FuzzLogs(f *testing.F)    { fuzzRoute(f, "/ingest/logs") }
func FuzzTraces(f *testing.F)  { fuzzRoute(f, "/ingest/traces") }
func FuzzMetrics(f *testing.F) { fuzzRoute(f, "/ingest/metrics") }

// fuzzRoute checks that every body has a clear answer, and that as many records enter the pipeline
// as the answer says.
func fuzzRoute(f *testing.F, path string) {
	for _, seed := range seeds {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	s, err := newServer(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config))
	require.NoError(f, err)
	logs, traces, metrics := &consumertest.LogsSink{}, &consumertest.TracesSink{}, &consumertest.MetricsSink{}
	s.nextLogs, s.nextTraces, s.nextMetrics = logs, traces, metrics
	s.now = func() time.Time { return receivedAt }
	handler := s.handler(nil)

	f.Fuzz(func(t *testing.T, body string, lines bool) {
		logs.Reset()
		traces.Reset()
		metrics.Reset()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		if lines {
			req.Header.Set("Content-Type", "application/x-ndjson")
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)

		var a answer
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &a), rec.Body.String())
		require.Equal(t, a.Accepted, logs.LogRecordCount()+traces.SpanCount()+metrics.DataPointCount())
		require.NotNil(t, a.Rejected)
		for i, r := range a.Rejected {
			require.NotEmpty(t, r.Error)
			if i > 0 {
				require.Greater(t, r.Index, a.Rejected[i-1].Index)
			}
		}
		if a.Accepted > 0 {
			require.Equal(t, http.StatusOK, rec.Code)
		} else {
			require.Equal(t, http.StatusBadRequest, rec.Code)
		}
	})
}
