package rca

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// observations are the measured facts that the report is drawn from, per component.
func (c *caseView) observations() []incident.Observation {
	type key struct{ component, name string }
	sums := make(map[key]*incident.Observation)
	observe := func(component, name string, value int64, refs []incident.Ref) {
		k := key{component, name}
		if sums[k] == nil {
			sums[k] = &incident.Observation{Component: component, Name: name, Evidence: []incident.Ref{}}
		}
		o := sums[k]
		o.Value += value
		if len(o.Evidence) < maxRefs {
			o.Evidence = trace.AppendRefs(o.Evidence, refs...)
			o.Evidence = o.Evidence[:min(len(o.Evidence), maxRefs)]
		}
	}
	for _, t := range append(slices.Clone(c.traces), c.skipped...) {
		for _, g := range t.groups.all {
			observe(g.node.Service, observationName(g), 1, g.refs())
		}
		for i, j := range t.judged {
			if i < len(t.rootIndex) {
				observe(j.component, "root:"+string(j.kind)+":"+string(j.category), 1, j.group.refs())
			}
		}
	}
	list := make([]incident.Observation, 0, len(sums))
	for _, o := range sums {
		list = append(list, *o)
	}
	slices.SortFunc(list, func(a, b incident.Observation) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func observationName(g *group) string {
	switch {
	case g.dismissed == incident.DismissRecovered:
		return "recovered"
	case g.dismissed == incident.DismissClientError:
		return "client_error"
	case g.cancelled():
		return "cancelled"
	case g.reason.Means == vocabulary.Unreachable:
		return "unreachable"
	case g.reason.Means == vocabulary.Refused:
		return "refused"
	case g.timedOut():
		return "timed_out"
	default:
		return "errored"
	}
}
