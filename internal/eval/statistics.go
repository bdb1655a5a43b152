package eval

import "math"

// z95 bounds the middle 95 % of a normal distribution.
const z95 = 1.959964

// wilson is the interval in which a share of right answers lies with 95 % confidence.
func wilson(right, n int) [2]float64 {
	if n == 0 {
		return [2]float64{0, 1}
	}
	p, size := float64(right)/float64(n), float64(n)
	middle := (p + z95*z95/(2*size)) / (1 + z95*z95/size)
	half := z95 / (1 + z95*z95/size) * math.Sqrt(p*(1-p)/size+z95*z95/(4*size*size))
	return [2]float64{max(0, middle-half), min(1, middle+half)}
}

// signTest is the probability that of n differing pairs so unequal numbers come by chance (exact, two-sided), as
// McNemar's test has it.
func signTest(better, worse int) float64 {
	n := better + worse
	if n == 0 {
		return 1
	}
	tail, weight := 0.0, math.Pow(0.5, float64(n))
	for k := 0; k <= min(better, worse); k++ {
		tail += weight
		weight *= float64(n-k) / float64(k+1)
	}
	return min(1, 2*tail)
}

// upper95 is the share of failures that zero or more failures of n leave possible with 95 % confidence (exact, one-sided).
func upper95(failures, n int) float64 {
	if failures >= n {
		return 1
	}
	low, high := 0.0, 1.0
	for range 60 {
		p := (low + high) / 2
		atMost, weight := 0.0, math.Pow(1-p, float64(n))
		for k := 0; k <= failures; k++ {
			atMost += weight
			weight *= float64(n-k) / float64(k+1) * p / (1 - p)
		}
		if atMost > 0.05 {
			low = p
		} else {
			high = p
		}
	}
	return high
}
