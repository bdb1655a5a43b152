package tracecorrelationprocessor

import (
	"context"
	"encoding/binary"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
)

// healthyBatch has 100 traces of 10 spans from three services.
func healthyBatch() ptrace.Traces {
	td := ptrace.NewTraces()
	for service := range uint64(3) {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", strconv.FormatUint(service, 10))
		rs.Resource().Attributes().PutStr("host.name", "h")
		ss := rs.ScopeSpans().AppendEmpty()
		for i := service; i < 1000; i += 3 {
			s := ss.Spans().AppendEmpty()
			s.SetTraceID(benchTrace(1_000_000 + i/10))
			s.SetSpanID(pcommon.SpanID{1})
			s.SetName("GET /x")
			for _, key := range []string{"http.request.method", "http.route", "url.path", "server.address"} {
				s.Attributes().PutStr(key, "x")
			}
		}
	}
	return td
}

func benchTrace(n uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], n*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func newBenchmark(b *testing.B, failing uint64) *tracesNode {
	b.Helper()
	cfg := createDefaultConfig().(*Config)
	c, err := newCorrelator(cfg, componenttest.NewNopTelemetrySettings(), time.Now)
	require.NoError(b, err)
	c.attach(memory.New(memory.Options{}), consumertest.NewNop())
	n := &tracesNode{correlator: c, next: consumertest.NewNop()}
	for i := range failing {
		require.NoError(b, n.ConsumeTraces(b.Context(), span(0, 1, "pay", 0, failed, func(s ptrace.Span) {
			s.SetTraceID(benchTrace(i))
		})))
	}
	return n
}

// BenchmarkHealthyTraffic is the cost per span of traffic without errors, against passing it on
// alone.
func BenchmarkHealthyTraffic(b *testing.B) {
	td := healthyBatch()
	for _, c := range []struct {
		name string
		next consumer.Traces
	}{
		{"pass-through", consumertest.NewNop()},
		{"nothing failing", newBenchmark(b, 0)},
		{"10000 failing", newBenchmark(b, 10_000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				_ = c.next.ConsumeTraces(ctx, td)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(td.SpanCount()), "ns/span")
		})
	}
}

// BenchmarkStorm is the cost of an error signal of a trace that fails already.
func BenchmarkStorm(b *testing.B) {
	n, td := newBenchmark(b, 0), span(1, 1, "pay", 0, failed)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_ = n.ConsumeTraces(ctx, td)
	}
}

// BenchmarkFailingTraces is the cost of a failing trace never seen before, eviction included.
func BenchmarkFailingTraces(b *testing.B) {
	n, td := newBenchmark(b, 0), span(1, 1, "pay", 0, failed)
	s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	ctx, i := context.Background(), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		s.SetTraceID(benchTrace(i))
		_ = n.ConsumeTraces(ctx, td)
	}
}
