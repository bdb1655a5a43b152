package observe

import (
	"iter"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/stats"
)

// Names of what is observed of components that need not say that anything failed. Sizes are strengths: how much of a
// whole the deviation comes to, where more and more counts less and less.
const (
	Changed   = "changed"    // what requests come down to that are otherwise than usual: what it calls and logs
	Mixed     = "mixed"      // a share changed in the service that did not change at its callers
	Delayed   = "delayed"    // time lost on the way to the service
	Remote    = "remote"     // the same, as a service mesh measured it
	Burdened  = "burdened"   // time lost on the way to all that the service calls
	Slowed    = "slowed"     // time taken in the service itself
	UsesMore  = "uses_more"  // of a resource, over some time
	Peaks     = "peaks"      // the same for moments only
	Full      = "full"       // a resource came to its limit
	LostCalls = "lost_calls" // calls that it no longer makes, although it is called itself
	Deviates  = "deviates"   // any of its metrics
)

const (
	changedHalf  = 3000 // thousandths of standard errors
	changedLeast = 400_000
	delayedFrom  = 1000 // thousandths of spreads, as the following
	delayedMost  = 30_000
	delayedHalf  = 2000
	meshCounts   = stats.Whole / 2
	burdenedFrom = 300
	burdenedHalf = 1000
	burdensLeast = 3
	slowedFrom   = 1000
	slowedHalf   = 3000
	usesFrom     = 1000
	usesHalf     = 2000
	fullCounts   = 900_000
	deviatesHalf = 10_000
)

// observeChanges draws observations from what components call and log otherwise than usual.
func observeChanges(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		for _, c := range in.Behaviour.Changes() {
			o := Observation{Subject: c.Service, Name: Changed, Side: Own, Evidence: c.Examples, Baseline: c.Expected}
			if len(c.Shifts) > 0 {
				o.Measured = &Measured{Shift: &c.Shifts[0], Count: int(max(0, c.Blamed-c.Expected) / stats.Whole)}
			}
			strength := stats.Saturate(stats.CompareCounts(c.Blamed, c.Expected), changedHalf)
			share := min(stats.Whole, max(0, c.Blamed-c.Expected)/max(1, int64(c.Requests)))
			o.Size = stats.Scale(strength, changedLeast+stats.Scale(share, stats.Whole-changedLeast, stats.Whole), stats.Whole)
			if o.Size > 0 && !yield(o) {
				return
			}
			if c.Mixed > 0 && !yield(Observation{Subject: c.Service, Name: Mixed, Side: Own, Size: c.Mixed, Evidence: c.Examples, Measured: o.Measured}) {
				return
			}
		}
	}
}

// observeDelays draws observations from the ways between services: what was lost on the way to one, by who calls it,
// and what all calls of one are longer by.
func observeDelays(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		delays := in.Behaviour.Delays()
		for _, o := range delaysTo(delays) {
			if !yield(o) {
				return
			}
		}
		traced := map[string]bool{}
		for _, d := range delays {
			traced[d.To] = true
		}
		for _, o := range meshDelaysTo(in.Behaviour.MeshDelays(), traced) {
			if !yield(o) {
				return
			}
		}
		for _, o := range burdens(delays) {
			if !yield(o) {
				return
			}
		}
	}
}

// delaysTo adds up, by callee, the delays of its callers, each by how often it calls.
func delaysTo(delays []behaviour.Delay) (list []Observation) {
	type tally struct {
		sum, calls int64
		worst      behaviour.Delay
	}
	tallies := map[string]*tally{}
	for _, d := range delays {
		t := tallies[d.To]
		if t == nil {
			t = &tally{}
			tallies[d.To] = t
		}
		t.calls += int64(d.Calls)
		t.sum += min(max(d.Own, 0), delayedMost) * int64(d.Calls)
		if t.worst.To == "" || d.Own > t.worst.Own {
			t.worst = d
		}
	}
	for _, to := range sortedKeys(tallies) {
		t := tallies[to]
		if size := stats.Saturate(t.sum/max(1, t.calls)-delayedFrom, delayedHalf); size > 0 {
			list = append(list, Observation{
				Subject: to, Name: Delayed, Side: Own, Size: size, Evidence: t.worst.Evidence,
				Measured: &Measured{Peer: t.worst.From, Now: t.worst.Median, Usual: t.worst.Usual, Count: t.worst.Calls},
			})
		}
	}
	return list
}

