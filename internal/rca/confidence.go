package rca

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// limit is the most that may be claimed, and why.
type limit struct {
	max incident.Confidence
	why string
}

// abstainBelow is the confidence under which a verdict is none.
const abstainBelow = incident.Confidence(500_000)

// baseConfidence is what the kind of evidence is worth before any limit.
func baseConfidence(j *judgement) incident.Confidence {
	switch j.kind {
	case incident.KindResource, incident.KindDependency:
		return 900_000
	case incident.KindSlow, incident.KindEdge:
		return 850_000
	case incident.KindCode:
		if thrown, _ := j.group.exception(); thrown != nil && len(thrown.Innermost().Frames) > 0 {
			return 900_000
		}
		return 850_000
	default:
		return 400_000
	}
}

// limitByTrace adds what the trace at hand does not allow to claim.
func (x *explainer) limitByTrace(j *judgement) {
	if len(x.tree.Trace.Spans) == 0 {
		j.limits = append(j.limits, limit{600_000, "there are logs only"})
	} else if x.parentMissing(j.group) {
		j.limits = append(j.limits, limit{700_000, "a span between the cause and the entry was not received"})
	}
	if x.hasRival(j.group) {
		j.limits = append(j.limits, limit{700_000, "the caller's own code may have failed as well"})
	}
}

func (x *explainer) parentMissing(g *group) bool {
	for _, n := range x.path(g) {
		if !n.IsReceived() || n.Guessed {
			return true
		}
	}
	return false
}

func (x *explainer) hasRival(g *group) bool { return x.rivalOf(g) != nil }

// rivalOf is the error of own code that the origin explains, but which may have a cause of its own.
func (x *explainer) rivalOf(g *group) *group {
	for _, n := range x.path(g) {
		if r := x.groups.of(n); r != nil && r.rival && r.dismissed == "" {
			return r
		}
	}
	return nil
}

// sharePart is what may be claimed of a cause that only some of the failing traces have.
func sharePart(have, of int) incident.Confidence {
	return incident.Confidence(500_000 + 400_000*int64(have)/int64(of)) //nolint:gosec // at most 900,000
}

// confidence applies all limits, and those of the case: one trace without anything to compare it
// with, and traces that do not have this root. The caps are those that hold it down, lowest first.
func (c *caseView) confidence() (incident.Confidence, []incident.Cap) {
	j := c.face.judgement
	value := baseConfidence(j)
	limits := append([]limit(nil), j.limits...)
	if len(c.support) == 1 && len(c.in.Healthy) == 0 {
		limits = append(limits, limit{800_000, "there is one failing trace and nothing to compare it with"})
	}
	if n, shown := len(c.traces), c.shown(); shown < n {
		limits = append(limits, limit{
			sharePart(shown, n),
			fmt.Sprintf("%d of %s show this cause", shown, count(n, "failing trace")),
		})
	}
	var caps []incident.Cap
	for _, l := range limits {
		if l.max <= baseConfidence(j) {
			caps = append(caps, incident.Cap{At: l.max, Reason: l.why})
		}
		value = min(value, l.max)
	}
	slices.SortStableFunc(caps, func(a, b incident.Cap) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Reason, b.Reason))
	})
	return value, slices.Compact(caps)
}

// shown counts the supporting traces that show what is reported; where something certain is, those
// that show nothing certain are only consistent with it.
func (c *caseView) shown() int {
	n := 0
	for _, s := range c.support {
		if s.root.Abstained == c.face.root.Abstained {
			n++
		}
	}
	return n
}
