// Package signaltest generates OTLP data and compares records, for tests of whatever carries
// signals: they must come out as they went in.
package signaltest

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
	"pgregory.net/rapid"
)

// Traces generates requests with everything OTLP allows, and some that it does not: duplicate
// keys, invalid UTF-8, NUL, NaN, times of 0 and of the far future, equal records.
func Traces() *rapid.Generator[ptrace.Traces] {
	return rapid.Custom(func(t *rapid.T) ptrace.Traces {
		td := ptrace.NewTraces()
		for range count(t, 3) {
			rs := td.ResourceSpans().AppendEmpty()
			resource(t, rs.Resource())
			rs.SetSchemaUrl(text(t))
			for range count(t, 2) {
				ss := rs.ScopeSpans().AppendEmpty()
				scope(t, ss.Scope())
				ss.SetSchemaUrl(text(t))
				for range count(t, 4) {
					span(t, ss.Spans().AppendEmpty())
				}
				if n := ss.Spans().Len(); n > 0 && rapid.Bool().Draw(t, "repeat") {
					ss.Spans().At(n - 1).CopyTo(ss.Spans().AppendEmpty())
				}
			}
		}
		return td
	})
}

// Logs generates requests as Traces does.
func Logs() *rapid.Generator[plog.Logs] {
	return rapid.Custom(func(t *rapid.T) plog.Logs {
		ld := plog.NewLogs()
		for range count(t, 3) {
			rl := ld.ResourceLogs().AppendEmpty()
			resource(t, rl.Resource())
			rl.SetSchemaUrl(text(t))
			for range count(t, 2) {
				sl := rl.ScopeLogs().AppendEmpty()
				scope(t, sl.Scope())
				sl.SetSchemaUrl(text(t))
				for range count(t, 4) {
					logRecord(t, sl.LogRecords().AppendEmpty())
				}
				if n := sl.LogRecords().Len(); n > 0 && rapid.Bool().Draw(t, "repeat") {
					sl.LogRecords().At(n - 1).CopyTo(sl.LogRecords().AppendEmpty())
				}
			}
		}
		return ld
	})
}

// Metrics generates requests as Traces does, with every metric type.
func Metrics() *rapid.Generator[pmetric.Metrics] {
	return rapid.Custom(func(t *rapid.T) pmetric.Metrics {
		md := pmetric.NewMetrics()
		for range count(t, 3) {
			rm := md.ResourceMetrics().AppendEmpty()
			resource(t, rm.Resource())
			rm.SetSchemaUrl(text(t))
			for range count(t, 2) {
				sm := rm.ScopeMetrics().AppendEmpty()
				scope(t, sm.Scope())
				sm.SetSchemaUrl(text(t))
				for range count(t, 4) {
					metric(t, sm.Metrics().AppendEmpty())
				}
			}
		}
		return md
	})
}

func resource(t *rapid.T, dst pcommon.Resource) {
	attributes(t, dst.Attributes())
	if rapid.Bool().Draw(t, "named") {
		dst.Attributes().PutStr("service.name", rapid.SampledFrom([]string{"gateway", "payment", "inventory"}).Draw(t, "service"))
	}
	dst.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
	for range count(t, 1) {
		ref := entity.ResourceEntityRefs(dst).AppendEmpty()
		ref.SetType(text(t))
		ref.SetSchemaUrl(text(t))
		ref.IdKeys().FromRaw(texts(t))
		ref.DescriptionKeys().FromRaw(texts(t))
	}
}

func scope(t *rapid.T, dst pcommon.InstrumentationScope) {
	dst.SetName(text(t))
	dst.SetVersion(text(t))
	attributes(t, dst.Attributes())
	dst.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
}

func span(t *rapid.T, dst ptrace.Span) {
	dst.SetTraceID(traceID(t))
	dst.SetSpanID(spanID(t))
	dst.SetParentSpanID(spanID(t))
	dst.TraceState().FromRaw(text(t))
	dst.SetFlags(rapid.Uint32().Draw(t, "flags"))
	dst.SetName(text(t))
	dst.SetKind(ptrace.SpanKind(rapid.Int32Range(0, 6).Draw(t, "kind")))
	dst.SetStartTimestamp(timestamp(t))
	dst.SetEndTimestamp(timestamp(t))
	dst.Status().SetCode(ptrace.StatusCode(rapid.Int32Range(0, 3).Draw(t, "status")))
	dst.Status().SetMessage(text(t))
	attributes(t, dst.Attributes())
	dst.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
	dst.SetDroppedEventsCount(rapid.Uint32().Draw(t, "dropped events"))
	dst.SetDroppedLinksCount(rapid.Uint32().Draw(t, "dropped links"))
	for range count(t, 2) {
		e := dst.Events().AppendEmpty()
		e.SetTimestamp(timestamp(t))
		e.SetName(text(t))
		attributes(t, e.Attributes())
		e.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
	}
	for range count(t, 1) {
		l := dst.Links().AppendEmpty()
		l.SetTraceID(traceID(t))
		l.SetSpanID(spanID(t))
		l.TraceState().FromRaw(text(t))
		l.SetFlags(rapid.Uint32().Draw(t, "flags"))
		attributes(t, l.Attributes())
		l.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
	}
}

