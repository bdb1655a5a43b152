package rcaexporter

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const spansPerRequest = 500

// healthySpans is one request of spans of the usual size: 10 attributes, 8 of the resource.
func healthySpans(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "payment")
	for i := range 7 {
		rs.Resource().Attributes().PutStr(fmt.Sprintf("resource.attribute.%d", i), "a value of usual length")
	}
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	start := time.Now()
	for i := range spansPerRequest {
		s := spans.AppendEmpty()
		id := fmt.Sprintf("%012d%04d", n, i)
		s.SetTraceID([16]byte([]byte(id)))
		s.SetSpanID([8]byte([]byte(id[8:])))
		s.SetName("GET /inventory/{item_id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Millisecond)))
		for a := range 10 {
			s.Attributes().PutStr(fmt.Sprintf("span.attribute.%d", a), fmt.Sprintf("value %d", i))
		}
	}
	return td
}

// manyRequests are enough that none is in flight twice.
func manyRequests() []ptrace.Traces {
	requests := make([]ptrace.Traces, 64)
	for i := range requests {
		requests[i] = healthySpans(i)
	}
	return requests
}

// BenchmarkDurableSpans compares the rate at which spans become durable through the exporter,
// one sender or several, with that of the store alone.
func BenchmarkDurableSpans(b *testing.B) {
	requests := manyRequests()
	for _, senders := range []int{1, 8} {
		b.Run(fmt.Sprintf("exporter/senders=%d", senders), func(b *testing.B) {
			h := newHost(b)
			defer h.close(b)
			p := startPlant(b, h, func(c *Config) { c.Workers = 0 })
			defer p.stop()
			queue := make(chan ptrace.Traces)
			var running sync.WaitGroup
			for range senders {
				running.Go(func() {
					for td := range queue {
						if err := p.traces.ConsumeTraces(b.Context(), td); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := 0; b.Loop(); i++ {
				queue <- requests[i%len(requests)]
			}
			close(queue)
			running.Wait()
			reportRate(b)
		})
	}
	b.Run("store", func(b *testing.B) {
		h := newHost(b)
		defer h.close(b)
		batches := make([]store.Batch, len(requests))
		for i, td := range requests {
			batches[i].Spans = signal.FromTraces(td)
			signal.IdentifySpans("", batches[i].Spans)
		}
		for i := 0; b.Loop(); i++ {
			_, err := h.store.Append(b.Context(), batches[i%len(batches):][:1])
			require.NoError(b, err)
		}
		reportRate(b)
	})
}

func reportRate(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N*spansPerRequest)/b.Elapsed().Seconds(), "spans/s")
}
