package behaviour

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/stats"
)

const (
	// metersBefore is how many points of a series the baseline must have.
	metersBefore = 5
	// percentPoint is one of a hundred parts, in millionths.
	percentPoint = stats.Whole / 100
	// leastUse is by how much, at least, the use of a resource must vary to be usual; in parts of a limit.
	leastUse = 10 * percentPoint
	// nearlyFull and full are the uses between which a resource comes to its limit, where it was below usuallyFull.
	nearlyFull, full, usuallyFull = 85 * percentPoint, 95 * percentPoint, 80 * percentPoint
)

// series are the points of one metric of one instance with the same attributes, in order of time.
type series struct {
	service, name  string
	metric         semconv.Metric
	from, to, base string // of a service mesh: the call that it was measured of, and its name without who measured it
	now, before    []reading
}

// reading is a point: its value in millionths.
type reading struct {
	at    signal.Nanos
	value int64
	point *signal.Point
}

// readSeries reads the metrics of a case.
func readSeries(c *incident.Case) []*series {
	byKey := map[string]*series{}
	for _, p := range c.Metrics {
		value, ok := valueOf(p)
		if !ok {
			continue
		}
		key := seriesKey(p)
		s := byKey[key]
		if s == nil {
			s = newSeries(p)
			byKey[key] = s
		}
		r := reading{p.Time, value, p}
		if c.Window.Contains(p.Time) {
			s.now = append(s.now, r)
		} else {
			s.before = append(s.before, r)
		}
	}
	list := make([]*series, 0, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		s := byKey[key]
		slices.SortFunc(s.now, compareReadings)
		slices.SortFunc(s.before, compareReadings)
		s.scale()
		list = append(list, s)
	}
	return list
}

func compareReadings(x, y reading) int {
	return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.value, y.value), bytes.Compare(x.point.ID[:], y.point.ID[:]))
}

func newSeries(p *signal.Point) *series {
	s := &series{service: p.Service(), name: p.Name, metric: semconv.MetricOf(p.Name, p.Unit)}
	from, to, reporter := semconv.MetricEdge(p.Attributes)
	if from != "" {
		s.from, s.to, s.base = from, to, strings.NewReplacer("source", "", "destination", "").Replace(p.Name)
		s.metric.Reporter = cmp.Or(reporter, s.metric.Reporter)
	}
	return s
}

func seriesKey(p *signal.Point) string {
	parts := []string{p.Service(), semconv.ServiceInstance(p.Resource.Attributes), p.Name}
	for _, a := range p.Attributes {
		parts = append(parts, a.Key+"="+a.Value.Str())
	}
	return strings.Join(parts, "\x00")
}

// valueOf is the value of a gauge or of a sum that may go down, in millionths.
func valueOf(p *signal.Point) (int64, bool) {
	if p.Monotonic {
		return 0, false
	}
	var v float64
	switch d := p.Value.Data.(type) {
	case int64:
		v = float64(d)
	case float64:
		v = d
	default:
		return 0, false
	}
	const most = 1e12
	if math.IsNaN(v) {
		return 0, false
	}
	return int64(math.Round(max(-most, min(v, most)) * stats.Whole)), true
}

// scale makes shares of a limit out of percents, where the metric does not say what it is by its largest value.
func (s *series) scale() {
	if !s.metric.Share {
		return
	}
	most := int64(0)
	for _, r := range slices.Concat(s.now, s.before) {
		most = max(most, r.value)
	}
	if !s.metric.Percent && most <= 3*stats.Whole/2 {
		return
	}
	for i := range s.now {
		s.now[i].value /= 100
	}
	for i := range s.before {
		s.before[i].value /= 100
	}
}

func valuesOf(readings []reading) []int64 {
	values := make([]int64, len(readings))
	for i, r := range readings {
		values[i] = r.value
	}
	slices.Sort(values)
	return values
}

// sustained is a level that a series held: the third highest of four or more points, the second of two.
func sustained(sorted []int64) int64 {
	n := len(sorted)
	switch {
	case n >= 4:
		return sorted[n-3]
	case n >= 2:
		return sorted[n-2]
	default:
		return sorted[n-1]
	}
}

// Use is how much of a resource a service uses.
type Use struct {
	Service, Metric string
	Measure         semconv.Measure
	Level, Usual    int64 // millionths of the limit
	// Size is by how much it lies above the usual, in thousandths of its spread, Peak the same of its highest points.
	Size, Peak int64
	// Full is how near it came to its limit from a use well below it; millionths.
	Full     int64
	Evidence []incident.Ref
}

// Uses are the resources of services of which a part of a limit is measured, by service and metric.
func (b *Behaviour) Uses() (uses []Use) {
	for _, s := range b.series {
		if !s.metric.Share || s.metric.OfHost || len(s.before) < metersBefore || len(s.now) == 0 {
			continue
		}
		switch s.metric.Measure {
		case semconv.MeasureCPU, semconv.MeasureMemory, semconv.MeasureDisk, semconv.MeasurePool:
		default:
			continue
		}
		now, before := valuesOf(s.now), valuesOf(s.before)
		median := stats.Median(before)
		scale := max(stats.Spread(before), leastUse, stats.Scale(median, 15, 100))
		u := Use{Service: s.service, Metric: s.name, Measure: s.metric.Measure, Level: sustained(now), Usual: median}
		u.Size = stats.Scale(u.Level-median, 1000, scale)
		peak := now[max(0, len(now)-2):]
		u.Peak = stats.Scale(stats.MeanBelow(peak, peak[len(peak)-1])-median, 1000, scale)
		if median < usuallyFull {
			u.Full = min(stats.Whole, max(0, stats.Part(u.Level-nearlyFull, full-nearlyFull)))
		}
		u.Evidence = []incident.Ref{highest(s.now)}
		uses = append(uses, u)
	}
	return uses
}

