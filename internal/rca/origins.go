package rca

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// origins are the groups that nothing explains, in report order. Primary ones have an incident.
type origins struct {
	primary []*group
	others  []*group
}

// findOrigins separates the origins whose failed chain reaches the entry from the others; if none
// does, the one that ended earliest is primary.
func (x *explainer) findOrigins() origins {
	var o origins
	var cancelled []*group
	for _, g := range x.groups.all {
		switch {
		case g.dismissed != "" || len(g.explainedBy) > 0:
		case g.cancelled():
			cancelled = append(cancelled, g)
		case x.reachesEntry(g):
			o.primary = append(o.primary, g)
		default:
			o.others = append(o.others, g)
		}
	}
	slices.SortFunc(o.primary, compareOrigins)
	slices.SortFunc(o.others, compareOrigins)
	if len(o.primary) == 0 && len(o.others) > 0 {
		o.primary, o.others = o.others[:1], o.others[1:]
	}
	for _, g := range cancelled {
		g.dismissed = incident.DismissUserLeft
	}
	return o
}

// compareOrigins orders by end, then span ID, then evidence.
func compareOrigins(a, b *group) int {
	return cmp.Or(cmp.Compare(a.end, b.end), bytes.Compare(a.node.ID[:], b.node.ID[:]),
		cmp.Compare(a.evidence[0].ref, b.evidence[0].ref))
}

// reachesEntry follows what a group explains up to the top, and from there the spans up to the
// entry: none of them went well or failed for another reason.
func (x *explainer) reachesEntry(g *group) bool {
	for n := x.chainTop(g).node.Parent; n != nil; n = n.Parent {
		if g := x.groups.of(n); g != nil && g.dismissed == "" || x.states.of(n) == healthy {
			return false
		}
	}
	return true
}

// chainTop is the group highest up that g explains, directly or through others.
func (x *explainer) chainTop(g *group) *group {
	for up := g.ledTo(); len(up) > 0; up = g.ledTo() {
		g = slices.MinFunc(up, compareGroups)
	}
	return g
}

// entryOf is the node with which a group's request came in.
func entryOf(g *group) *trace.Node { return g.node.Root }

// outcomeOf says what the failure meant to whoever called the entry (section 9). What the entry
// answered counts more than what was logged on the way.
func (x *explainer) outcomeOf(o origins) incident.Outcome {
	first := o.primary[0]
	top := x.chainTop(first)
	entry := entryOf(top)
	switch {
	case !entry.IsReceived() || entry.Guessed:
		return incident.OutcomeUnknown
	case entry.Span.StatusCode == signal.StatusError || entry.Status.IsFailure() && !isCallersBusiness(entry.Status):
		return incident.OutcomeFailed
	case entry.Span.StatusCode == signal.StatusOK || entry.Status.IsKnown() || x.states.speaking[entry.Instrumentation()]:
		return incident.OutcomeDegraded
	case !x.reachesEntry(first):
		return incident.OutcomeDegraded
	}
	if thrown, _ := top.exception(); thrown != nil || top.failedSpan {
		return incident.OutcomeFailed // it left its service uncaught, and nothing above says otherwise
	}
	return incident.OutcomeUnknown
}
