// Package cost estimates the memory that a request takes while it is stored. What the parts of a request take
// has its one home here: package otlpscan adds up what decoding takes before it is done, and Of functions
// what a decoded request and the records made of it take together, until these are committed.
package cost

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Size is the memory that one part of a request takes, without texts and parts of its own, in bytes.
type Size struct {
	// Decoded is that of the decoded message, its place in its parent included.
	Decoded int64
	// Stored is that of what the message becomes to be stored, beside the decoded one.
	Stored int64
}

func (s Size) both() int64 { return s.Decoded + s.Stored }

// The parts of a request. The tests of this package and of otlpscan compare them with the heap.
var (
	Resource = Size{Decoded: 160, Stored: 100}
	Scope    = Size{Decoded: 144, Stored: 112}

	Attribute = Size{Decoded: 52, Stored: 16} // a key and its value, without the value
	Value     = Size{Decoded: 24, Stored: 24}
	Array     = Size{Decoded: 28, Stored: 24}
	List      = Size{Decoded: 28, Stored: 24} // of keys and values

	Span  = Size{Decoded: 224, Stored: 296}
	Event = Size{Decoded: 76, Stored: 72}
	Link  = Size{Decoded: 92, Stored: 112}

	LogRecord = Size{Decoded: 128, Stored: 176}

	Metric           = Size{Decoded: 100}
	MetricData       = Size{Decoded: 48}
	NumberPoint      = Size{Decoded: 112, Stored: 264}
	HistogramPoint   = Size{Decoded: 184, Stored: 560}
	ExponentialPoint = Size{Decoded: 232, Stored: 560}
	SummaryPoint     = Size{Decoded: 108, Stored: 560}
	Exemplar         = Size{Decoded: 130, Stored: 96}
	Quantile         = Size{Decoded: 28, Stored: 16}
	Number           = Size{Decoded: 10, Stored: 8} // a bucket
)

// OfTraces estimates the memory of a decoded request and of its spans.
func OfTraces(td ptrace.Traces) (bytes int64) {
	for _, rs := range td.ResourceSpans().All() {
		bytes += ofResource(rs.Resource(), rs.SchemaUrl())
		for _, ss := range rs.ScopeSpans().All() {
			bytes += ofScope(ss.Scope(), ss.SchemaUrl())
			for _, s := range ss.Spans().All() {
				bytes += ofSpan(s)
			}
		}
	}
	return bytes
}

// OfLogs estimates the memory of a decoded request and of its log records.
func OfLogs(ld plog.Logs) (bytes int64) {
	for _, rl := range ld.ResourceLogs().All() {
		bytes += ofResource(rl.Resource(), rl.SchemaUrl())
		for _, sl := range rl.ScopeLogs().All() {
			bytes += ofScope(sl.Scope(), sl.SchemaUrl())
			for _, r := range sl.LogRecords().All() {
				bytes += LogRecord.both() + ofValue(r.Body()) + ofMap(r.Attributes()) + text(r.SeverityText()) + text(r.EventName())
			}
		}
	}
	return bytes
}

// OfMetrics estimates the memory of a decoded request and of its points.
func OfMetrics(md pmetric.Metrics) (bytes int64) {
	for _, rm := range md.ResourceMetrics().All() {
		bytes += ofResource(rm.Resource(), rm.SchemaUrl())
		for _, sm := range rm.ScopeMetrics().All() {
			bytes += ofScope(sm.Scope(), sm.SchemaUrl())
			for _, m := range sm.Metrics().All() {
				bytes += Metric.both() + MetricData.both() + text(m.Name()) + text(m.Description()) + text(m.Unit()) + ofMap(m.Metadata()) + ofPoints(m)
			}
		}
	}
	return bytes
}

func ofResource(r pcommon.Resource, schema string) int64 {
	return Resource.both() + ofMap(r.Attributes()) + text(schema)
}

func ofScope(s pcommon.InstrumentationScope, schema string) int64 {
	return Scope.both() + ofMap(s.Attributes()) + text(s.Name()) + text(s.Version()) + text(schema)
}

func ofSpan(s ptrace.Span) int64 {
	bytes := Span.both() + text(s.Name()) + text(s.TraceState().AsRaw()) + text(s.Status().Message()) + ofMap(s.Attributes())
	for _, e := range s.Events().All() {
		bytes += Event.both() + text(e.Name()) + ofMap(e.Attributes())
	}
	for _, l := range s.Links().All() {
		bytes += Link.both() + text(l.TraceState().AsRaw()) + ofMap(l.Attributes())
	}
	return bytes
}

func ofPoints(m pmetric.Metric) (bytes int64) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return ofNumbers(m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return ofNumbers(m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			bytes += HistogramPoint.both() + ofMap(p.Attributes()) + ofExemplars(p.Exemplars()) +
				int64(p.BucketCounts().Len()+p.ExplicitBounds().Len())*Number.both()
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			bytes += ExponentialPoint.both() + ofMap(p.Attributes()) + ofExemplars(p.Exemplars()) +
				int64(p.Positive().BucketCounts().Len()+p.Negative().BucketCounts().Len())*Number.both()
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			bytes += SummaryPoint.both() + ofMap(p.Attributes()) + int64(p.QuantileValues().Len())*Quantile.both()
		}
	case pmetric.MetricTypeEmpty:
	}
	return bytes
}

func ofNumbers(points pmetric.NumberDataPointSlice) (bytes int64) {
	for _, p := range points.All() {
		bytes += NumberPoint.both() + ofMap(p.Attributes()) + ofExemplars(p.Exemplars())
	}
	return bytes
}

func ofExemplars(exemplars pmetric.ExemplarSlice) (bytes int64) {
	for _, e := range exemplars.All() {
		bytes += Exemplar.both() + ofMap(e.FilteredAttributes())
	}
	return bytes
}

func ofMap(m pcommon.Map) (bytes int64) {
	for key, v := range m.All() {
		bytes += Attribute.both() + text(key) + ofValue(v)
	}
	return bytes
}

// ofValue goes as deep as the value: what decoded it did too.
func ofValue(v pcommon.Value) int64 {
	bytes := Value.both()
	switch v.Type() {
	case pcommon.ValueTypeStr:
		bytes += text(v.Str()) + stringHeader
	case pcommon.ValueTypeBytes:
		bytes += 2 * int64(v.Bytes().Len()) // they are copied
	case pcommon.ValueTypeMap:
		bytes += List.both() + ofMap(v.Map())
	case pcommon.ValueTypeSlice:
		bytes += Array.both()
		for _, e := range v.Slice().All() {
			bytes += ofValue(e)
		}
	default:
	}
	return bytes
}

// stringHeader is what a text takes beside its bytes where it is a value to be stored.
const stringHeader = 16

// text is what a text takes: what is stored shares the bytes of the decoded one. The heap has blocks of eight
// bytes and more.
func text(s string) int64 { return (int64(len(s)) + 7) &^ 7 }
