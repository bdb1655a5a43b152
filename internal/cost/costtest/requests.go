// Package costtest has requests of all shapes, to compare estimates of their memory with the heap.
package costtest

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Traces are requests of spans, by what is special about them.
func Traces() map[string]ptrace.Traces {
	spans := func(n int, write func(ptrace.Span)) ptrace.Traces {
		td := ptrace.NewTraces()
		for range n {
			write(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		}
		return td
	}
	return map[string]ptrace.Traces{
		"usual spans": UsualSpans(2000),
		"a resource a span": spans(3000, func(s ptrace.Span) {
			s.SetName("GET /")
			s.Attributes().PutBool("a", true)
		}),
		"spans with events and links": spans(500, func(s ptrace.Span) {
			for range 20 {
				s.Events().AppendEmpty().SetName("retry")
				s.Links().AppendEmpty().SetTraceID([16]byte{1})
			}
		}),
	}
}

// Logs are requests of log records, by what is special about them.
func Logs() map[string]plog.Logs {
	logs := func(n int, write func(plog.LogRecord)) plog.Logs {
		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			write(records.AppendEmpty())
		}
		return ld
	}
	return map[string]plog.Logs{
		"empty log records": logs(30_000, func(plog.LogRecord) {}),
		"long log records": logs(100, func(l plog.LogRecord) {
			l.Body().SetStr(strings.Repeat("a stack trace\n", 10_000))
		}),
		"many small attributes": logs(300, func(l plog.LogRecord) {
			for i := range 200 {
				l.Attributes().PutInt(strconv.Itoa(i), 1)
			}
		}),
		"lists of numbers": logs(10, func(l plog.LogRecord) {
			list := l.Body().SetEmptySlice()
			for range 20_000 {
				list.AppendEmpty().SetInt(1)
			}
		}),
		"nested lists": logs(1000, func(l plog.LogRecord) { NestedLists(l.Body(), 60, "deep") }),
	}
}

// Metrics are requests of points, by what is special about them.
func Metrics() map[string]pmetric.Metrics {
	points := func(n int, write func(pmetric.Metric)) pmetric.Metrics {
		md := pmetric.NewMetrics()
		metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		for range n {
			write(metrics.AppendEmpty())
		}
		return md
	}
	return map[string]pmetric.Metrics{
		"gauges": points(5000, func(m pmetric.Metric) {
			m.SetName("queue.length")
			p := m.SetEmptyGauge().DataPoints().AppendEmpty()
			p.SetIntValue(7)
			p.Attributes().PutStr("queue", "orders")
		}),
		"histograms": points(500, func(m pmetric.Metric) {
			p := m.SetEmptyHistogram().DataPoints().AppendEmpty()
			p.BucketCounts().FromRaw(make([]uint64, 500))
			p.ExplicitBounds().FromRaw(make([]float64, 499))
		}),
		"exponential histograms": points(500, func(m pmetric.Metric) {
			m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Positive().BucketCounts().FromRaw(make([]uint64, 160))
		}),
		"summaries": points(5000, func(m pmetric.Metric) {
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			for range 10 {
				p.QuantileValues().AppendEmpty().SetValue(1)
			}
		}),
		"exemplars": points(5000, func(m pmetric.Metric) {
			p := m.SetEmptySum().DataPoints().AppendEmpty()
			for range 10 {
				p.Exemplars().AppendEmpty().SetDoubleValue(1)
			}
		}),
	}
}

// UsualSpans are n spans of one resource, each with ten attributes.
func UsualSpans(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "payment")
	for i := range 7 {
		rs.Resource().Attributes().PutStr(fmt.Sprintf("resource.attribute.%d", i), "a value of usual length")
	}
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := spans.AppendEmpty()
		id := fmt.Sprintf("%012d%04d", n, i%10_000)
		s.SetTraceID([16]byte([]byte(id)))
		s.SetSpanID([8]byte([]byte(id[8:])))
		s.SetName("GET /inventory/{item_id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(1_700_000_000_000_000_000)
		s.SetEndTimestamp(1_700_000_000_001_000_000)
		for a := range 9 {
			s.Attributes().PutStr(fmt.Sprintf("span.attribute.%d", a), fmt.Sprintf("value %d", i))
		}
		s.Attributes().PutInt("http.response.status_code", 200)
	}
	return td
}

// NestedLists puts a text into so many lists.
func NestedLists(v pcommon.Value, levels int, text string) {
	for range levels {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr(text)
}

// HeapOf returns the memory that is in use after f and was not before.
func HeapOf(f func()) int64 {
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
