package rca

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// explainer finds what explains what in one trace (section 3). Explanations only lead down the
// tree, those of cancellations only up to what is no consequence of them, and those between trees
// from later to earlier trees: so they never go round in circles.
type explainer struct {
	tree   *trace.Tree
	groups *groups
	states *states
	dir    *trace.Directory
	// budget bounds walks up and down the tree over the whole trace, which hostile traces could
	// make quadratic.
	budget int
	// refusedCallers has the other callers that were refused, by callee and operation.
	refusedCallers map[string][]string
	calls          []incident.CallStats
	signals        failure.Signals
}

const (
	walkBudget = 4_000_000
	// maxPending bounds the unexplaining groups that are offered to spans further up.
	maxPending = 64
)

func explain(tr *trace.Tree, groups *groups, signals failure.Signals, dir *trace.Directory, k incident.Knowledge) *explainer {
	x := &explainer{
		tree: tr, groups: groups, states: newStates(tr, groups), dir: dir, budget: walkBudget,
		refusedCallers: k.RefusedCallers, calls: k.Calls, signals: signals,
	}
	x.dismissRecovered()
	x.dismissCallersBusiness()
	x.explainUpwards()
	x.dismissRefusedEntries()
	x.reviveCallersBusiness()
	x.explainAcrossTrees()
	x.explainCancellations()
	return x
}

// explainUpwards offers every group to the failed spans above it, nearest first, until a span
// that went well is in between.
func (x *explainer) explainUpwards() {
	pending := make(map[*trace.Node][]*group)
	for _, n := range slices.Backward(x.tree.Nodes) {
		below := pending[n]
		delete(pending, n)
		if g := x.groups.of(n); g != nil && g.dismissed == "" {
			below = x.explainGroup(g, below)
		} else if x.states.of(n) == healthy {
			continue
		}
		if n.Parent != nil && len(below) > 0 {
			pending[n.Parent] = appendPending(pending[n.Parent], below)
		}
	}
}

// appendPending joins two lists, the shorter into the longer, so that deep and wide trees stay cheap.
func appendPending(a, b []*group) []*group {
	if len(a) < len(b) {
		a, b = b, a
	}
	return append(a, b...)
}

// explainGroup chooses what explains g among the groups below it, and returns what is offered to
// the spans above: g itself, and what failed after g had been told. What failed before and does
// not explain g was survived.
func (x *explainer) explainGroup(g *group, below []*group) []*group {
	x.inheritCancellation(g, below)
	chosen := x.choose(g, below)
	if g.timedOut() {
		g.place = x.descend(g)
		if deeper := x.groupsAt(g); len(deeper) > 0 {
			chosen = deeper
		}
	}
	if len(chosen) == 1 {
		x.teach(chosen[0], g)
	}
	taken := make(map[*group]bool, len(chosen))
	for _, b := range chosen {
		if g.reports(b) {
			link(b, g)
		} else {
			link(g, b)
		}
		taken[b] = true
	}
	rest := slices.DeleteFunc(below, func(b *group) bool {
		return taken[b] || !g.cancelled() && !x.after(g, b)
	})
	return append(latest(rest), g)
}

// teach gives a failed call, whose own span says only that it failed, the reason that the caller's
// record above it has.
func (x *explainer) teach(call, above *group) {
	if !above.reason.IsOfCall() && !above.reason.IsOwnResource() {
		return
	}
	if call.reason.Rank != vocabulary.RankUnknown || !call.node.IsExitCall() || !call.onlyMarked() || len(call.explainedBy) > 0 ||
		call.node.Service != above.node.Service || above.peer.IsKnown() && !above.peer.IsSame(call.peer) {
		return
	}
	call.reason = above.reason
	if call.timedOut() {
		call.place = x.descend(call)
	}
}

func compareGroups(a, b *group) int { return cmp.Compare(a.node.Index, b.node.Index) }

func link(a, b *group) {
	a.explainedBy = append(a.explainedBy, b)
	b.explains = append(b.explains, a)
}

// choose picks the explanations of g: all that qualify, but for an exception of g's own code only
// the last failed call before it was thrown.
func (x *explainer) choose(g *group, below []*group) []*group {
	var fit []*group
	for _, b := range below {
		if x.qualifies(g, b) {
			fit = append(fit, b)
		}
	}
	thrown, in := g.exception()
	if len(fit) == 0 || thrown == nil {
		return fit
	}
	last := x.lastCall(g, latest(fit))
	g.rival = isOwnFault(in) && x.called(g, last) && !x.speaksOf(g, last)
	return []*group{last}
}

