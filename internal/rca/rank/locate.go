package rank

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/rca/observe"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Location is where the fault of a window lies, which need not say so: the components whose own behaviour deviates,
// the likeliest first (docs/verdict.md, section 16).
type Location struct {
	Case         *incident.Case
	Suspects     []Suspect
	Observations []incident.Observation
	Confidence   incident.Confidence
	Doubts       []Doubt // that hold the confidence down, those first that do most
	// Places are the ways through the code of the first suspect that are no longer taken.
	Places []behaviour.Place
	// Path is the way from the first suspect up to the entry of a request that shows it.
	Path []*trace.Node
	// Requests is how many requests the window has, and Before how many the baseline.
	Requests, Before int
	Changes          []Change
	Trigger          incident.Trigger
}

// Suspect is a component and what may be wrong with it.
type Suspect struct {
	Component string
	Category  incident.Category
	Kind      incident.Kind
	Score     int64 // millionths; more than one where several things show it
	For       []observe.Observation
}

// What an observation counts for, in millionths of its size.
const (
	slowedCounts   = 600_000
	burdenedCounts = 480_000
	mixedCounts    = 350_000
	peaksCount     = 500_000
	lostCounts     = 400_000
	deviatesCounts = 20_000 // only where nothing else tells components apart
	busyNetwork    = 500_000
	isBusy         = 500_000
	isChanged      = 20_000
)

// Locate finds where the fault of a window lies. A component is suspected for what is its own: its resources and its own
// time, the way to it, and what it calls and logs otherwise than usual.
func Locate(c *incident.Case, b *behaviour.Behaviour) *Location {
	l := &Location{Case: c, Observations: []incident.Observation{}}
	l.Requests, l.Before = b.Requests()
	byComponent := map[string]map[string]observe.Observation{}
	for o := range observe.All(observe.Input{Case: c, Behaviour: b}) {
		l.Observations = append(l.Observations, incident.Observation{Component: o.Subject, Name: o.Name, Value: o.Size, Evidence: append([]incident.Ref{}, o.Evidence...)})
		of := byComponent[o.Subject]
		if of == nil {
			of = map[string]observe.Observation{}
			byComponent[o.Subject] = of
		}
		if known, ok := of[o.Name]; !ok || o.Size > known.Size {
			of[o.Name] = o
		}
	}
	for component, of := range byComponent {
		if component != "" && component != semconv.UnknownService {
			l.Suspects = append(l.Suspects, suspectsOf(component, of)...)
		}
	}
	slices.SortFunc(l.Suspects, func(a, b Suspect) int {
		return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Category, b.Category))
	})
	slices.SortFunc(l.Observations, func(a, b incident.Observation) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name), -cmp.Compare(a.Value, b.Value))
	})
	if len(l.Suspects) > 0 {
		l.Path = b.PathFrom(l.Suspects[0].Component)
		if l.Suspects[0].Category == incident.CategoryCodeException {
			l.Places = b.Places(l.Suspects[0].Component)
		}
		l.judgeConfidence()
		l.judgeChanges()
	}
	return l
}

// suspectsOf are what may be wrong with one component.
func suspectsOf(component string, of map[string]observe.Observation) (list []Suspect) {
	size := func(name string) int64 { return of[name].Size }
	part := func(name string, counts int64) int64 { return stats.Scale(size(name), counts, stats.Whole) }
	usesMore, full, peaks := observe.NameOfUse(observe.UsesMore, semconv.MeasureCPU), observe.NameOfUse(observe.Full, semconv.MeasureCPU),
		observe.NameOfUse(observe.Peaks, semconv.MeasureCPU)
	cpu, network := max(size(usesMore), size(full)), max(size(observe.Delayed), size(observe.Remote))
	if cpu > isBusy { // what is busy answers late: that is no fault of the way
		network = stats.Scale(network, busyNetwork, stats.Whole)
	}
	code := stats.Either(size(observe.Changed), part(observe.Mixed, mixedCounts))
	if moments := stats.Scale(max(0, size(peaks)-cpu), peaksCount, stats.Whole); code > isChanged {
		code += moments // those are of the other work that it does
	} else {
		cpu += moments
	}
	code = max(code, part(observe.LostCalls, lostCounts))
	cpu += max(part(observe.Slowed, slowedCounts), part(observe.Burdened, burdenedCounts))
	add := func(c incident.Category, kind incident.Kind, score int64, names ...string) {
		s := Suspect{Component: component, Category: c, Kind: kind, Score: score + part(observe.Deviates, deviatesCounts)}
		for _, name := range append(names, observe.Deviates) {
			if o, ok := of[name]; ok {
				s.For = append(s.For, o)
			}
		}
		if s.Score > 0 {
			list = append(list, s)
		}
	}
	add(incident.CategoryResourceCPU, incident.KindResource, cpu, usesMore, full, peaks, observe.Slowed, observe.Burdened)
	add(incident.CategoryNetwork, incident.KindEdge, network, observe.Delayed, observe.Remote)
	add(incident.CategoryCodeException, incident.KindCode, code, observe.Changed, observe.Mixed, observe.LostCalls)
	for _, r := range limitedResources {
		if name := observe.NameOfUse(observe.Full, r.measure); size(name) > 0 {
			add(r.category, incident.KindResource, size(name), name)
		}
	}
	return list
}