func highest(readings []reading) incident.Ref {
	return slices.MaxFunc(readings, func(x, y reading) int { return cmp.Compare(x.value, y.value) }).ref()
}

// ref is how reports refer to the point.
func (r reading) ref() incident.Ref { return incident.Ref("metric:" + r.point.ID.String()) }

// MeshDelay is what a service mesh measured of the calls between two services.
type MeshDelay struct {
	From, To string
	Size     int64 // thousandths of the spread; what the callee itself took longer is taken off
	Evidence []incident.Ref
}

// leastMesh is how long, at least, the usual spread of a call is, in millionths of a second.
const leastMesh = stats.Whole / 50

// MeshDelays are the calls that a service mesh measured, by who called whom.
func (b *Behaviour) MeshDelays() (delays []MeshDelay) {
	type key struct{ from, to, base string }
	callee := map[key]*series{}
	for _, s := range b.series {
		if s.metric.Reporter == "destination" {
			callee[key{s.from, s.to, s.base}] = s
		}
	}
	for _, s := range b.series {
		if s.metric.Reporter != "source" || len(s.before) < metersBefore || len(s.now) == 0 {
			continue
		}
		now, before := valuesOf(s.now), valuesOf(s.before)
		most, median := now[len(now)-1], stats.Median(before)
		scale := max(stats.Spread(before), leastMesh, median/5)
		size := stats.Scale(most-median, 1000, scale)
		if d := callee[key{s.from, s.to, s.base}]; d != nil && len(d.before) >= metersBefore && len(d.now) > 0 {
			there, usual := valuesOf(d.now), stats.Median(valuesOf(d.before))
			size = min(size, stats.Scale((most-there[len(there)-1])-(median-usual), 1000, scale))
		}
		delays = append(delays, MeshDelay{From: s.from, To: s.to, Size: size, Evidence: []incident.Ref{highest(s.now)}})
	}
	slices.SortFunc(delays, func(x, y MeshDelay) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	return delays
}

// LostCalls is how many of the calls that a service used to make, by what a service mesh measured, it no longer makes
// although it is called itself.
type LostCalls struct {
	Service  string
	Share    int64 // millionths
	Evidence []incident.Ref
}

// LostCalls are the services that no longer make calls, by name.
func (b *Behaviour) LostCalls() (lost []LostCalls) {
	minutes, minutesBefore := map[signal.Nanos]bool{}, map[signal.Nanos]bool{}
	for _, s := range b.series {
		for _, r := range s.now {
			minutes[minuteOf(r)] = true
		}
		for _, r := range s.before {
			minutesBefore[minuteOf(r)] = true
		}
	}
	if len(minutes) < 3 {
		return nil
	}
	delete(minutes, slices.Min(slices.Collect(maps.Keys(minutes)))) // its points are of calls before it
	missing, isCalled, wasCalled := map[string][]int64{}, map[string]bool{}, map[string]bool{}
	examples := map[string][]incident.Ref{}
	for _, s := range b.series {
		if s.metric.Reporter != "source" {
			continue
		}
		wasCalled[s.to] = wasCalled[s.to] || len(s.before) > 0
		seen := map[signal.Nanos]bool{}
		for _, r := range s.now {
			if minutes[minuteOf(r)] {
				seen[minuteOf(r)] = true
			}
		}
		isCalled[s.to] = isCalled[s.to] || len(seen) > 0
		if len(s.before)*10 >= len(minutesBefore)*9 {
			missing[s.from] = append(missing[s.from], stats.Whole-stats.Part(int64(len(seen)), int64(len(minutes))))
			if len(seen) < len(minutes) && len(s.before) > 0 && len(examples[s.from]) < maxExamples {
				examples[s.from] = append(examples[s.from], s.before[len(s.before)-1].ref())
			}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(missing)) {
		if shares := missing[service]; isCalled[service] || !wasCalled[service] {
			lost = append(lost, LostCalls{Service: service, Share: stats.MeanBelow(shares, stats.Whole), Evidence: examples[service]})
		}
	}
	return lost
}

func minuteOf(r reading) signal.Nanos { return r.at / signal.Nanos(time.Minute) }

// Deviation is how far any metric of a service is from what is usual, in thousandths of its spread, of the metric of
// which that is most.
type Deviation struct {
	Service, Metric string
	Measure         semconv.Measure
	Size            int64
	Now, Usual      int64        // millionths
	Onset           signal.Nanos // the first point that far out
	Evidence        []incident.Ref
}

// maxDeviation bounds the size of a deviation: of what never varied, any change is beyond all measure.
const maxDeviation = 10_000_000

// Deviations are the services of which something is measured, by name.
func (b *Behaviour) Deviations() []Deviation {
	worst := map[string]*Deviation{}
	for _, s := range b.series {
		if s.metric.OfHost || s.from != "" || len(s.before) < metersBefore || len(s.now) == 0 {
			continue
		}
		before := valuesOf(s.before)
		median := stats.Median(before)
		scale := max(stats.Spread(before), max(median, -median)/20, 1)
		for _, r := range s.now {
			size := min(maxDeviation, stats.Scale(max(r.value-median, median-r.value), 1000, scale))
			w := worst[s.service]
			if w == nil || size > w.Size {
				worst[s.service] = &Deviation{
					Service: s.service, Metric: s.name, Measure: s.metric.Measure, Size: size, Now: r.value, Usual: median, Onset: r.at, Evidence: []incident.Ref{r.ref()},
				}
			}
		}
	}
	list := make([]Deviation, 0, len(worst))
	for _, service := range slices.Sorted(maps.Keys(worst)) {
		list = append(list, *worst[service])
	}
	return list
}
