package behaviour

import (
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/stats"
)

const (
	leastWeight = int64(rules.OwedShare)
	// passedOn is how much of the blame goes to the callee after whose answer a caller ended oddly, where it is the
	// only caller there is, and passedOnOne where it is one of several and the others went on; millionths.
	passedOn    = 600_000
	passedOnOne = 200_000
	// aborts is by how much more often a caller must end right after a callee for that to count; millionths.
	aborts = 150_000
)

// odd is a span that behaves otherwise than is usual, with the shift that shows it.
type odd struct {
	act   *act
	shift *Shift
}

// judged is what the changes are judged by, beside the acts.
type judged struct {
	shifts map[int32][]Shift
	// aborting and callers are how many services end right after a callee more often than they did, and how many call it.
	aborting, callers map[int32]int
	// logs are the services that log: of those that do not, the callers alone tell.
	logs map[int32]bool
}

// deepestOdd are the odd spans of a request below which there is none.
func (j *judged) deepestOdd(q request) []odd {
	found := make(map[int32]odd)
	above := make(map[int32]bool)
	for i := range q.acts {
		a := &q.acts[i]
		if s := strongest(a, j.shifts[a.unit]); s != nil && s.weight >= leastWeight {
			found[int32(i)] = odd{a, s}
		}
	}
	if len(found) == 0 {
		return nil
	}
	for i := len(q.acts) - 1; i >= 0; i-- { // children come after their parents
		_, isOdd := found[int32(i)]                                      //nolint:gosec // bounded by the trace
		if p := q.acts[i].parent; p >= 0 && (isOdd || above[int32(i)]) { //nolint:gosec // the same
			above[p] = true
		}
	}
	var deepest []odd
	for i := range q.acts {
		if o, ok := found[int32(i)]; ok && !above[int32(i)] {
			deepest = append(deepest, o)
		}
	}
	return deepest
}

// blame divides what is odd in a request among services, in millionths of the oddest.
func (j *judged) blame(q request, services []int32) map[int32]int64 {
	deepest := j.deepestOdd(q)
	if len(deepest) == 0 {
		return nil
	}
	shares := map[int32]int64{}
	total, most := int64(0), int64(0)
	for _, o := range deepest {
		own, weight := services[o.act.unit], o.shift.weight
		total += weight
		most = max(most, weight)
		if passed := j.passes(o.act); passed > 0 {
			shares[o.act.callee] += stats.Scale(weight, passed, stats.Whole)
			weight -= stats.Scale(weight, passed, stats.Whole)
		}
		shares[own] += weight
	}
	for service, share := range shares {
		shares[service] = stats.Scale(share, most, total)
	}
	return shares
}

// passes is how much of the blame for an odd span goes to the callee right after whose answer it ended: what that
// answered may be wrong, and a callee without logs does not tell.
func (j *judged) passes(a *act) int64 {
	if a.callee < 0 || j.logs[a.callee] || !j.endsOddly(a) {
		return 0
	}
	switch {
	case j.aborting[a.callee] >= 2:
		return stats.Whole
	case j.callers[a.callee] <= 1:
		return passedOn
	default:
		return passedOnOne
	}
}

// endsOddly reports whether spans of the unit end with the same call more often than is usual.
func (j *judged) endsOddly(a *act) bool {
	for i := range j.shifts[a.unit] {
		if s := &j.shifts[a.unit][i]; s.feature == a.ends && s.z > 0 {
			return true
		}
	}
	return false
}
