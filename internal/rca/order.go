package rca

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// sortedKeys lists a map's keys in order: nothing may depend on the order of a map.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func sortedCalls(m map[incident.CallStats]bool) []incident.CallStats {
	calls := slices.Collect(maps.Keys(m))
	slices.SortFunc(calls, func(a, b incident.CallStats) int {
		return cmp.Or(cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Callee, b.Callee), cmp.Compare(a.Operation, b.Operation))
	})
	return calls
}

// count writes "1 error", "3 errors".
func count(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}
