package otlpscan_test

import (
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

	"github.com/prodsentinel/prodsentinel/internal/cost/costtest"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// small are limits that a test can exceed by hand.
func small() otlpscan.Limits {
	return otlpscan.Limits{
		Records: 5, DecodedBytes: 1 << 20,
		RecordLimits: otlpscan.RecordLimits{Depth: 3, Attributes: 2, Elements: 4, Events: 2, ValueBytes: 60},
	}
}

// encoding is one of the two in which a request comes.
type encoding struct {
	scan  func(otlpscan.Signal, []byte, *otlpscan.Limits) (otlpscan.Result, error)
	write func(request) ([]byte, error)
	read  func(request, []byte) error
}

type request interface {
	MarshalProto() ([]byte, error)
	UnmarshalProto([]byte) error
	MarshalJSON() ([]byte, error)
	UnmarshalJSON([]byte) error
}

var encodings = map[string]encoding{
	"protobuf": {otlpscan.Protobuf, request.MarshalProto, request.UnmarshalProto},
	"json":     {otlpscan.JSON, request.MarshalJSON, request.UnmarshalJSON},
}

// inBoth scans a request in both encodings, and checks the result and what it reads as.
func inBoth[R request](t *testing.T, signal otlpscan.Signal, l otlpscan.Limits, sent R, empty func() R, check func(*testing.T, otlpscan.Result, R)) {
	t.Helper()
	for name, e := range encodings {
		t.Run(name, func(t *testing.T) {
			body, err := e.write(sent)
			require.NoError(t, err)
			result, err := e.scan(signal, body, &l)
			require.NoError(t, err)
			read := empty()
			require.NoError(t, e.read(read, result.Body), "%q", result.Body)
			check(t, result, read)
		})
	}
}

// marked are attributes with the mark of what was cut.
func marked(limits string, attributes map[string]any) map[string]any {
	attributes[otlpscan.AttributeCut] = limits
	return attributes
}

func TestRecordsAreCutToTheLimits(t *testing.T) {
	neighbour := func(records plog.LogRecordSlice) {
		l := records.AppendEmpty()
		l.Body().SetStr("a neighbour")
		l.Attributes().PutInt("n", 1)
	}
	tests := map[string]struct {
		write func(plog.LogRecord)
		want  func(plog.LogRecord)
		cut   []otlpscan.Limit
	}{
		"nothing": {
			write: func(l plog.LogRecord) { l.Attributes().PutStr("a", "1"); costtest.NestedLists(l.Body(), 2, "deep") },
			want:  func(l plog.LogRecord) { l.Attributes().PutStr("a", "1"); costtest.NestedLists(l.Body(), 2, "deep") },
		},
		"a list nested too deep": {
			write: func(l plog.LogRecord) { costtest.NestedLists(l.Body(), 50, "deep") },
			want: func(l plog.LogRecord) {
				costtest.NestedLists(l.Body(), 3, otlpscan.TooDeep)
				l.Attributes().PutStr(otlpscan.AttributeCut, "nesting_depth")
			},
			cut: []otlpscan.Limit{otlpscan.Depth},
		},
		"a map nested too deep, in an attribute": {
			write: func(l plog.LogRecord) {
				l.Attributes().PutEmptyMap("a").PutEmptyMap("b").PutEmptyMap("c").PutStr("d", "deep")
			},
			want: func(l plog.LogRecord) {
				l.Attributes().PutEmptyMap("a").PutEmptyMap("b").PutEmptyMap("c").PutStr("d", otlpscan.TooDeep)
				l.Attributes().PutStr(otlpscan.AttributeCut, "nesting_depth")
			},
			cut: []otlpscan.Limit{otlpscan.Depth},
		},
		"too many attributes": {
			write: func(l plog.LogRecord) {
				l.SetDroppedAttributesCount(7)
				for _, key := range []string{"a", "b", "c", "d"} {
					l.Attributes().PutStr(key, "1")
				}
			},
			want: func(l plog.LogRecord) {
				l.SetDroppedAttributesCount(9)
				l.Attributes().PutStr("a", "1")
				l.Attributes().PutStr("b", "1")
				l.Attributes().PutStr(otlpscan.AttributeCut, "attributes")
			},
			cut: []otlpscan.Limit{otlpscan.Attributes},
		},
		"too many elements": {
			write: func(l plog.LogRecord) {
				list := l.Attributes().PutEmptySlice("a")
				for i := range 3 { // each with a nested one
					list.AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(int64(i))
				}
			},
			want: func(l plog.LogRecord) {
				list := l.Attributes().PutEmptySlice("a")
				for i := range 2 {
					list.AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(int64(i))
				}
				l.Attributes().PutStr(otlpscan.AttributeCut, "elements")
			},
			cut: []otlpscan.Limit{otlpscan.Elements},
		},
		"a long body, between characters": {
			write: func(l plog.LogRecord) { l.Body().SetStr(strings.Repeat("x", 59) + "é\n\"" + strings.Repeat("y", 500)) },
			want: func(l plog.LogRecord) {
				l.Body().SetStr(strings.Repeat("x", 59))
				l.Attributes().PutStr(otlpscan.AttributeCut, "value_bytes")
			},
			cut: []otlpscan.Limit{otlpscan.ValueBytes},
		},
		"a text that is long only as JSON writes it": {
			write: func(l plog.LogRecord) { l.Body().SetStr(strings.Repeat("\n\"\x01", 20)) },
			want:  func(l plog.LogRecord) { l.Body().SetStr(strings.Repeat("\n\"\x01", 20)) },
		},
		"long bytes, a long name and a long key": {
			write: func(l plog.LogRecord) {
				l.Body().SetEmptyBytes().FromRaw([]byte(strings.Repeat("b", 70)))
				l.SetEventName(strings.Repeat("n", 70))
				l.Attributes().PutStr(strings.Repeat("k", 70), "v")
			},
			want: func(l plog.LogRecord) {
				l.Body().SetEmptyBytes().FromRaw([]byte(strings.Repeat("b", 60)))
				l.SetEventName(strings.Repeat("n", 60))
				l.Attributes().PutStr(strings.Repeat("k", 60), "v")
				l.Attributes().PutStr(otlpscan.AttributeCut, "value_bytes")
			},
			cut: []otlpscan.Limit{otlpscan.ValueBytes},
		},
		"several at once": {
			write: func(l plog.LogRecord) {
				costtest.NestedLists(l.Body(), 4, "deep")
				l.Attributes().PutStr("a", strings.Repeat("v", 200))
				l.Attributes().PutStr("b", "1")
				l.Attributes().PutStr("c", "1")
			},
			want: func(l plog.LogRecord) {
				costtest.NestedLists(l.Body(), 3, otlpscan.TooDeep)
				l.Attributes().PutStr("a", strings.Repeat("v", 60))
				l.Attributes().PutStr("b", "1")
				l.SetDroppedAttributesCount(1)
				l.Attributes().PutStr(otlpscan.AttributeCut, "nesting_depth,attributes,value_bytes")
			},
			cut: []otlpscan.Limit{otlpscan.Depth, otlpscan.Attributes, otlpscan.ValueBytes},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			build := func(record func(plog.LogRecord)) plog.Logs {
				ld := plog.NewLogs()
				records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
				neighbour(records)
				record(records.AppendEmpty())
				neighbour(records)
				return ld
			}
			want := build(tt.want)
			inBoth(t, otlpscan.Logs, small(), plogotlp.NewExportRequestFromLogs(build(tt.write)), plogotlp.NewExportRequest, func(t *testing.T, r otlpscan.Result, read plogotlp.ExportRequest) {
				assert.Equal(t, logsText(t, want), logsText(t, read.Logs()))
				assert.Equal(t, 3, r.Records)
				assert.Zero(t, r.Dropped)
				for _, l := range otlpscan.AllLimits() {
					wanted := 0
					for _, cut := range tt.cut {
						if cut == l {
							wanted = 1
						}
					}
					assert.Equal(t, wanted, r.Cut[l], l)
				}
			})
		})
	}
}

