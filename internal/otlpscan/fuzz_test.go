package otlpscan_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// FuzzProtobuf and FuzzJSON check that whatever a scan lets pass is within the limits once it is decoded,
// and that it touches nothing of a request that is so from the start.
func FuzzProtobuf(f *testing.F) { fuzz(f, encodings["protobuf"]) }

func FuzzJSON(f *testing.F) { fuzz(f, encodings["json"]) }

func fuzz(f *testing.F, e encoding) {
	f.Helper()
	for signal, sent := range []request{
		otlpscan.Traces:  ptraceotlp.NewExportRequestFromTraces(excessiveSpans()),
		otlpscan.Logs:    plogotlp.NewExportRequestFromLogs(excessiveLogs()),
		otlpscan.Metrics: pmetricotlp.NewExportRequestFromMetrics(excessiveMetrics()),
	} {
		body, err := e.write(sent)
		require.NoError(f, err)
		f.Add(signal, body)
	}
	limits := small()
	f.Fuzz(func(t *testing.T, n int, body []byte) {
		signal := otlpscan.Signal(uint(n) % 3)
		given := string(body)
		result, err := e.scan(signal, body, &limits)
		assert.Equal(t, given, string(body), "the request itself is never changed")
		if err != nil {
			var tooLarge *otlpscan.TooLargeError
			require.True(t, errors.Is(err, otlpscan.ErrMalformed) || errors.As(err, &tooLarge), "%v", err)
			return
		}
		if got, written, err := usageOf(e, signal, result.Body); err == nil {
			got.requireWithin(t, limits)
			if written == string(result.Body) { // else a metric may have had points of two kinds
				assert.Equal(t, got.records, result.Records)
			}
		}
		// What is not as it would be written may hold more than what it reads as.
		if original, written, err := usageOf(e, signal, body); err == nil && written == string(body) && original.within(limits) {
			assert.Equal(t, string(body), string(result.Body))
		}
	})
}

// usage is the most of everything that a decoded request has.
type usage struct {
	records, depth, attributes, elements, events, valueBytes int
}

func (u usage) within(l otlpscan.Limits) bool {
	return u.records <= l.Records && u.depth <= l.Depth && u.attributes <= l.Attributes && u.elements <= l.Elements &&
		u.events <= l.Events && u.valueBytes <= l.ValueBytes
}

func (u usage) requireWithin(t *testing.T, l otlpscan.Limits) {
	t.Helper()
	l.Attributes++ // the mark
	l.Depth++      // the text in the place of what is nested deeper
	require.True(t, u.within(l), "%+v", u)
}

// usageOf decodes a request, and writes it again.
func usageOf(e encoding, signal otlpscan.Signal, body []byte) (u usage, written string, err error) {
	var r request
	switch signal {
	case otlpscan.Traces:
		export := ptraceotlp.NewExportRequest()
		if err = e.read(export, body); err == nil {
			u.countTraces(export.Traces())
		}
		r = export
	case otlpscan.Logs:
		export := plogotlp.NewExportRequest()
		if err = e.read(export, body); err == nil {
			u.countLogs(export.Logs())
		}
		r = export
	case otlpscan.Metrics:
		export := pmetricotlp.NewExportRequest()
		if err = e.read(export, body); err == nil {
			u.countMetrics(export.Metrics())
		}
		r = export
	}
	if err != nil {
		return u, "", err
	}
	again, err := e.write(r)
	return u, string(again), err
}

func (u *usage) countTraces(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		u.subject(rs.Resource().Attributes(), rs.SchemaUrl())
		for _, ss := range rs.ScopeSpans().All() {
			u.subject(ss.Scope().Attributes(), ss.Scope().Name(), ss.Scope().Version(), ss.SchemaUrl())
			for _, s := range ss.Spans().All() {
				u.records++
				u.subject(s.Attributes(), s.Name(), s.TraceState().AsRaw(), s.Status().Message())
				u.events = max(u.events, s.Events().Len(), s.Links().Len())
				elements := u.value(s.Attributes(), 1)
				for _, event := range s.Events().All() {
					u.subject(event.Attributes(), event.Name())
					elements += u.value(event.Attributes(), 1)
				}
				for _, link := range s.Links().All() {
					u.subject(link.Attributes(), link.TraceState().AsRaw())
					elements += u.value(link.Attributes(), 1)
				}
				u.elements = max(u.elements, elements)
			}
		}
	}
}

