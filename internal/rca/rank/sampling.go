package rank

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// Sampling is what is known of the requests whose traces were not received.
type Sampling struct {
	// Policy is that by which a sampler kept the traces once it knew how they went, "" where none is recorded.
	Policy string
	// OnlyFailures is set where all requests that were received of the entry failed, for as long as a baseline
	// takes at least.
	OnlyFailures bool
}

// HidesShares reports whether it is not known how many requests went well.
func (s Sampling) HidesShares() bool { return s.Policy != "" || s.OnlyFailures }

func samplingOf(r *Ranking) Sampling {
	var s Sampling
	for _, shown := range r.support {
		if entry := shown.Verdict.Entry; entry != nil && entry.Span != nil && s.Policy == "" {
			s.Policy = semconv.SamplingPolicy(entry.Span.Attributes)
		}
	}
	c := r.Shown.Verdict.Classification
	share := judge.ShareOf(r.Case.Knowledge, c.EntryService, c.EntryOperation, r.Shown.Root.Signature)
	s.OnlyFailures = len(r.Case.Healthy) == 0 && share != nil && onlyFailed(share.Windows)
	return s
}

// onlyFailed reports whether requests were received over the time of a baseline, and all of them failed.
func onlyFailed(windows []incident.ShareWindow) bool {
	received := slices.DeleteFunc(slices.Clone(windows), func(w incident.ShareWindow) bool { return w.Requests == 0 })
	return len(received) >= int(rules.ShareBaselineLeast/rules.ShareWindow) &&
		!slices.ContainsFunc(received, func(w incident.ShareWindow) bool { return w.Failed < w.Requests })
}