// limitedResources are the resources that can run out, beside the processor.
var limitedResources = []struct {
	measure  semconv.Measure
	category incident.Category
}{
	{semconv.MeasureMemory, incident.CategoryResourceMemory}, {semconv.MeasureDisk, incident.CategoryResourceDisk},
	{semconv.MeasurePool, incident.CategoryConnectionPoolExhausted},
}

// Doubt is a reason why only so much may be claimed of a location.
type Doubt int

// The doubts, those first that allow least.
const (
	Weak      Doubt = iota // it deviates little
	Close                  // another component deviates about as much
	Few                    // few requests show it, and no metric does
	Unsettled              // a little before or after its onset it would be another
	Short                  // there is little to compare with, and no metric shows it
	OneSignal              // only one sort of record shows it
)

// Limit is the most that may be claimed under the doubt.
func (d Doubt) Limit() incident.Confidence {
	return [...]incident.Confidence{Weak: rules.WeakLocationLimit, Close: rules.CloseLocationLimit, Few: rules.FewRequestsLimit, Unsettled: rules.UnsettledOnsetLimit, Short: rules.ShortBaselineLimit, OneSignal: rules.OneSignalLimit}[d]
}

// IsAbstention reports whether nothing certain can be said.
func (l *Location) IsAbstention() bool { return l.Confidence < rules.AbstainBelow }

// Rival is the place of the first suspect that is another component, 0 where there is none.
func (l *Location) Rival() int {
	return max(0, slices.IndexFunc(l.Suspects, func(s Suspect) bool { return s.Component != l.Suspects[0].Component }))
}

// margin is how far the first suspect is ahead of the next component.
func (l *Location) margin() int64 {
	rival := l.Rival()
	if rival == 0 {
		return l.Suspects[0].Score
	}
	return l.Suspects[0].Score - l.Suspects[rival].Score
}

// signals are how many independent sorts of records show the first suspect: spans and logs, times, metrics.
func (l *Location) signals() (n int) {
	seen := map[string]bool{}
	for _, s := range l.Suspects {
		if s.Component != l.Suspects[0].Component {
			continue
		}
		for _, o := range s.For {
			if sort := sortOfSignal(o.Name); o.Name != observe.Deviates && o.Size >= signalLeast && !seen[sort] {
				seen[sort] = true
				n++
			}
		}
	}
	return n
}

// showing are the observations that count for the first suspect.
func (l *Location) showing() (list []observe.Observation) {
	for _, o := range l.Suspects[0].For {
		if o.Name != observe.Deviates && o.Size >= signalLeast {
			list = append(list, o)
		}
	}
	return list
}

// areFew reports whether all that speaks for the first suspect are a few requests: with the next ones it may be gone.
func (l *Location) areFew() bool {
	return !l.isMeasured() && !slices.ContainsFunc(l.showing(), func(o observe.Observation) bool {
		return o.Measured == nil || o.Measured.Count >= rules.LeastRequests
	})
}

// isMeasured reports whether a metric shows the first suspect.
func (l *Location) isMeasured() bool {
	return slices.ContainsFunc(l.showing(), func(o observe.Observation) bool { return sortOfSignal(o.Name) == metricSignals })
}

// signalLeast is how much of a whole an observation comes to, to count as a signal of its own; millionths.
const signalLeast = 200_000

// metricSignals are the signals that are told by metrics.
const metricSignals = "metrics"

func sortOfSignal(name string) string {
	switch name {
	case observe.Changed, observe.Mixed:
		return "structure"
	case observe.Delayed, observe.Slowed, observe.Burdened:
		return "times"
	default:
		return metricSignals
	}
}

// judgeConfidence follows section 16: how strong it is, how far ahead of others, and how many sorts of records show it.
func (l *Location) judgeConfidence() {
	l.Confidence = rules.NamedCause
	first := l.Suspects[0].Score
	if first < rules.LeastLocation {
		l.AddDoubt(Weak)
	}
	if l.margin()*rules.MarginParts < min(first, stats.Whole) {
		l.AddDoubt(Close)
	}
	if l.areFew() {
		l.AddDoubt(Few)
	}
	if l.Before < rules.MinBaselineRequests && !l.isMeasured() {
		l.AddDoubt(Short)
	}
	if l.signals() < 2 {
		l.AddDoubt(OneSignal)
	}
}

// AddDoubt holds the confidence down.
func (l *Location) AddDoubt(d Doubt) {
	l.Doubts = append(l.Doubts, d)
	slices.Sort(l.Doubts)
	l.Confidence = min(l.Confidence, d.Limit())
}

// Agrees reports whether another location has the same first suspect.
func (l *Location) Agrees(o *Location) bool {
	if len(l.Suspects)*len(o.Suspects) == 0 {
		return len(l.Suspects) == len(o.Suspects)
	}
	return l.Suspects[0].Component == o.Suspects[0].Component
}

// judgeChanges judges the changes around the beginning of the window.
func (l *Location) judgeChanges() {
	j := changeContext{onset: l.Case.Window.From, causes: []string{l.Suspects[0].Component}}
	for _, n := range l.Path {
		j.path = append(j.path, n.Service)
	}
	l.Changes = j.judgeAll(l.Case.Changes)
	l.Trigger = incident.TriggerNoneFound
	if len(l.Changes) > 0 && l.Changes[0].Suspicion == ChangedCause {
		l.Trigger = incident.TriggerChange
	}
}
