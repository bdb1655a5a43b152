package rca

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
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
	for _, g := range x.groups {
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
	return cmp.Or(cmp.Compare(a.end, b.end), bytes.Compare(a.node.id[:], b.node.id[:]),
		cmp.Compare(a.evidence[0].ref, b.evidence[0].ref))
}

// reachesEntry follows what a group explains up to the top, and from there the spans up to the
// entry: none of them went well or failed for another reason.
func (x *explainer) reachesEntry(g *group) bool {
	for n := x.chainTop(g).node.parent; n != nil; n = n.parent {
		if n.group != nil && n.group.dismissed == "" || x.states.of(n) == healthy {
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
func entryOf(g *group) *node { return g.node.top() }

// outcomeOf says what the failure meant to whoever called the entry (section 9). What the entry
// answered counts more than what was logged on the way.
func (x *explainer) outcomeOf(o origins) incident.Outcome {
	first := o.primary[0]
	top := x.chainTop(first)
	entry := entryOf(top)
	switch {
	case !entry.received() || entry.guessed:
		return incident.OutcomeUnknown
	case entry.span.StatusCode == signal.StatusError || entry.answer.failed() && !entry.answer.callersBusiness():
		return incident.OutcomeFailed
	case entry.span.StatusCode == signal.StatusOK || entry.answer.known() || x.states.speaking[entry.instrumentation()]:
		return incident.OutcomeDegraded
	case !x.reachesEntry(first):
		return incident.OutcomeDegraded
	}
	if thrown, _ := top.exception(); thrown != nil || top.failedSpan {
		return incident.OutcomeFailed // it left its service uncaught, and nothing above says otherwise
	}
	return incident.OutcomeUnknown
}
