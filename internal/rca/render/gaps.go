package render

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// gapsOf lists what the analysis could not see, each once; what it did not look at comes first.
func gapsOf(r *rank.Ranking) []incident.Gap {
	list := []incident.Gap{}
	for _, v := range r.All() {
		list = append(list, v.Explanation.Tree.Gaps...)
	}
	if r.Shown != nil && r.Shown.Judgement.Abstained {
		list = append(list, incident.Gap{Kind: "no_telemetry", Detail: "nothing is recorded at " + r.Shown.Judgement.Component + " for this request"})
	}
	if r.Shown != nil && r.Sampling.HidesShares() {
		list = append(list, incident.Gap{Kind: incident.GapSampled, Detail: samplingDetail(r.Sampling)})
	}
	if r.Shown != nil && r.HasNoBaseline() {
		list = append(list, incident.Gap{Kind: incident.GapNoBaseline, Detail: "no baseline yet: too few requests were received before, or for too short a time, to say whether this error is routine"})
	}
	slices.SortFunc(list, func(a, b incident.Gap) int {
		switch first, second := a.Kind == trace.GapTruncated, b.Kind == trace.GapTruncated; {
		case first && !second:
			return -1
		case second && !first:
			return 1
		}
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
	})
	list = slices.Compact(list)
	return list[:min(len(list), rules.MaxGaps)]
}

// samplingDetail says why it is not known how many requests went well.
func samplingDetail(s rank.Sampling) string {
	if s.Policy != "" {
		return "the traces were sampled before they were received, by how they went (policy " + quote(s.Policy) + "): which share of the requests failed is not known"
	}
	return "only failing traces of this entry were received, for at least half an hour: if they are sampled before, by how they went, which share of the requests failed is not known"
}

// conflictsOf lists the references that more than one record has.
func conflictsOf(r *rank.Ranking) []incident.Conflict {
	var list []incident.Conflict
	for _, v := range r.All() {
		list = append(list, v.Explanation.Tree.Conflicts...)
	}
	slices.SortFunc(list, func(a, b incident.Conflict) int { return cmp.Compare(a.Ref, b.Ref) })
	return list[:min(len(list), rules.MaxGaps)]
}
