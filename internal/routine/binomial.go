package routine

// atLeast is the probability that at least k of n requests have an error that failing of requests have: the upper tail
// of the binomial distribution, exact but for rounding. It adds up how likely each number is beside the
// likeliest one, so that nothing overflows, and stops where what is left counts for nothing. Conversions keep products
// from being fused with sums, which some machines would do and others not.
func atLeast(k, n, failing, requests int) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || failing == 0:
		return 0
	case failing >= requests:
		return 1
	}
	odds := float64(failing) / float64(requests-failing)
	mode := int(float64(n+1) * (float64(failing) / float64(requests)))
	mode = min(mode, n)
	const nothing = 1e-40
	all, tail := 0.0, 0.0
	add := func(i int, weight float64) {
		all += weight
		if i >= k {
			tail += weight
		}
	}
	add(mode, 1)
	for i, weight := mode, 1.0; i < n; i++ {
		weight = float64(weight * float64(float64(n-i)/float64(i+1)))
		weight = float64(weight * odds)
		if weight < nothing {
			break
		}
		add(i+1, weight)
	}
	for i, weight := mode, 1.0; i > 0; i-- {
		weight = float64(weight * float64(float64(i)/float64(n-i+1)))
		weight = float64(weight / odds)
		if weight < nothing {
			break
		}
		add(i-1, weight)
	}
	return tail / all
}
