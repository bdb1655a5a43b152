package semconv

import (
	"slices"
	"strings"
)

// Measure is what a metric measures, as far as its name says.
type Measure string

// The measures that say something of a component's health; "" is any other.
const (
	MeasureCPU     Measure = "cpu"
	MeasureMemory  Measure = "memory"
	MeasureDisk    Measure = "disk"
	MeasurePool    Measure = "pool" // connections, threads, a queue
	MeasureLatency Measure = "latency"
	MeasureErrors  Measure = "errors"
	MeasureTraffic Measure = "traffic"
)

// Metric is what the name and unit of a metric say.
type Metric struct {
	Measure Measure
	// Share reports whether it is a part of a limit, as 0 to 1 or, if Percent, as 0 to 100.
	Share, Percent bool
	// OfHost reports whether it is about the machine that the service runs on, with all else on it.
	OfHost bool
	// Reporter is who measured a call between two services: "source", "destination", or "" for any other metric.
	Reporter string
}

// measuresByWord are the words in names of metrics, those that outweigh others first: of process.cpu.time the
// processor, of db.client.connection.wait_time the pool.
var measuresByWord = []struct {
	measure Measure
	words   []string
}{
	{MeasureErrors, []string{"error", "errors", "failed", "failures", "5xx", "exceptions", "panic", "panics", "throttle", "throttled", "timeout", "timeouts", "exhausted", "rejected", "dropped", "success"}},
	{MeasurePool, []string{"pool", "connection", "connections", "threads", "queue", "backlog", "buffer"}},
	{MeasureLatency, []string{"latency", "duration"}},
	{MeasureCPU, []string{"cpu"}},
	{MeasureMemory, []string{"memory", "heap", "rss"}},
	{MeasureDisk, []string{"disk", "filesystem", "volume"}},
	{MeasureTraffic, []string{"requests", "request", "queries", "throughput", "workload"}},
}

// MetricOf reads the name and the unit of a metric.
func MetricOf(name, unit string) (m Metric) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '/' })
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(wanted, w) })
	}
	for _, row := range measuresByWord {
		if has(row.words...) {
			m.Measure = row.measure
			break
		}
	}
	m.Percent = unit == "%" || has("pct", "percent")
	m.Share = m.Percent || has("utilization", "ratio", "usage_rate") || unit == "1" && has("usage")
	m.OfHost = has("node", "host", "system", "machine")
	if m.Measure == MeasureLatency && has("request", "requests") {
		switch {
		case has("source"):
			m.Reporter = "source"
		case has("destination"):
			m.Reporter = "destination"
		}
	}
	return m
}

// MetricEdge returns the services between which a metric of a service mesh was measured, and by whom: "source" or
// "destination"; all "" where it is no such metric.
func MetricEdge[A Attributes](attrs A) (from, to, reporter string) {
	from, to = firstStr(attrs, keyMeshSource, keyMeshSourceWorkload), firstStr(attrs, keyMeshDestination, keyMeshDestinationWorkload)
	if from == "" || to == "" {
		return "", "", ""
	}
	return from, to, attrs.Str(keyMeshReporter)
}
