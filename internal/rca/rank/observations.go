package rank

import (
	"cmp"
	"iter"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/observe"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// sumObservations adds up what was observed, by component and name, as results are stored.
func sumObservations(all iter.Seq[observe.Observation]) []incident.Observation {
	type key struct{ component, name string }
	sums := make(map[key]*incident.Observation)
	for o := range all {
		k := key{o.Subject, o.Name}
		sum := sums[k]
		if sum == nil {
			sum = &incident.Observation{Component: o.Subject, Name: o.Name, Evidence: []incident.Ref{}}
			sums[k] = sum
		}
		sum.Value += o.Size / observe.Whole
		if len(sum.Evidence) < rules.MaxRefs {
			sum.Evidence = trace.AppendRefs(sum.Evidence, o.Evidence...)
			sum.Evidence = sum.Evidence[:min(len(sum.Evidence), rules.MaxRefs)]
		}
	}
	stored := make([]incident.Observation, 0, len(sums))
	for _, o := range sums {
		stored = append(stored, *o)
	}
	slices.SortFunc(stored, func(a, b incident.Observation) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
	})
	return stored
}
