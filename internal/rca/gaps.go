package rca

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// maxGaps bounds the gaps of one report.
const maxGaps = 50

// gaps lists what the analysis could not see, each once.
func (c *caseView) gaps() []incident.Gap {
	list := []incident.Gap{}
	for _, t := range append(slices.Clone(c.traces), c.skipped...) {
		list = append(list, t.tree.Gaps...)
	}
	if c.face != nil && c.face.judgement.abstained {
		list = append(list, incident.Gap{Kind: "no_telemetry", Detail: "nothing is recorded at " + c.face.judgement.component + " for this request"})
	}
	slices.SortFunc(list, func(a, b incident.Gap) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
	})
	list = slices.Compact(list)
	return list[:min(len(list), maxGaps)]
}

// conflicts lists the references that more than one record has.
func (c *caseView) conflicts() []incident.Conflict {
	var list []incident.Conflict
	for _, t := range append(slices.Clone(c.traces), c.skipped...) {
		list = append(list, t.tree.Conflicts...)
	}
	slices.SortFunc(list, func(a, b incident.Conflict) int { return cmp.Compare(a.Ref, b.Ref) })
	return list[:min(len(list), maxGaps)]
}
