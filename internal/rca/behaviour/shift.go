package behaviour

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/stats"
)

// The rules' numbers in the units of package stats.
const (
	leastBefore = rules.MinShiftSpans
	leastChange = int64(rules.ShiftShare)
	leastZ      = rules.StandardErrors * 1000
)

// Shift is a feature that the spans of a unit have more, or less, often than in the baseline.
type Shift struct {
	Unit       Unit
	Feature    Feature
	With, Of   int // spans of the window
	WithBefore int
	OfBefore   int

	unit, feature int32
	z             int64 // thousandths of standard errors, below 0 where it is less often
	weight        int64 // how much of having it, or of not having it, is owed to the change; millionths
}

// counts are how many spans of each unit have each feature.
type counts struct {
	spans []int         // by unit
	with  map[int64]int // by unit and feature
}

func pairOf(unit, feature int32) int64 { return int64(unit)<<32 | int64(feature) }

// count counts the features of all spans. units is how many units there are.
func count(requests []request, units int) counts {
	c := counts{spans: make([]int, units), with: map[int64]int{}}
	for _, q := range requests {
		for i := range q.acts {
			a := &q.acts[i]
			c.spans[a.unit]++
			for _, f := range a.features {
				c.with[pairOf(a.unit, f)]++
			}
		}
	}
	return c
}

// shiftsBetween are the features that changed, by unit.
func shiftsBetween(r *reader, now, before counts) map[int32][]Shift {
	pairs := make([]int64, 0, len(now.with)+len(before.with))
	for p := range now.with {
		pairs = append(pairs, p)
	}
	for p := range before.with {
		pairs = append(pairs, p)
	}
	slices.Sort(pairs)
	shifts := map[int32][]Shift{}
	for _, p := range slices.Compact(pairs) {
		unit, feature := int32(p>>32), int32(p&0xffffffff) //nolint:gosec // as pairOf made them
		s := Shift{
			unit: unit, feature: feature, Unit: r.units.keys[unit], Feature: r.features.keys[feature],
			With: now.with[p], Of: now.spans[unit], WithBefore: before.with[p], OfBefore: before.spans[unit],
		}
		if s.judge() {
			shifts[unit] = append(shifts[unit], s)
		}
	}
	return shifts
}

// judge reports whether the share changed, and finds how much is owed to the change.
func (s *Shift) judge() bool {
	if s.OfBefore < leastBefore || s.Of == 0 {
		return false
	}
	share, usual := stats.Part(int64(s.With), int64(s.Of)), stats.Part(int64(s.WithBefore), int64(s.OfBefore))
	if max(share-usual, usual-share) < leastChange {
		return false
	}
	s.z = stats.CompareShares(s.With, s.Of, s.WithBefore, s.OfBefore)
	size := max(s.z, -s.z)
	if size < leastZ {
		return false
	}
	if share > usual {
		s.weight = stats.Part(share-usual, share)
	} else {
		s.weight = stats.Part(usual-share, stats.Whole-share)
	}
	s.weight = stats.Scale(s.weight, min(stats.Whole, (size-2000)*1000/3), stats.Whole)
	return true
}

// change is by how much the share changed, for sure; millionths.
func (s *Shift) change() int64 {
	share, usual := stats.Part(int64(s.With), int64(s.Of)), stats.Part(int64(s.WithBefore), int64(s.OfBefore))
	return stats.Scale(max(share-usual, usual-share), min(stats.Whole, (max(s.z, -s.z)-2000)*1000/6), stats.Whole)
}

// strongest is the shift of an act that most of what it has, or lacks, is owed to; nil where none did.
func strongest(a *act, shifts []Shift) (best *Shift) {
	for i := range shifts {
		s := &shifts[i]
		_, has := slices.BinarySearch(a.features, s.feature)
		if has != (s.z > 0) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(s.weight, best.weight), -cmp.Compare(s.feature, best.feature)) > 0 {
			best = s
		}
	}
	return best
}
