//go:build !race

package otlpscan_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// TestDecodedBytes compares the estimate with the memory that decoding really takes. Not under the race
// detector: small values take twice the memory there, as the runtime packs none of them together.
func TestDecodedBytes(t *testing.T) {
	logs := func(n int, write func(i int, l plog.LogRecord)) request {
		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for i := range n {
			write(i, records.AppendEmpty())
		}
		return plogotlp.NewExportRequestFromLogs(ld)
	}
	spans := func(n int, write func(ptrace.Span)) request {
		td := ptrace.NewTraces()
		for range n {
			write(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		}
		return ptraceotlp.NewExportRequestFromTraces(td)
	}
	points := func(n int, write func(pmetric.Metric)) request {
		md := pmetric.NewMetrics()
		metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		for range n {
			write(metrics.AppendEmpty())
		}
		return pmetricotlp.NewExportRequestFromMetrics(md)
	}
	tests := map[string]struct {
		signal otlpscan.Signal
		sent   request
		empty  func() request
	}{
		"usual spans": {otlpscan.Traces, ptraceotlp.NewExportRequestFromTraces(usualSpans(2000)), newTraces},
		"a resource a span": {otlpscan.Traces, spans(3000, func(s ptrace.Span) {
			s.SetName("GET /")
			s.Attributes().PutBool("a", true)
		}), newTraces},
		"spans with events and links": {otlpscan.Traces, spans(500, func(s ptrace.Span) {
			for range 20 {
				s.Events().AppendEmpty().SetName("retry")
				s.Links().AppendEmpty().SetTraceID([16]byte{1})
			}
		}), newTraces},
		"empty log records": {otlpscan.Logs, logs(30_000, func(int, plog.LogRecord) {}), newLogs},
		"long log records": {otlpscan.Logs, logs(100, func(_ int, l plog.LogRecord) {
			l.Body().SetStr(strings.Repeat("a stack trace\n", 10_000))
		}), newLogs},
		"many small attributes": {otlpscan.Logs, logs(300, func(_ int, l plog.LogRecord) {
			for i := range 200 {
				l.Attributes().PutInt(strconv.Itoa(i), 1)
			}
		}), newLogs},
		"lists of numbers": {otlpscan.Logs, logs(10, func(_ int, l plog.LogRecord) {
			list := l.Body().SetEmptySlice()
			for range 20_000 {
				list.AppendEmpty().SetInt(1)
			}
		}), newLogs},
		"nested lists": {otlpscan.Logs, logs(1000, func(_ int, l plog.LogRecord) { nestedLists(l.Body(), 60, "deep") }), newLogs},
		"gauges": {otlpscan.Metrics, points(5000, func(m pmetric.Metric) {
			m.SetName("queue.length")
			p := m.SetEmptyGauge().DataPoints().AppendEmpty()
			p.SetIntValue(7)
			p.Attributes().PutStr("queue", "orders")
		}), newMetrics},
		"histograms": {otlpscan.Metrics, points(500, func(m pmetric.Metric) {
			p := m.SetEmptyHistogram().DataPoints().AppendEmpty()
			p.BucketCounts().FromRaw(make([]uint64, 500))
			p.ExplicitBounds().FromRaw(make([]float64, 499))
		}), newMetrics},
		"exponential histograms": {otlpscan.Metrics, points(500, func(m pmetric.Metric) {
			m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Positive().BucketCounts().FromRaw(make([]uint64, 160))
		}), newMetrics},
		"summaries": {otlpscan.Metrics, points(5000, func(m pmetric.Metric) {
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			for range 10 {
				p.QuantileValues().AppendEmpty().SetValue(1)
			}
		}), newMetrics},
		"exemplars": {otlpscan.Metrics, points(5000, func(m pmetric.Metric) {
			p := m.SetEmptySum().DataPoints().AppendEmpty()
			for range 10 {
				p.Exemplars().AppendEmpty().SetDoubleValue(1)
			}
		}), newMetrics},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := tt.sent.MarshalProto()
			require.NoError(t, err)
			limits := shipped()
			result, err := otlpscan.Protobuf(tt.signal, body, &limits)
			require.NoError(t, err)
			decoded := tt.empty()
			used := heapOf(func() { require.NoError(t, decoded.UnmarshalProto(body)) })
			runtime.KeepAlive(decoded)
			assert.InEpsilon(t, used, result.DecodedBytes, 0.3, "%d bytes on the wire", len(body))
		})
	}
}

// heapOf returns the memory that is in use after f and was not before.
func heapOf(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}
