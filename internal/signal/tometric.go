package signal

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// ToMetrics builds OTLP from data points, as ToTraces does; each point becomes a metric of its
// own.
func ToMetrics(points []*Point) pmetric.Metrics {
	md := pmetric.NewMetrics()
	resources := map[*Resource]pmetric.ResourceMetrics{}
	scopes := map[group]pmetric.ScopeMetrics{}
	for _, p := range points {
		key := group{p.Resource, p.Scope}
		sm, ok := scopes[key]
		if !ok {
			rm, ok := resources[p.Resource]
			if !ok {
				rm = md.ResourceMetrics().AppendEmpty()
				rm.SetSchemaUrl(p.Resource.to(rm.Resource()))
				resources[p.Resource] = rm
			}
			sm = rm.ScopeMetrics().AppendEmpty()
			sm.SetSchemaUrl(p.Scope.to(sm.Scope()))
			scopes[key] = sm
		}
		p.to(sm.Metrics().AppendEmpty())
	}
	return md
}

func (p *Point) to(dst pmetric.Metric) {
	dst.SetName(p.Name)
	dst.SetDescription(p.Description)
	dst.SetUnit(p.Unit)
	p.Metadata.to(dst.Metadata())
	temporality := pmetric.AggregationTemporality(p.Temporality)
	switch p.Type {
	case MetricGauge:
		p.toNumber(dst.SetEmptyGauge().DataPoints().AppendEmpty())
	case MetricSum:
		sum := dst.SetEmptySum()
		sum.SetAggregationTemporality(temporality)
		sum.SetIsMonotonic(p.Monotonic)
		p.toNumber(sum.DataPoints().AppendEmpty())
	case MetricHistogram:
		histogram := dst.SetEmptyHistogram()
		histogram.SetAggregationTemporality(temporality)
		p.toHistogram(histogram.DataPoints().AppendEmpty())
	case MetricExponentialHistogram:
		histogram := dst.SetEmptyExponentialHistogram()
		histogram.SetAggregationTemporality(temporality)
		p.toExponentialHistogram(histogram.DataPoints().AppendEmpty())
	case MetricSummary:
		p.toSummary(dst.SetEmptySummary().DataPoints().AppendEmpty())
	}
}

func (p *Point) toNumber(dst pmetric.NumberDataPoint) {
	p.Attributes.to(dst.Attributes())
	dst.SetStartTimestamp(pcommon.Timestamp(p.Start))
	dst.SetTimestamp(pcommon.Timestamp(p.Time))
	dst.SetFlags(pmetric.DataPointFlags(p.Flags))
	switch v := p.Value.Data.(type) {
	case int64:
		dst.SetIntValue(v)
	case float64:
		dst.SetDoubleValue(v)
	}
	toExemplars(p.Exemplars, dst.Exemplars())
}

func (p *Point) toHistogram(dst pmetric.HistogramDataPoint) {
	p.Attributes.to(dst.Attributes())
	dst.SetStartTimestamp(pcommon.Timestamp(p.Start))
	dst.SetTimestamp(pcommon.Timestamp(p.Time))
	dst.SetFlags(pmetric.DataPointFlags(p.Flags))
	toExemplars(p.Exemplars, dst.Exemplars())
	d := p.distribution()
	dst.SetCount(d.Count)
	setOptional(d.Sum, dst.SetSum)
	setOptional(d.Min, dst.SetMin)
	setOptional(d.Max, dst.SetMax)
	dst.ExplicitBounds().FromRaw(d.Bounds)
	dst.BucketCounts().FromRaw(d.Buckets)
}

func (p *Point) toExponentialHistogram(dst pmetric.ExponentialHistogramDataPoint) {
	p.Attributes.to(dst.Attributes())
	dst.SetStartTimestamp(pcommon.Timestamp(p.Start))
	dst.SetTimestamp(pcommon.Timestamp(p.Time))
	dst.SetFlags(pmetric.DataPointFlags(p.Flags))
	toExemplars(p.Exemplars, dst.Exemplars())
	d := p.distribution()
	dst.SetCount(d.Count)
	setOptional(d.Sum, dst.SetSum)
	setOptional(d.Min, dst.SetMin)
	setOptional(d.Max, dst.SetMax)
	dst.SetScale(d.Scale)
	dst.SetZeroCount(d.ZeroCount)
	dst.SetZeroThreshold(d.ZeroThreshold)
	d.Positive.to(dst.Positive())
	d.Negative.to(dst.Negative())
}

func (p *Point) toSummary(dst pmetric.SummaryDataPoint) {
	p.Attributes.to(dst.Attributes())
	dst.SetStartTimestamp(pcommon.Timestamp(p.Start))
	dst.SetTimestamp(pcommon.Timestamp(p.Time))
	dst.SetFlags(pmetric.DataPointFlags(p.Flags))
	d := p.distribution()
	dst.SetCount(d.Count)
	setOptional(d.Sum, dst.SetSum)
	for _, q := range d.Quantiles {
		quantile := dst.QuantileValues().AppendEmpty()
		quantile.SetQuantile(q.Quantile)
		quantile.SetValue(q.Value)
	}
}

// distribution returns an empty one where there is none.
func (p *Point) distribution() *Distribution {
	if p.Distribution == nil {
		return &Distribution{}
	}
	return p.Distribution
}

func (b Buckets) to(dst pmetric.ExponentialHistogramDataPointBuckets) {
	dst.SetOffset(b.Offset)
	dst.BucketCounts().FromRaw(b.Counts)
}

func toExemplars(es []Exemplar, dst pmetric.ExemplarSlice) {
	for i := range es {
		e := dst.AppendEmpty()
		e.SetTimestamp(pcommon.Timestamp(es[i].Time))
		e.SetTraceID(pcommon.TraceID(es[i].TraceID))
		e.SetSpanID(pcommon.SpanID(es[i].SpanID))
		es[i].Attributes.to(e.FilteredAttributes())
		switch v := es[i].Value.Data.(type) {
		case int64:
			e.SetIntValue(v)
		case float64:
			e.SetDoubleValue(v)
		}
	}
}

func setOptional(v *float64, set func(float64)) {
	if v != nil {
		set(*v)
	}
}
