package behaviour

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Sizes of delays are thousandths of the usual spread, which counts as no less than a part of the usual time and a
// least time: what is shorter than that varies by itself.
const (
	leastGap      = 20 * time.Millisecond
	leastSelf     = 2 * time.Millisecond
	partOfUsual   = 2 // a half
	gapsBefore    = 4
	selfBefore    = 8
	selfNow       = 2
	meanCounts    = 700 // of a thousand: what a mean says beside a median
	siblingsLeast = 2
)

// Delay is time that is lost between a caller and its callee: in neither of them.
type Delay struct {
	From, To      string
	Calls         int
	Median, Usual int64 // nanoseconds
	// Size is how much longer it takes, in thousandths of what is usual; Own is the same less what calls of the same
	// caller to others are longer by.
	Size, Own int64
	Evidence  []incident.Ref // the call that took longest
}

// sample are measurements of the window and of the baseline, sorted.
type sample struct {
	now, before []int64
	longest     int64
	example     *trace.Node // of the window, that took longest
}

// size is by how much a sample lies above its baseline, in thousandths of its spread.
func (s sample) size(least time.Duration) int64 {
	median := stats.Median(s.before)
	scale := max(stats.Spread(s.before), int64(least), median/partOfUsual)
	size := stats.Scale(stats.Median(s.now)-median, 1000, scale)
	most := stats.Quantile(s.now, 950)
	mean := stats.MeanBelow(s.now, most) - stats.MeanBelow(s.before, stats.Quantile(s.before, 1000))
	return max(size, stats.Scale(mean, meanCounts, scale))
}

// samples sorts measurements by what they are of.
type samples[K comparable] map[K]*sample

func (s samples[K]) add(k K, isNow bool, v int64, n *trace.Node) {
	of := s[k]
	if of == nil {
		of = &sample{}
		s[k] = of
	}
	if !isNow {
		of.before = append(of.before, v)
		return
	}
	of.now = append(of.now, v)
	if of.example == nil || v > of.longest {
		of.longest, of.example = v, n
	}
}

// each calls do with every act of the window and of the baseline.
func (b *Behaviour) each(do func(a *act, isNow bool)) {
	for i, list := range [][]request{b.before, b.now} {
		for _, q := range list {
			for k := range q.acts {
				do(&q.acts[k], i == 1)
			}
		}
	}
}

// Delays are the ways between services, by their names.
func (b *Behaviour) Delays() (delays []Delay) {
	gaps := samples[[2]int32]{}
	b.each(func(a *act, isNow bool) {
		if a.to >= 0 {
			gaps.add([2]int32{b.services[a.unit], a.to}, isNow, int64(a.gap), a.node)
		}
	})
	names := b.reader.services.keys
	for pair, s := range gaps {
		if len(s.now) == 0 || len(s.before) < gapsBefore {
			continue
		}
		slices.Sort(s.now)
		slices.Sort(s.before)
		delays = append(delays, Delay{
			From: names[pair[0]], To: names[pair[1]], Calls: len(s.now), Median: stats.Median(s.now), Usual: stats.Median(s.before), Size: s.size(leastGap),
			Evidence: s.example.Refs(),
		})
	}
	slices.SortFunc(delays, func(x, y Delay) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	withoutCommon(delays)
	return delays
}

// withoutCommon takes off each delay what is common to the calls of its caller: that is the caller's.
func withoutCommon(delays []Delay) {
	for i := range delays {
		var others []int64
		for k := range delays {
			if k != i && delays[k].From == delays[i].From {
				others = append(others, delays[k].Size)
			}
		}
		delays[i].Own = delays[i].Size
		if len(others) >= siblingsLeast {
			slices.Sort(others)
			delays[i].Own -= max(0, stats.Median(others))
		}
	}
}

// Slowness is time that a service takes in itself.
type Slowness struct {
	Service string
	// Size is how much longer its slowest operation takes, in thousandths of what is usual; Operation is that one.
	Size          int64
	Operation     string
	Median, Usual int64 // nanoseconds
	// Share is how much of all time that is taken beyond the usual is taken here; millionths.
	Share    int64
	Spans    int            // of that operation in the window
	Evidence []incident.Ref // the span that took longest
}

// Slownesses are the services that take longer in themselves, by name.
func (b *Behaviour) Slownesses() []Slowness {
	times := samples[int32]{}
	b.each(func(a *act, isNow bool) {
		if a.to < 0 && a.node.IsReceived() {
			times.add(a.unit, isNow, int64(a.self), a.node)
		}
	})
	worst, excess := map[int32]*Slowness{}, map[int32]int64{}
	total := int64(0)
	for _, unit := range slices.Sorted(maps.Keys(times)) {
		s := times[unit]
		if len(s.before) < selfBefore || len(s.now) < selfNow {
			continue
		}
		slices.Sort(s.now)
		slices.Sort(s.before)
		median := stats.Median(s.before)
		size := stats.Scale(stats.Median(s.now)-median, 1000, max(stats.Spread(s.before), int64(leastSelf), median/partOfUsual))
		if size < 1000 {
			continue
		}
		service := b.services[unit]
		most := stats.Quantile(s.now, 900)
		mean := min(stats.MeanBelow(s.now, stats.Quantile(s.now, 1000)), most) - stats.MeanBelow(s.before, stats.Quantile(s.before, 1000))
		if mean > 0 {
			excess[service] += mean * int64(len(s.now))
			total += mean * int64(len(s.now))
		}
		if w := worst[service]; w == nil || size > w.Size {
			worst[service] = &Slowness{
				Service: b.reader.services.keys[service], Size: size, Operation: b.reader.units.keys[unit].Operation, Median: stats.Median(s.now), Usual: median,
				Spans: len(s.now), Evidence: s.example.Refs(),
			}
		}
	}
	list := make([]Slowness, 0, len(worst))
	for service, w := range worst {
		w.Share = stats.Part(excess[service], total)
		list = append(list, *w)
	}
	slices.SortFunc(list, func(x, y Slowness) int { return cmp.Compare(x.Service, y.Service) })
	return list
}
