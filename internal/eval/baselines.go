package eval

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// baselines are simple and published methods, which answer in the same run. They are here to compare with: nothing
// of the product uses them.
var baselines = []method{
	{"robust_z_score", byScore(robustZScores)},
	{"self_time_ratio", byScore(selfTimeRatios)},
	{"deepest_slow_span", byScore(deepestSlowSpans)},
	{"deepest_error_span", byScore(deepestErrorSpans)},
	{"simple_rules", byScore(simpleRules)},
	{"alerting_service", func(_ context.Context, _ *incident.Case, a alert) (answer, error) {
		return ranking(map[blame]float64{{service: a.service}: 1}), nil
	}},
	{"last_deploy", func(_ context.Context, c *incident.Case, a alert) (answer, error) {
		return ranking(lastDeploy(c, a.at)), nil
	}},
	{"always_none", func(context.Context, *incident.Case, alert) (answer, error) { return answer{}, nil }},
}

// byScore is a method that gives scores, the highest of which is to blame.
func byScore(score func(*incident.Case) map[blame]float64) func(context.Context, *incident.Case, alert) (answer, error) {
	return func(_ context.Context, c *incident.Case, _ alert) (answer, error) { return ranking(score(c)), nil }
}

func ranking(scores map[blame]float64) answer {
	delete(scores, blame{})
	list := slices.Collect(maps.Keys(scores))
	slices.SortFunc(list, func(a, b blame) int {
		return cmp.Or(-cmp.Compare(scores[a], scores[b]), cmp.Compare(a.service, b.service), cmp.Compare(a.class, b.class))
	})
	return answer{ranked: list}
}

// series are the points of one metric of one service, with the same attributes.
type series struct {
	service, name  string
	window, before []float64
}

func seriesOf(c *incident.Case) []*series {
	byKey := map[string]*series{}
	for _, p := range c.Metrics {
		var v float64
		switch d := p.Value.Data.(type) {
		case float64:
			v = d
		case int64:
			v = float64(d)
		default:
			continue
		}
		parts := []string{p.Service(), p.Name}
		for _, a := range p.Attributes {
			parts = append(parts, a.Key+"="+a.Value.Str())
		}
		key := strings.Join(parts, "\x00")
		s := byKey[key]
		if s == nil {
			s = &series{service: p.Service(), name: p.Name}
			byKey[key] = s
		}
		if c.Window.Contains(p.Time) {
			s.window = append(s.window, v)
		} else {
			s.before = append(s.before, v)
		}
	}
	list := make([]*series, 0, len(byKey))
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		list = append(list, byKey[k])
	}
	return list
}

// leastPoints is how many points of a baseline a method wants.
const leastPoints = 4

// robustZScores are, as BARO has them, how many interquartile ranges a metric is away from its median.
func robustZScores(c *incident.Case) map[blame]float64 {
	scores := map[blame]float64{}
	for _, s := range seriesOf(c) {
		// As published, of what says something of health only: processor, memory, latency, load, errors.
		if m := semconv.MetricOf(s.name, ""); len(s.before) < leastPoints || m.Measure == "" || m.OfHost {
			continue
		}
		sorted := slices.Sorted(slices.Values(s.before))
		median, spread := quantile(sorted, 0.5), quantile(sorted, 0.75)-quantile(sorted, 0.25)
		if spread == 0 {
			spread = 1
		}
		for _, v := range s.window {
			b := blame{s.service, classOfMetric(s.name)}
			scores[b] = max(scores[b], math.Abs(v-median)/spread)
		}
	}
	return scores
}

func classOfMetric(name string) string {
	switch {
	case strings.Contains(name, "cpu"):
		return classCPU
	case strings.Contains(name, "network"), isLatency(name):
		return classNetwork
	}
	return ""
}

func isLatency(name string) bool {
	return strings.Contains(name, "latency") || strings.Contains(name, "duration")
}

func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// selfTimeRatios are how much longer the spans of a service are in themselves than in the baseline, of the
// operation of which that is most.
func selfTimeRatios(c *incident.Case) map[blame]float64 {
	type operation struct{ service, name string }
	means := func(traces []*incident.Trace) map[operation]float64 {
		sums, counts := map[operation]float64{}, map[operation]float64{}
		for _, t := range traces {
			for i, self := range selfTimes(t) {
				o := operation{t.Spans[i].Service(), t.Spans[i].Name}
				sums[o] += self
				counts[o]++
			}
		}
		for o := range sums {
			sums[o] /= counts[o]
		}
		return sums
	}
	before := means(c.Healthy)
	scores := map[blame]float64{}
	const least = 1e5 // ns: what is shorter varies by itself
	for o, mean := range means(c.Failing) {
		if usual, known := before[o]; known {
			b := blame{service: o.service}
			scores[b] = max(scores[b], mean/max(usual, least))
		}
	}
	return scores
}