// latest are the groups that ended last, at most maxPending of them.
func latest(groups []*group) []*group {
	if len(groups) <= maxPending {
		return groups
	}
	sorted := slices.Clone(groups)
	slices.SortFunc(sorted, func(a, b *group) int { return cmp.Or(-cmp.Compare(a.end, b.end), compareGroups(a, b)) })
	return sorted[:maxPending]
}

// lastCall is the failed call that ended last; one that g speaks of comes before any other, and a
// plain error log after all.
func (x *explainer) lastCall(g *group, fit []*group) *group {
	return slices.MaxFunc(fit, func(a, b *group) int {
		return cmp.Or(compareBool(x.speaksOf(g, a), x.speaksOf(g, b)), compareBool(!a.onlySaid(), !b.onlySaid()),
			cmp.Compare(a.end, b.end), -compareGroups(a, b))
	})
}

// called tells whether a call lies on the way down from g to b.
func (x *explainer) called(g, b *group) bool {
	for n := b.node; n != nil && n != g.node && x.budget > 0; n = n.Parent {
		x.budget--
		if n.IsExitCall() || n.Service != g.node.Service {
			return true
		}
	}
	return false
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// qualifies tells whether b, below g, may explain g.
func (x *explainer) qualifies(g, b *group) bool {
	switch {
	case g.cancelled() || b.cancelled() || b.dismissed != "":
		return false
	case x.after(g, b) && !(g.answered() && b.node.Service != g.node.Service):
		return false
	case b.onlySaid() && b.node.Service == g.node.Service && g.reason.Rank <= vocabulary.RankTimeout:
		return false // a plain error log beside an error that says more
	case g.reason.IsOwnResource() && !g.answered():
		return b.node.Service == g.node.Service // what ran out in a service did not run out elsewhere
	case g.reason.Means == vocabulary.Unreachable && !g.answered() && g.peer.IsKnown():
		return x.concerns(b, g)
	default:
		return true
	}
}

// after tells whether b was over only after g. An exception may be stamped after its span's end.
func (x *explainer) after(g, b *group) bool {
	over := min(b.end, b.told)
	if b.failedSpan {
		over = min(over, b.node.End)
	}
	return over > g.end+x.tree.Tolerance
}

// onlySaid tells whether the group is a log without exception, code or any other sign.
func (g *group) onlySaid() bool { return g.reason.Rank == vocabulary.RankUnknown && !g.failedSpan }

// concerns tells whether b happened at the peer that g could not reach.
func (x *explainer) concerns(b, g *group) bool {
	if b.peer.IsKnown() && b.peer.IsSame(g.peer) {
		return true
	}
	if b.node.Service == g.node.Service {
		return !b.peer.IsKnown() && b.reason.Rank <= vocabulary.RankPeerError
	}
	return g.peer.Service != "" && x.leads(g.node, b.node, g.peer.Service)
}

// leads tells whether the way down from a to b passes a span of the service.
func (x *explainer) leads(a, b *trace.Node, service string) bool {
	for n := b; n != nil && n != a && x.budget > 0; n = n.Parent {
		x.budget--
		if n.Service == service {
			return true
		}
	}
	return false
}

// isOwnFault tells whether an exception is a programming or data error thrown by own code.
func isOwnFault(in *evidence) bool {
	for _, e := range in.exceptions {
		inner := e.Innermost()
		if !isProgramError(inner) {
			continue
		}
		for _, f := range inner.Frames {
			if f.InApp {
				return true
			}
		}
	}
	return false
}

// isProgramError goes by the type of an exception, and by its message only where the type says
// nothing, as with Go's panics.
func isProgramError(x *failure.Exception) bool {
	text := x.Type
	if !strings.HasSuffix(text, "Exception") && !strings.HasSuffix(text, "Error") || vocabulary.IsWrapper(text) || strings.HasPrefix(text, "runtime.") {
		text += ": " + x.Message
	}
	return slices.ContainsFunc(vocabulary.InText(text), func(s *vocabulary.Row) bool { return s.IsCodes() })
}

// speaksOf tells whether g's evidence names the call that leads to b, its status or exception.
func (x *explainer) speaksOf(g, b *group) bool {
	call := b.node
	for n := b.node; n != nil && n != g.node && x.budget > 0; n = n.Parent {
		x.budget--
		call = n
		if n.IsExitCall() && n.Service == g.node.Service {
			break
		}
	}
	_, thrown := b.exception()
	for _, e := range g.evidence {
		if namesCall(e.whole, call, x.dir) || b.node.Service != g.node.Service && hasWord(e.whole, b.node.Service) {
			return true
		}
		if thrown != nil && thrown.exceptions[0].Message != "" && strings.Contains(e.whole, thrown.exceptions[0].Message) {
			return true
		}
	}
	return false
}
