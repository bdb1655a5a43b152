package ingestreceiver

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// readPoint reads a record of POST /ingest/metrics. A point without time gets that of its
// receipt: unlike a log record it has no other, and equal values would be taken for one.
func readPoint(r *record, rs *resources, received signal.Nanos) *signal.Point {
	p := &signal.Point{
		Scope:      &signal.Scope{},
		Resource:   rs.read(r),
		Name:       r.name("name"),
		Unit:       r.optionalText("unit"),
		Type:       readMetricType(r),
		Time:       r.time(fieldTime),
		Value:      r.number("value"),
		Attributes: r.attributes(attributesField),
	}
	if p.Type == signal.MetricSum {
		p.Temporality = int32(pmetric.AggregationTemporalityCumulative)
	}
	if id := r.optionalTraceID("exemplar_trace_id"); !id.IsZero() {
		p.Exemplars = []signal.Exemplar{{TraceID: id, Time: p.Time, Value: p.Value}}
	}
	if p.Time == 0 {
		p.Time = received
	}
	p.Attributes = r.mark(p.Attributes)
	return p
}

func readMetricType(r *record) signal.MetricType {
	switch name := r.optionalText("type"); signal.MetricType(name) {
	case "", signal.MetricGauge:
		return signal.MetricGauge
	case signal.MetricSum:
		return signal.MetricSum
	default:
		r.fail("type", fmt.Sprintf("unknown %q; use gauge or sum", shorten(name)))
		return ""
	}
}