func (u *usage) countLogs(ld plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		u.subject(rl.Resource().Attributes(), rl.SchemaUrl())
		for _, sl := range rl.ScopeLogs().All() {
			u.subject(sl.Scope().Attributes(), sl.Scope().Name(), sl.Scope().Version(), sl.SchemaUrl())
			for _, l := range sl.LogRecords().All() {
				u.records++
				u.subject(l.Attributes(), l.SeverityText(), l.EventName())
				u.elements = max(u.elements, u.value(l.Attributes(), 1)+u.one(l.Body(), 1))
			}
		}
	}
}

func (u *usage) countMetrics(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		u.subject(rm.Resource().Attributes(), rm.SchemaUrl())
		for _, sm := range rm.ScopeMetrics().All() {
			u.subject(sm.Scope().Attributes(), sm.Scope().Name(), sm.Scope().Version(), sm.SchemaUrl())
			for _, m := range sm.Metrics().All() {
				u.texts(m.Name(), m.Description(), m.Unit())
				u.elements = max(u.elements, m.Metadata().Len()+u.value(m.Metadata(), 1))
				u.countPoints(m)
			}
		}
	}
}

func (u *usage) countPoints(m pmetric.Metric) {
	point := func(attributes pcommon.Map, exemplars pmetric.ExemplarSlice, buckets int) {
		u.records++
		u.subject(attributes)
		elements := buckets + u.value(attributes, 1)
		if exemplars != (pmetric.ExemplarSlice{}) {
			elements += exemplars.Len()
			for _, e := range exemplars.All() {
				u.subject(e.FilteredAttributes())
				elements += u.value(e.FilteredAttributes(), 1)
			}
		}
		u.elements = max(u.elements, elements)
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			point(p.Attributes(), p.Exemplars(), 0)
		}
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			point(p.Attributes(), p.Exemplars(), 0)
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			point(p.Attributes(), p.Exemplars(), p.BucketCounts().Len()+p.ExplicitBounds().Len())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			point(p.Attributes(), p.Exemplars(), p.Positive().BucketCounts().Len()+p.Negative().BucketCounts().Len())
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			point(p.Attributes(), pmetric.ExemplarSlice{}, p.QuantileValues().Len())
		}
	}
}

func (u *usage) subject(attributes pcommon.Map, texts ...string) {
	u.attributes = max(u.attributes, attributes.Len())
	u.value(attributes, 1)
	u.texts(texts...)
}

func (u *usage) texts(texts ...string) {
	for _, text := range texts {
		u.valueBytes = max(u.valueBytes, len(text))
	}
}

// value returns the number of elements in the values of a map, which are on the given level.
func (u *usage) value(m pcommon.Map, level int) (elements int) {
	for key, v := range m.All() {
		u.texts(key)
		elements += u.one(v, level)
	}
	return elements
}

func (u *usage) one(v pcommon.Value, level int) (elements int) {
	u.depth = max(u.depth, level)
	switch v.Type() {
	case pcommon.ValueTypeStr:
		u.texts(v.Str())
	case pcommon.ValueTypeBytes:
		u.texts(string(v.Bytes().AsRaw()))
	case pcommon.ValueTypeMap:
		return v.Map().Len() + u.value(v.Map(), level+1)
	case pcommon.ValueTypeSlice:
		elements = v.Slice().Len()
		for _, e := range v.Slice().All() {
			elements += u.one(e, level+1)
		}
	}
	return elements
}
