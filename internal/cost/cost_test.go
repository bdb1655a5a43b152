//go:build !race

package cost_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/cost"
	"github.com/prodsentinel/prodsentinel/internal/cost/costtest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// TestEstimates compares the estimates with the memory that decoding a request and making records of it
// really takes. Not under the race detector: small values take twice the memory there, as the runtime packs
// none of them together.
func TestEstimates(t *testing.T) {
	for name, td := range costtest.Traces() {
		body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)
		assertEstimate(t, name, cost.OfTraces(td), body, func() (any, any) {
			decoded, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
			require.NoError(t, err)
			records := signal.FromTraces(decoded)
			signal.IdentifySpans("", records)
			return decoded, records
		})
	}
	for name, ld := range costtest.Logs() {
		body, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
		require.NoError(t, err)
		assertEstimate(t, name, cost.OfLogs(ld), body, func() (any, any) {
			decoded, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
			require.NoError(t, err)
			records := signal.FromLogs(decoded)
			signal.IdentifyLogs("", records)
			return decoded, records
		})
	}
	for name, md := range costtest.Metrics() {
		body, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
		require.NoError(t, err)
		assertEstimate(t, name, cost.OfMetrics(md), body, func() (any, any) {
			decoded, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
			require.NoError(t, err)
			records := signal.FromMetrics(decoded)
			signal.IdentifyPoints("", records)
			return decoded, records
		})
	}
}

func assertEstimate(t *testing.T, name string, estimated int64, body []byte, hold func() (decoded, records any)) {
	t.Helper()
	var decoded, records any
	used := costtest.HeapOf(func() { decoded, records = hold() })
	runtime.KeepAlive([]any{body, decoded, records})

	assert.InEpsilon(t, used, estimated, 0.3, name)
}
