package behaviour

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Place is a way through code that is no longer taken, or less often: between two places at which a span logs one
// after the other.
type Place struct {
	From, To string // From is the operation and " start" for the first log of a span
	Evidence []incident.Ref

	strength int64
}

// step is a log of a span after another, -1 for its beginning.
type step struct{ unit, from, to int32 }

// Places are the ways through the code of a service that are taken less often than in the baseline, those first of
// which that is surest.
func (b *Behaviour) Places(service string) (places []Place) {
	number, known := b.reader.services.numbers[service]
	if !known {
		return nil
	}
	now, spans, _ := b.countSteps(b.now, number)
	before, spansBefore, examples := b.countSteps(b.before, number)
	for _, s := range slices.SortedFunc(maps.Keys(before), compareSteps) {
		of, ofBefore := spans[s.unit], spansBefore[s.unit]
		if of == 0 || ofBefore < leastBefore {
			continue
		}
		share, usual := stats.Part(int64(now[s]), int64(of)), stats.Part(int64(before[s]), int64(ofBefore))
		z := stats.CompareShares(now[s], of, before[s], ofBefore)
		if z > -leastZ || usual-share < leastChange {
			continue
		}
		places = append(places, Place{
			From: b.placeName(s.unit, s.from), To: b.placeName(s.unit, s.to), Evidence: examples[s],
			strength: stats.Scale(-z, stats.Part(usual-share, stats.Whole-share), stats.Whole),
		})
	}
	slices.SortStableFunc(places, func(x, y Place) int { return -cmp.Compare(x.strength, y.strength) })
	return places
}

func compareSteps(x, y step) int {
	return cmp.Or(cmp.Compare(x.unit, y.unit), cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
}

func (b *Behaviour) placeName(unit, log int32) string {
	if log < 0 {
		return b.reader.units.keys[unit].Operation + " start"
	}
	return b.reader.features.keys[log].Name
}

// countSteps counts, in how many spans of a service one log follows another.
func (b *Behaviour) countSteps(requests []request, service int32) (with map[step]int, spans map[int32]int, examples map[step][]incident.Ref) {
	with, spans, examples = map[step]int{}, map[int32]int{}, map[step][]incident.Ref{}
	for _, q := range requests {
		for i := range q.acts {
			a := &q.acts[i]
			if b.services[a.unit] != service {
				continue
			}
			spans[a.unit]++
			seen := map[step]bool{}
			from := int32(-1)
			for k, to := range a.logs {
				s := step{a.unit, from, to}
				if !seen[s] {
					seen[s] = true
					with[s]++
					if examples[s] == nil {
						examples[s] = []incident.Ref{trace.LogRef(a.node.Logs[k])}
					}
				}
				from = to
			}
		}
	}
	return with, spans, examples
}
