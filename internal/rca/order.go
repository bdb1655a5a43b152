package rca

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

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

// duration shows a time span with two digits, as 12 min, 3.0 s or 250 ms.
func duration(d instant) string {
	switch {
	case d >= 10*instant(time.Minute):
		return strconv.FormatInt((int64(d)+int64(30*time.Second))/int64(time.Minute), 10) + " min"
	case d >= instant(time.Second):
		tenths := (int64(d) + int64(50*time.Millisecond)) / int64(100*time.Millisecond)
		return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + " s"
	case d >= instant(time.Millisecond):
		return strconv.FormatInt(int64(d)/int64(time.Millisecond), 10) + " ms"
	default:
		return strconv.FormatInt(int64(d)/int64(time.Microsecond), 10) + " µs"
	}
}

// count writes "1 error", "3 errors".
func count(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}
