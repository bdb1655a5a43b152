//go:build !race

package otlpscan_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/cost/costtest"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// TestDecodedBytes compares the estimate with the memory that decoding really takes. Not under the race
// detector: small values take twice the memory there, as the runtime packs none of them together.
func TestDecodedBytes(t *testing.T) {
	type test struct {
		signal otlpscan.Signal
		sent   request
		empty  func() request
	}
	tests := map[string]test{}
	for name, td := range costtest.Traces() {
		tests[name] = test{otlpscan.Traces, ptraceotlp.NewExportRequestFromTraces(td), newTraces}
	}
	for name, ld := range costtest.Logs() {
		tests[name] = test{otlpscan.Logs, plogotlp.NewExportRequestFromLogs(ld), newLogs}
	}
	for name, md := range costtest.Metrics() {
		tests[name] = test{otlpscan.Metrics, pmetricotlp.NewExportRequestFromMetrics(md), newMetrics}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := tt.sent.MarshalProto()
			require.NoError(t, err)
			limits := shipped()
			result, err := otlpscan.Protobuf(tt.signal, body, &limits)
			require.NoError(t, err)
			decoded := tt.empty()
			used := costtest.HeapOf(func() { require.NoError(t, decoded.UnmarshalProto(body)) })
			runtime.KeepAlive(decoded)
			assert.InEpsilon(t, used, result.DecodedBytes, 0.3, "%d bytes on the wire", len(body))
		})
	}
}
