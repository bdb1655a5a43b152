package rank

import (
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// impactOf says which services and operations the reported root hurt.
func impactOf(list []*Support, outcome incident.Outcome) incident.Impact {
	services, entries := map[string]bool{}, map[string]bool{}
	for _, s := range list {
		c := s.Verdict.Classification
		for _, name := range c.Services {
			services[name] = true
		}
		if c.EntryService != "" {
			entries[c.EntryService+" "+trace.OperationOf(s.Verdict.Entry)] = true
		}
	}
	return incident.Impact{
		FailingTraces: len(list), Outcome: outcome, Services: slices.Sorted(maps.Keys(services)), EntryOperations: slices.Sorted(maps.Keys(entries)),
	}
}