// meshDelaysTo has the delays to services to which traces show no way.
func meshDelaysTo(delays []behaviour.MeshDelay, traced map[string]bool) (list []Observation) {
	sums, counts := map[string]int64{}, map[string]int64{}
	worst := map[string]behaviour.MeshDelay{}
	for _, d := range delays {
		if traced[d.To] {
			continue
		}
		sums[d.To] += min(max(d.Size, 0), delayedMost)
		counts[d.To]++
		if w, known := worst[d.To]; !known || d.Size > w.Size {
			worst[d.To] = d
		}
	}
	for _, to := range sortedKeys(sums) {
		if size := stats.Saturate(stats.Scale(sums[to]/counts[to], meshCounts, stats.Whole)-delayedFrom, delayedHalf); size > 0 {
			list = append(list, Observation{Subject: to, Name: Remote, Side: Own, Size: size, Evidence: worst[to].Evidence, Measured: &Measured{Peer: worst[to].From}})
		}
	}
	return list
}

// burdens are the callers all of whose calls take longer.
func burdens(delays []behaviour.Delay) (list []Observation) {
	sizes, examples := map[string][]int64{}, map[string][]incident.Ref{}
	for _, d := range delays {
		sizes[d.From] = append(sizes[d.From], d.Size)
		examples[d.From] = append(examples[d.From], d.Evidence...)
	}
	for _, from := range sortedKeys(sizes) {
		if len(sizes[from]) < burdensLeast {
			continue
		}
		if size := stats.Saturate(stats.Median(stats.Sorted(sizes[from]))-burdenedFrom, burdenedHalf); size > 0 {
			list = append(list, Observation{Subject: from, Name: Burdened, Side: Own, Size: size, Evidence: examples[from][:burdensLeast]})
		}
	}
	return list
}

// observeSlowness draws observations from the time that services take in themselves.
func observeSlowness(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		for _, s := range in.Behaviour.Slownesses() {
			size := stats.Scale(stats.Saturate(s.Size-slowedFrom, slowedHalf), s.Share, stats.Whole)
			o := Observation{
				Subject: s.Service, Name: Slowed, Side: Own, Size: size, Evidence: s.Evidence,
				Measured: &Measured{Metric: s.Operation, Now: s.Median, Usual: s.Usual, Share: s.Share, Count: s.Spans},
			}
			if size > 0 && !yield(o) {
				return
			}
		}
	}
}

// observeUses draws observations from the resources that services use.
func observeUses(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		for _, u := range in.Behaviour.Uses() {
			m := &Measured{Metric: u.Metric, Now: u.Level, Usual: u.Usual}
			of := func(name string, size int64) bool {
				return size <= 0 || yield(Observation{Subject: u.Service, Name: NameOfUse(name, u.Measure), Side: Own, Size: size, Evidence: u.Evidence, Measured: m})
			}
			if u.Measure == semconv.MeasureCPU {
				if !of(UsesMore, stats.Saturate(u.Size-usesFrom, usesHalf)) || !of(Peaks, stats.Saturate(u.Peak-usesFrom, usesHalf)) {
					return
				}
			}
			if !of(Full, stats.Scale(u.Full, fullCounts, stats.Whole)) {
				return
			}
		}
	}
}

// NameOfUse is the name of an observation of a resource.
func NameOfUse(name string, of semconv.Measure) string { return name + ":" + string(of) }

// observeLostCalls draws observations from the calls that services no longer make.
func observeLostCalls(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		for _, l := range in.Behaviour.LostCalls() {
			if l.Share > 0 && !yield(Observation{Subject: l.Service, Name: LostCalls, Side: Own, Size: l.Share, Evidence: l.Evidence}) {
				return
			}
		}
	}
}

// observeDeviations draws observations from all metrics of services.
func observeDeviations(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		if in.Behaviour == nil {
			return
		}
		for _, d := range in.Behaviour.Deviations() {
			o := Observation{
				Subject: d.Service, Name: Deviates, Side: Outside, Onset: d.Onset, Size: stats.Saturate(d.Size, deviatesHalf), Evidence: d.Evidence,
				Measured: &Measured{Metric: d.Metric, Now: d.Now, Usual: d.Usual},
			}
			if o.Size > 0 && !yield(o) {
				return
			}
		}
	}
}
