// Package stats compares samples in integers, so that the same samples give the same numbers on every machine: shares
// and strengths are millionths, and what is squared or divided goes through 128 bits.
package stats

import (
	"math"
	"math/bits"
	"slices"
)

// Whole is the number of millionths of one.
const Whole = 1_000_000

// MulDiv is a*b/c, rounded down, or the greatest number where that is more than fits. c must not be 0.
func MulDiv(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high >= c {
		return math.MaxUint64
	}
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// Scale is a*b/c for numbers of any sign, rounded towards zero and held within what fits. c must be above 0.
func Scale(a, b, c int64) int64 {
	negative := (a < 0) != (b < 0)
	v := MulDiv(abs(a), abs(b), uint64(c)) //nolint:gosec // c is above 0
	if v > math.MaxInt64 {
		v = math.MaxInt64
	}
	if negative {
		return -int64(v)
	}
	return int64(v)
}

func abs(v int64) uint64 {
	if v < 0 {
		return uint64(-(v + 1)) + 1 //nolint:gosec // above 0, also of the least number
	}
	return uint64(v)
}

// Sqrt is the whole part of the square root.
func Sqrt(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	root := uint64(1) << ((bits.Len64(n) + 1) / 2)
	for {
		next := (root + n/root) / 2
		if next >= root {
			return root
		}
		root = next
	}
}

// Saturate is how much of one an amount comes to, in millionths, where half of it is reached at half: more and more of
// it counts less and less. Below 0 it is 0.
func Saturate(amount, half int64) int64 {
	if amount <= 0 {
		return 0
	}
	return Scale(amount, Whole, amount+half)
}

// Either is the millionths of at least one of two independent things.
func Either(a, b int64) int64 { return Whole - Scale(Whole-a, Whole-b, Whole) }

// Part is part*Whole/whole, 0 where there is no whole.
func Part(part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	return Scale(part, Whole, whole)
}

// Quantile is the value below which so many of a thousand sorted values lie, between two of them by their distance; 0
// where there is none.
func Quantile(sorted []int64, perMille int64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	at := perMille * int64(len(sorted)-1)
	low, rest := at/1000, at%1000
	value := sorted[low]
	if rest > 0 {
		value += Scale(sorted[low+1]-value, rest, 1000)
	}
	return value
}

// Median is the middle of sorted values.
func Median(sorted []int64) int64 { return Quantile(sorted, 500) }

// Spread is the distance between the quartiles of sorted values.
func Spread(sorted []int64) int64 { return Quantile(sorted, 750) - Quantile(sorted, 250) }

// MeanBelow is the mean of values, each counted as no more than most.
func MeanBelow(values []int64, most int64) int64 {
	if len(values) == 0 {
		return 0
	}
	sum := int64(0)
	for _, v := range values {
		sum += min(v, most)
	}
	return sum / int64(len(values))
}

// Sorted returns the values in order, and leaves the given ones as they are.
func Sorted(values []int64) []int64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted
}

// CompareShares is by how many standard errors, in thousandths, a share differs from another, if both were drawn from
// the same: with a sign, 0 where nothing was drawn.
func CompareShares(with, of, withBefore, ofBefore int) int64 {
	if of == 0 || ofBefore == 0 {
		return 0
	}
	n, m := uint64(of), uint64(ofBefore)      //nolint:gosec // counts
	have, all := uint64(with+withBefore), n+m //nolint:gosec // counts
	a, b := int64(with)*int64(ofBefore), int64(withBefore)*int64(of)
	if a == b {
		return 0
	}
	distance := abs(a - b)
	// z² is distance² · all / (n · m · have · (all − have)); of it millionths are taken.
	square := MulDiv(MulDiv(distance*1000, distance*1000, n*m), all, have*(all-have))
	z := int64(Sqrt(square)) //nolint:gosec // a root fits
	if a < b {
		return -z
	}
	return z
}

// CompareCounts is by how many standard errors, in thousandths, a count is above or below the expected one, given in
// millionths; one more is expected than is, so that rare things do not count for much.
func CompareCounts(count, expected int64) int64 {
	root := int64(Sqrt(MulDiv(uint64(max(0, expected)+Whole), Whole, 1))) //nolint:gosec // above 0
	return Scale(count-expected, 1000, max(1, root))
}
