package signal

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// appendPoints appends one Point for each data point of m.
func appendPoints(points []*Point, m pmetric.Metric, resource *Resource, scope *Scope) []*Point {
	described := Point{
		Resource:    resource,
		Scope:       scope,
		Name:        m.Name(),
		Description: m.Description(),
		Unit:        m.Unit(),
		Metadata:    FromMap(m.Metadata()),
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		described.Type = MetricGauge
		for _, dp := range m.Gauge().DataPoints().All() {
			points = append(points, fromNumber(described, dp))
		}
	case pmetric.MetricTypeSum:
		described.Type = MetricSum
		described.Temporality = int32(m.Sum().AggregationTemporality())
		described.Monotonic = m.Sum().IsMonotonic()
		for _, dp := range m.Sum().DataPoints().All() {
			points = append(points, fromNumber(described, dp))
		}
	case pmetric.MetricTypeHistogram:
		described.Type = MetricHistogram
		described.Temporality = int32(m.Histogram().AggregationTemporality())
		for _, dp := range m.Histogram().DataPoints().All() {
			points = append(points, fromHistogram(described, dp))
		}
	case pmetric.MetricTypeExponentialHistogram:
		described.Type = MetricExponentialHistogram
		described.Temporality = int32(m.ExponentialHistogram().AggregationTemporality())
		for _, dp := range m.ExponentialHistogram().DataPoints().All() {
			points = append(points, fromExponentialHistogram(described, dp))
		}
	case pmetric.MetricTypeSummary:
		described.Type = MetricSummary
		for _, dp := range m.Summary().DataPoints().All() {
			points = append(points, fromSummary(described, dp))
		}
	case pmetric.MetricTypeEmpty:
	}
	return points
}

func fromNumber(p Point, dp pmetric.NumberDataPoint) *Point {
	p.Attributes = FromMap(dp.Attributes())
	p.Start, p.Time = Nanos(dp.StartTimestamp()), Nanos(dp.Timestamp())
	p.Flags = uint32(dp.Flags())
	switch dp.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		p.Value = Value{Data: dp.IntValue()}
	case pmetric.NumberDataPointValueTypeDouble:
		p.Value = Value{Data: dp.DoubleValue()}
	case pmetric.NumberDataPointValueTypeEmpty:
	}
	p.Exemplars = fromExemplars(dp.Exemplars())
	return &p
}

func fromHistogram(p Point, dp pmetric.HistogramDataPoint) *Point {
	p.Attributes = FromMap(dp.Attributes())
	p.Start, p.Time = Nanos(dp.StartTimestamp()), Nanos(dp.Timestamp())
	p.Flags = uint32(dp.Flags())
	p.Distribution = &Distribution{
		Count:   dp.Count(),
		Sum:     optional(dp.HasSum(), dp.Sum()),
		Min:     optional(dp.HasMin(), dp.Min()),
		Max:     optional(dp.HasMax(), dp.Max()),
		Bounds:  dp.ExplicitBounds().AsRaw(),
		Buckets: dp.BucketCounts().AsRaw(),
	}
	p.Exemplars = fromExemplars(dp.Exemplars())
	return &p
}

func fromExponentialHistogram(p Point, dp pmetric.ExponentialHistogramDataPoint) *Point {
	p.Attributes = FromMap(dp.Attributes())
	p.Start, p.Time = Nanos(dp.StartTimestamp()), Nanos(dp.Timestamp())
	p.Flags = uint32(dp.Flags())
	p.Distribution = &Distribution{
		Count:         dp.Count(),
		Sum:           optional(dp.HasSum(), dp.Sum()),
		Min:           optional(dp.HasMin(), dp.Min()),
		Max:           optional(dp.HasMax(), dp.Max()),
		Scale:         dp.Scale(),
		ZeroCount:     dp.ZeroCount(),
		ZeroThreshold: dp.ZeroThreshold(),
		Positive:      fromBuckets(dp.Positive()),
		Negative:      fromBuckets(dp.Negative()),
	}
	p.Exemplars = fromExemplars(dp.Exemplars())
	return &p
}

func fromSummary(p Point, dp pmetric.SummaryDataPoint) *Point {
	p.Attributes = FromMap(dp.Attributes())
	p.Start, p.Time = Nanos(dp.StartTimestamp()), Nanos(dp.Timestamp())
	p.Flags = uint32(dp.Flags())
	p.Distribution = &Distribution{Count: dp.Count(), Sum: optional(true, dp.Sum())}
	for _, q := range dp.QuantileValues().All() {
		p.Distribution.Quantiles = append(p.Distribution.Quantiles, Quantile{Quantile: q.Quantile(), Value: q.Value()})
	}
	return &p
}

func fromBuckets(b pmetric.ExponentialHistogramDataPointBuckets) Buckets {
	return Buckets{Offset: b.Offset(), Counts: b.BucketCounts().AsRaw()}
}

func fromExemplars(es pmetric.ExemplarSlice) []Exemplar {
	if es.Len() == 0 {
		return nil
	}
	out := make([]Exemplar, 0, es.Len())
	for _, e := range es.All() {
		exemplar := Exemplar{
			Time:       Nanos(e.Timestamp()),
			TraceID:    TraceID(e.TraceID()),
			SpanID:     SpanID(e.SpanID()),
			Attributes: FromMap(e.FilteredAttributes()),
		}
		switch e.ValueType() {
		case pmetric.ExemplarValueTypeInt:
			exemplar.Value = Value{Data: e.IntValue()}
		case pmetric.ExemplarValueTypeDouble:
			exemplar.Value = Value{Data: e.DoubleValue()}
		case pmetric.ExemplarValueTypeEmpty:
		}
		out = append(out, exemplar)
	}
	return out
}

func optional(has bool, v float64) *float64 {
	if !has {
		return nil
	}
	return &v
}
