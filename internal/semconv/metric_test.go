package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestMetricOf(t *testing.T) {
	for _, tt := range []struct {
		name, unit string
		want       semconv.Metric
	}{
		{"process.cpu.utilization", "1", semconv.Metric{Measure: semconv.MeasureCPU, Share: true}},
		{"k8s.pod.cpu.usage_rate", "%", semconv.Metric{Measure: semconv.MeasureCPU, Share: true, Percent: true}},
		{"k8s.node.cpu.utilization", "1", semconv.Metric{Measure: semconv.MeasureCPU, Share: true, OfHost: true}},
		{"container.cpu.usage", "{cpu}", semconv.Metric{Measure: semconv.MeasureCPU}},
		{"system.memory.utilization", "1", semconv.Metric{Measure: semconv.MeasureMemory, Share: true, OfHost: true}},
		{"disk_used_pct", "", semconv.Metric{Measure: semconv.MeasureDisk, Share: true, Percent: true}},
		{"db.client.connection.utilization", "1", semconv.Metric{Measure: semconv.MeasurePool, Share: true}},
		{"http.server.request.duration", "s", semconv.Metric{Measure: semconv.MeasureLatency}},
		{"http_5xx_ratio", "", semconv.Metric{Measure: semconv.MeasureErrors, Share: true}},
		{"istio.request.duration.p50.source", "s", semconv.Metric{Measure: semconv.MeasureLatency, Reporter: "source"}},
		{"istio.request.duration.p50.destination", "s", semconv.Metric{Measure: semconv.MeasureLatency, Reporter: "destination"}},
		{"jvm.classes.loaded", "", semconv.Metric{}},
	} {
		assert.Equal(t, tt.want, semconv.MetricOf(tt.name, tt.unit), tt.name)
	}
}

func TestMetricEdge(t *testing.T) {
	text := func(v string) signal.Value { return signal.Value{Data: v} }
	from, to, reporter := semconv.MetricEdge(signal.Map{
		{Key: "reporter", Value: text("source")}, {Key: "source_workload", Value: text("orders")}, {Key: "destination_workload", Value: text("pay")},
	})
	assert.Equal(t, []string{"orders", "pay", "source"}, []string{from, to, reporter})
	from, to, reporter = semconv.MetricEdge(signal.Map{{Key: "source", Value: text("orders")}, {Key: "reporter", Value: text("source")}})
	assert.Equal(t, []string{"", "", ""}, []string{from, to, reporter})
}
