package plainjson

import (
	"context"
	"encoding/hex"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

const (
	typeGauge = "gauge"
	typeSum   = "sum"
)

type metricRecord struct {
	origin
	Name            string         `json:"name"`
	Value           float64        `json:"value"`
	Timestamp       string         `json:"timestamp,omitempty"`
	Unit            string         `json:"unit,omitempty"`
	Type            string         `json:"type"`
	Attributes      map[string]any `json:"attributes,omitempty"`
	ExemplarTraceID string         `json:"exemplar_trace_id,omitempty"`
}

// Metrics is the exporter for metrics. A histogram becomes two sums, its ".count" and its ".sum".
func (s *Sender) Metrics() sdkmetric.Exporter { return metricExporter{s} }

type metricExporter struct{ sender *Sender }

func (e metricExporter) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.DefaultTemporalitySelector(kind)
}

func (e metricExporter) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

func (e metricExporter) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	return post(ctx, e.sender, "/ingest/metrics", renderMetrics(rm))
}

func (e metricExporter) ForceFlush(context.Context) error { return nil }

func (e metricExporter) Shutdown(context.Context) error {
	e.sender.close()
	return nil
}

func renderMetrics(rm *metricdata.ResourceMetrics) []metricRecord {
	from := originOf(rm.Resource)
	var out []metricRecord
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			base := metricRecord{origin: from, Name: m.Name, Unit: m.Unit}
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				out = appendPoints(out, base, typeGauge, data.DataPoints)
			case metricdata.Gauge[float64]:
				out = appendPoints(out, base, typeGauge, data.DataPoints)
			case metricdata.Sum[int64]:
				out = appendPoints(out, base, typeSum, data.DataPoints)
			case metricdata.Sum[float64]:
				out = appendPoints(out, base, typeSum, data.DataPoints)
			case metricdata.Histogram[int64]:
				out = appendHistogram(out, base, data.DataPoints)
			case metricdata.Histogram[float64]:
				out = appendHistogram(out, base, data.DataPoints)
			}
		}
	}
	return out
}

func appendPoints[N int64 | float64](out []metricRecord, base metricRecord, typ string, points []metricdata.DataPoint[N]) []metricRecord {
	for _, p := range points {
		r := base.at(p.Time, p.Attributes)
		r.Type, r.Value, r.ExemplarTraceID = typ, float64(p.Value), exemplar(p.Exemplars)
		out = appendFinite(out, r)
	}
	return out
}

func appendHistogram[N int64 | float64](out []metricRecord, base metricRecord, points []metricdata.HistogramDataPoint[N]) []metricRecord {
	for _, p := range points {
		count := base.at(p.Time, p.Attributes)
		count.Name, count.Unit = base.Name+".count", ""
		count.Type, count.Value, count.ExemplarTraceID = typeSum, float64(p.Count), exemplar(p.Exemplars)
		sum := base.at(p.Time, p.Attributes)
		sum.Name = base.Name + ".sum"
		sum.Type, sum.Value = typeSum, float64(p.Sum)
		out = appendFinite(appendFinite(out, count), sum)
	}
	return out
}

// appendFinite leaves out a value that JSON has no number for.
func appendFinite(out []metricRecord, r metricRecord) []metricRecord {
	if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return out
	}
	return append(out, r)
}

func (r metricRecord) at(t time.Time, attrs attribute.Set) metricRecord {
	r.Timestamp = stamp(t)
	r.Attributes = object(attrs.ToSlice())
	return r
}

func exemplar[N int64 | float64](exemplars []metricdata.Exemplar[N]) string {
	for _, e := range exemplars {
		if len(e.TraceID) > 0 {
			return hex.EncodeToString(e.TraceID)
		}
	}
	return ""
}