// selfTimes are, by span, the nanoseconds in which no child was running.
func selfTimes(t *incident.Trace) []float64 {
	children := map[signal.SpanID][]*signal.Span{}
	for _, s := range t.Spans { // in order of their start
		children[s.ParentSpanID] = append(children[s.ParentSpanID], s)
	}
	times := make([]float64, len(t.Spans))
	for i, s := range t.Spans {
		covered, end := signal.Nanos(0), s.Start
		for _, child := range children[s.SpanID] {
			if from, to := max(child.Start, end), min(child.End, s.End); to > from {
				covered += to - from
				end = to
			}
		}
		times[i] = float64(s.End) - float64(s.Start) - float64(covered)
	}
	return times
}

// deepestSlowSpans counts by service the traces in which one of its spans has most time of its own.
func deepestSlowSpans(c *incident.Case) map[blame]float64 {
	scores := map[blame]float64{}
	for _, t := range c.Failing {
		times := selfTimes(t)
		if len(times) > 0 {
			scores[blame{service: t.Spans[slices.Index(times, slices.Max(times))].Service()}]++
		}
	}
	return scores
}

// deepestErrorSpans counts by service the failed spans, and spans with error logs, below which none failed.
func deepestErrorSpans(c *incident.Case) map[blame]float64 {
	scores := map[blame]float64{}
	for _, t := range c.Failing {
		failed := map[signal.SpanID]bool{}
		for _, l := range t.Logs {
			if failure.IsLogError(l) {
				failed[l.SpanID] = true
			}
		}
		for _, s := range t.Spans {
			if failure.IsSpanError(s) {
				failed[s.SpanID] = true
			}
		}
		above := map[signal.SpanID]bool{}
		for _, s := range t.Spans {
			if failed[s.SpanID] {
				above[s.ParentSpanID] = true
			}
		}
		for _, s := range t.Spans {
			if failed[s.SpanID] && !above[s.SpanID] {
				scores[blame{s.Service(), classCode}]++
			}
		}
	}
	return scores
}

// simpleRules adds up points as SimpleRCA does: for processor use far above the usual, for latency, for new or more
// error logs, and for fewer logs.
func simpleRules(c *incident.Case) map[blame]float64 {
	scores := map[blame]float64{}
	for _, s := range seriesOf(c) {
		if len(s.before) < leastPoints || len(s.window) == 0 {
			continue
		}
		mean, deviation := moments(s.before)
		if slices.Max(s.window) <= mean+6*deviation || deviation == 0 {
			continue
		}
		switch class := classOfMetric(s.name); {
		case class == classCPU:
			scores[blame{s.service, classCPU}] += 100
		case strings.Contains(s.name, "network"):
			scores[blame{s.service, classNetwork}] += 50
		case class == classNetwork:
			scores[blame{s.service, classNetwork}] += 20
		}
	}
	errors, all := countLogs(c.Failing)
	errorsBefore, allBefore := countLogs(c.Healthy)
	for service, n := range errors {
		rate, usual := n/max(all[service], 1), errorsBefore[service]/max(allBefore[service], 1)
		switch {
		case usual == 0:
			scores[blame{service, classCode}] += 100
		case rate > usual:
			scores[blame{service, classCode}] += 50 * (1 - usual/rate)
		}
	}
	for service, n := range allBefore {
		per, usual := all[service]/max(float64(len(c.Failing)), 1), n/max(float64(len(c.Healthy)), 1)
		if per < usual/2 {
			scores[blame{service, classCode}] += 30
		}
	}
	return scores
}

func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}

func countLogs(traces []*incident.Trace) (errors, all map[string]float64) {
	errors, all = map[string]float64{}, map[string]float64{}
	for _, t := range traces {
		for _, l := range t.Logs {
			all[l.Service()]++
			if failure.IsLogError(l) {
				errors[l.Service()]++
			}
		}
	}
	return errors, all
}

// lastDeploy blames the service that was changed last before something was known to be wrong.
func lastDeploy(c *incident.Case, known signal.Nanos) map[blame]float64 {
	scores := map[blame]float64{}
	for _, change := range c.Changes {
		if change.Time <= known && change.Service != "" {
			scores[blame{service: change.Service}] = float64(change.Time)
		}
	}
	return scores
}