// excessiveLogs exceed every limit that log records have.
func excessiveLogs() plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	costtest.NestedLists(records.AppendEmpty().Body(), 7, strings.Repeat("é\n", 90))
	l := records.AppendEmpty()
	l.SetDroppedAttributesCount(1)
	for _, key := range []string{"a", "b", "c"} {
		list := l.Attributes().PutEmptyMap(key).PutEmptySlice("list")
		for range 3 {
			list.AppendEmpty().SetEmptyBytes().FromRaw(make([]byte, 100))
		}
	}
	return ld
}

func logsText(t *testing.T, ld plog.Logs) string {
	t.Helper()
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
	require.NoError(t, err)
	return string(text)
}

// excessiveSpans exceed every limit that spans have.
func excessiveSpans() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	for _, key := range []string{"a", "b", "c"} {
		rs.Resource().Attributes().PutStr(key, "resource")
	}
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().Attributes().PutStr("a", strings.Repeat("s", 61))
	s := ss.Spans().AppendEmpty()
	s.SetDroppedEventsCount(1)
	for range 5 {
		e := s.Events().AppendEmpty()
		e.SetName("event")
		for _, key := range []string{"a", "b", "c", "d"} {
			e.Attributes().PutStr(key, "event")
		}
		s.Links().AppendEmpty().SetSpanID([8]byte{1})
	}
	s.Status().SetMessage(strings.Repeat("m", 61))
	return td
}

