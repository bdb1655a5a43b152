package analysis

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// sortedSet sorts in place and drops what is double.
func sortedSet[T cmp.Ordered](in []T) []T {
	slices.Sort(in)
	return slices.Compact(in)
}

func compareCalls(a, b incident.CallStats) int {
	return cmp.Or(
		cmp.Compare(a.Caller, b.Caller),
		cmp.Compare(a.Callee, b.Callee),
		cmp.Compare(a.Operation, b.Operation),
	)
}

func sortedCalls(in []incident.CallStats) []incident.CallStats {
	slices.SortFunc(in, compareCalls)
	return slices.CompactFunc(in, func(a, b incident.CallStats) bool { return compareCalls(a, b) == 0 })
}
