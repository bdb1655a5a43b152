package otlpscan_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/cost/costtest"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// BenchmarkScan compares the walk with the decoding that follows it, for a request of 500 spans of the
// usual size.
func BenchmarkScan(b *testing.B) {
	td := costtest.UsualSpans(500)
	request := ptraceotlp.NewExportRequestFromTraces(td)
	protobuf, err := request.MarshalProto()
	require.NoError(b, err)
	json, err := request.MarshalJSON()
	require.NoError(b, err)
	limits := shipped()

	b.Run("protobuf/scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := otlpscan.Protobuf(otlpscan.Traces, protobuf, &limits)
			require.NoError(b, err)
		}
	})
	b.Run("protobuf/decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, ptraceotlp.NewExportRequest().UnmarshalProto(protobuf))
		}
	})
	b.Run("json/scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := otlpscan.JSON(otlpscan.Traces, json, &limits)
			require.NoError(b, err)
		}
	})
	b.Run("json/decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, ptraceotlp.NewExportRequest().UnmarshalJSON(json))
		}
	})
}
