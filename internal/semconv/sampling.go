package semconv

// SamplingPolicy returns the policy by which a trace was kept after it was known how it went, as samplers at its end
// record it; "" where none says so. Of such traces no share of requests can be told.
func SamplingPolicy[A Attributes](span A) string {
	return firstStr(span, "tailsampling.policy", "tailsampling.composite_policy", "sampling.policy", "meta.refinery.reason")
}