func TestSpansAreCutToTheLimits(t *testing.T) {
	inBoth(t, otlpscan.Traces, small(), ptraceotlp.NewExportRequestFromTraces(excessiveSpans()), ptraceotlp.NewExportRequest, func(t *testing.T, r otlpscan.Result, read ptraceotlp.ExportRequest) {
		rs := read.Traces().ResourceSpans().At(0)
		assert.Equal(t, marked("attributes", map[string]any{"a": "resource", "b": "resource"}), rs.Resource().Attributes().AsRaw())
		assert.Equal(t, uint32(1), rs.Resource().DroppedAttributesCount())
		scope := rs.ScopeSpans().At(0).Scope()
		assert.Equal(t, marked("value_bytes", map[string]any{"a": strings.Repeat("s", 60)}), scope.Attributes().AsRaw())
		s := rs.ScopeSpans().At(0).Spans().At(0)
		assert.Equal(t, marked("attributes,events,links,value_bytes", map[string]any{}), s.Attributes().AsRaw())
		assert.Equal(t, strings.Repeat("m", 60), s.Status().Message())
		require.Equal(t, 2, s.Events().Len())
		assert.Equal(t, uint32(4), s.DroppedEventsCount())
		assert.Equal(t, map[string]any{"a": "event", "b": "event"}, s.Events().At(1).Attributes().AsRaw())
		assert.Equal(t, uint32(2), s.Events().At(1).DroppedAttributesCount())
		assert.Equal(t, 2, s.Links().Len())
		assert.Equal(t, uint32(3), s.DroppedLinksCount())
		assert.Equal(t, 2, r.Cut[otlpscan.Attributes], "the resource and the span")
		assert.Equal(t, 2, r.Cut[otlpscan.ValueBytes], "the scope and the span")
	})
}

// excessiveMetrics have points of all kinds with more than is allowed.
func excessiveMetrics() pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	points := metrics.AppendEmpty().SetEmptyHistogram().DataPoints()
	for _, buckets := range []int{9, 1, 9, 2, 9} {
		p := points.AppendEmpty()
		p.SetCount(uint64(buckets))
		p.BucketCounts().FromRaw(make([]uint64, buckets))
		p.ExplicitBounds().FromRaw(make([]float64, buckets-1))
	}
	exponential := metrics.AppendEmpty().SetEmptyExponentialHistogram().DataPoints()
	exponential.AppendEmpty().Negative().BucketCounts().FromRaw(make([]uint64, 9))
	exponential.AppendEmpty().Positive().BucketCounts().FromRaw(make([]uint64, 4))
	gauge := metrics.AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty()
	for range 6 {
		gauge.Exemplars().AppendEmpty().SetIntValue(1)
	}
	summary := metrics.AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty()
	for range 6 {
		summary.QuantileValues().AppendEmpty().SetQuantile(1)
	}
	return md
}

func TestHistogramsAreNotCut(t *testing.T) {
	l := small()
	l.Records = 20
	inBoth(t, otlpscan.Metrics, l, pmetricotlp.NewExportRequestFromMetrics(excessiveMetrics()), pmetricotlp.NewExportRequest, func(t *testing.T, r otlpscan.Result, read pmetricotlp.ExportRequest) {
		metrics := read.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		require.Equal(t, 4, metrics.Len())
		points := metrics.At(0).Histogram().DataPoints()
		require.Equal(t, 2, points.Len(), "those with too many buckets are dropped")
		assert.Equal(t, 1, points.At(0).BucketCounts().Len())
		assert.Equal(t, 2, points.At(1).BucketCounts().Len())
		require.Equal(t, 1, metrics.At(1).ExponentialHistogram().DataPoints().Len())
		gauge := metrics.At(2).Gauge().DataPoints().At(0)
		assert.Equal(t, 4, gauge.Exemplars().Len())
		assert.Equal(t, marked("elements", map[string]any{}), gauge.Attributes().AsRaw())
		assert.Equal(t, 4, metrics.At(3).Summary().DataPoints().At(0).QuantileValues().Len())
		assert.Equal(t, 4, r.Dropped)
		assert.Equal(t, 5, r.Records)
	})
}

func TestRequestsAreRefused(t *testing.T) {
	logs := func(n int) plog.Logs {
		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			records.AppendEmpty().Body().SetStr("body")
		}
		return ld
	}
	groups := plog.NewLogs()
	for range 16 {
		groups.ResourceLogs().AppendEmpty()
	}
	little := small()
	little.DecodedBytes = 500
	tests := map[string]struct {
		logs   plog.Logs
		limits otlpscan.Limits
		what   string
	}{
		"as many records as allowed": {logs(5), small(), ""},
		"too many records":           {logs(6), small(), "records"},
		"too many resources":         {groups, small(), "records"},
		"too much":                   {logs(5), little, "decoded_bytes"},
	}
	for name, tt := range tests {
		for encoded, e := range encodings {
			t.Run(name+"/"+encoded, func(t *testing.T) {
				body, err := e.write(plogotlp.NewExportRequestFromLogs(tt.logs))
				require.NoError(t, err)
				result, err := e.scan(otlpscan.Logs, body, &tt.limits)
				if tt.what == "" {
					require.NoError(t, err)
					assert.Same(t, &body[0], &result.Body[0], "not copied")
					return
				}
				var tooLarge *otlpscan.TooLargeError
				require.ErrorAs(t, err, &tooLarge)
				assert.Equal(t, tt.what, tooLarge.What)
			})
		}
	}
}
