package signaltest

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"pgregory.net/rapid"
)

func metric(t *rapid.T, dst pmetric.Metric) {
	dst.SetName(text(t))
	dst.SetDescription(text(t))
	dst.SetUnit(text(t))
	attributes(t, dst.Metadata())
	temporality := pmetric.AggregationTemporality(rapid.Int32Range(0, 2).Draw(t, "temporality"))
	points := rapid.IntRange(1, 3).Draw(t, "points")
	switch rapid.IntRange(0, 4).Draw(t, "metric type") {
	case 0:
		gauge := dst.SetEmptyGauge()
		for range points {
			number(t, gauge.DataPoints().AppendEmpty())
		}
	case 1:
		sum := dst.SetEmptySum()
		sum.SetAggregationTemporality(temporality)
		sum.SetIsMonotonic(rapid.Bool().Draw(t, "monotonic"))
		for range points {
			number(t, sum.DataPoints().AppendEmpty())
		}
	case 2:
		histogram := dst.SetEmptyHistogram()
		histogram.SetAggregationTemporality(temporality)
		for range points {
			explicitHistogram(t, histogram.DataPoints().AppendEmpty())
		}
	case 3:
		histogram := dst.SetEmptyExponentialHistogram()
		histogram.SetAggregationTemporality(temporality)
		for range points {
			exponentialHistogram(t, histogram.DataPoints().AppendEmpty())
		}
	case 4:
		summary := dst.SetEmptySummary()
		for range points {
			summaryPoint(t, summary.DataPoints().AppendEmpty())
		}
	}
}

// point is what data points of every type have.
type point interface {
	Attributes() pcommon.Map
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
	SetFlags(pmetric.DataPointFlags)
}

func common(t *rapid.T, dst point) {
	attributes(t, dst.Attributes())
	dst.SetStartTimestamp(timestamp(t))
	dst.SetTimestamp(timestamp(t))
	dst.SetFlags(pmetric.DataPointFlags(rapid.Uint32Range(0, 2).Draw(t, "flags")))
}

func number(t *rapid.T, dst pmetric.NumberDataPoint) {
	common(t, dst)
	switch rapid.IntRange(0, 2).Draw(t, "number type") {
	case 0: // no recorded value
		dst.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	case 1:
		dst.SetIntValue(rapid.Int64().Draw(t, "int"))
	case 2:
		dst.SetDoubleValue(double(t))
	}
	exemplars(t, dst.Exemplars())
}

func explicitHistogram(t *rapid.T, dst pmetric.HistogramDataPoint) {
	common(t, dst)
	dst.SetCount(rapid.Uint64().Draw(t, "count"))
	maybe(t, dst.SetSum)
	maybe(t, dst.SetMin)
	maybe(t, dst.SetMax)
	for range count(t, 3) {
		dst.ExplicitBounds().Append(double(t))
		dst.BucketCounts().Append(rapid.Uint64().Draw(t, "bucket"))
	}
	exemplars(t, dst.Exemplars())
}

func exponentialHistogram(t *rapid.T, dst pmetric.ExponentialHistogramDataPoint) {
	common(t, dst)
	dst.SetCount(rapid.Uint64().Draw(t, "count"))
	maybe(t, dst.SetSum)
	maybe(t, dst.SetMin)
	maybe(t, dst.SetMax)
	dst.SetScale(rapid.Int32().Draw(t, "scale"))
	dst.SetZeroCount(rapid.Uint64().Draw(t, "zeros"))
	dst.SetZeroThreshold(plainDouble(t))
	for _, side := range []pmetric.ExponentialHistogramDataPointBuckets{dst.Positive(), dst.Negative()} {
		side.SetOffset(rapid.Int32().Draw(t, "offset"))
		for range count(t, 3) {
			side.BucketCounts().Append(rapid.Uint64().Draw(t, "bucket"))
		}
	}
	exemplars(t, dst.Exemplars())
}

func summaryPoint(t *rapid.T, dst pmetric.SummaryDataPoint) {
	common(t, dst)
	dst.SetCount(rapid.Uint64().Draw(t, "count"))
	dst.SetSum(plainDouble(t))
	for range count(t, 3) {
		q := dst.QuantileValues().AppendEmpty()
		q.SetQuantile(plainDouble(t))
		q.SetValue(plainDouble(t))
	}
}

func exemplars(t *rapid.T, dst pmetric.ExemplarSlice) {
	for range count(t, 1) {
		e := dst.AppendEmpty()
		e.SetTimestamp(timestamp(t))
		e.SetTraceID(traceID(t))
		e.SetSpanID(spanID(t))
		attributes(t, e.FilteredAttributes())
		switch rapid.IntRange(0, 2).Draw(t, "exemplar type") {
		case 0: // empty
		case 1:
			e.SetIntValue(rapid.Int64().Draw(t, "int"))
		case 2:
			e.SetDoubleValue(double(t))
		}
	}
}

func maybe(t *rapid.T, set func(float64)) {
	if rapid.Bool().Draw(t, "set") {
		set(double(t))
	}
}