func logRecord(t *rapid.T, dst plog.LogRecord) {
	dst.SetTraceID(traceID(t))
	dst.SetSpanID(spanID(t))
	dst.SetFlags(plog.LogRecordFlags(rapid.Uint32().Draw(t, "flags")))
	dst.SetTimestamp(timestamp(t))
	dst.SetObservedTimestamp(timestamp(t))
	dst.SetSeverityNumber(plog.SeverityNumber(rapid.Int32Range(-1, 25).Draw(t, "severity")))
	dst.SetSeverityText(text(t))
	dst.SetEventName(text(t))
	value(t, dst.Body(), 0)
	attributes(t, dst.Attributes())
	dst.SetDroppedAttributesCount(rapid.Uint32().Draw(t, "dropped"))
}

// attributes now and then has a key twice.
func attributes(t *rapid.T, dst pcommon.Map) { kvlist(t, dst, 0) }

func kvlist(t *rapid.T, dst pcommon.Map, depth int) {
	var b xpdata.MapBuilder
	for range count(t, 4) {
		value(t, b.AppendEmpty(key(t)), depth+1)
	}
	b.UnsafeIntoMap(dst)
}

func value(t *rapid.T, dst pcommon.Value, depth int) {
	const leaves, nested = 5, 7
	most := nested
	if depth > 3 {
		most = leaves
	}
	switch rapid.IntRange(0, most).Draw(t, "value type") {
	case 0:
		dst.SetStr(text(t))
	case 1:
		dst.SetInt(rapid.Int64().Draw(t, "int"))
	case 2:
		dst.SetDouble(double(t))
	case 3:
		dst.SetBool(rapid.Bool().Draw(t, "bool"))
	case 4: // empty
	case 5:
		dst.SetEmptyBytes().FromRaw(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "bytes"))
	case 6:
		list := dst.SetEmptySlice()
		for range count(t, 3) {
			value(t, list.AppendEmpty(), depth+1)
		}
	case 7:
		kvlist(t, dst.SetEmptyMap(), depth)
	}
}

func key(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"http.route", "error.type", "db.system.name", "$bytes", "$otlp", "", "a"}),
		rapid.StringN(1, 8, -1),
		oddText(),
	).Draw(t, "key")
}

func text(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "GET /orders/{id}", "connection refused", "a\nb\tc\"\\</script>", "\u2028 日本 🙂"}),
		rapid.StringN(0, 12, -1),
		oddText(),
	).Draw(t, "text")
}

// oddText is text that JSON or SQL cannot carry.
func oddText() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"nul\x00nul", "\xff\xfe", "half \xe2\x82", "\xed\xa0\x80"})
}

func texts(t *rapid.T) []string {
	var list []string
	for range count(t, 2) {
		list = append(list, text(t))
	}
	return list
}

func double(t *rapid.T) float64 {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, -1, 1e300, 1e21, 1e20, 1e-7, 5e-324, math.MaxFloat64,
			1 << 53, 1<<53 + 2, math.NaN(), math.Inf(1), math.Inf(-1), math.Float64frombits(0x7ff0000000000001),
		}),
		rapid.Float64(),
	).Draw(t, "double")
}

// plainDouble is for fields that protobuf leaves out when they equal zero: it would lose -0.
func plainDouble(t *rapid.T) float64 { return double(t) + 0 }

func timestamp(t *rapid.T) pcommon.Timestamp {
	return pcommon.Timestamp(rapid.OneOf(
		rapid.SampledFrom([]uint64{0, 1, 1_625_097_600_000_000_000, 1_893_456_000_123_456_789, math.MaxInt64, math.MaxUint64}),
		rapid.Uint64Range(1_600_000_000_000_000_000, 1_900_000_000_000_000_000),
	).Draw(t, "time"))
}

func traceID(t *rapid.T) (id pcommon.TraceID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "trace ID"))
	return id
}

func spanID(t *rapid.T) (id pcommon.SpanID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "span ID"))
	return id
}

func count(t *rapid.T, most int) int { return rapid.IntRange(0, most).Draw(t, "count") }
