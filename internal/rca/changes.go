package rca

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// changeWindow is how long before onset a change may have triggered it, in nanoseconds.
const changeWindow = signal.Nanos(30 * 60 * 1_000_000_000)

// Verdicts on changes.
const (
	changeSuspected = "suspected" // of the root's service, shortly before onset
	changePossible  = "possible"  // of another service on the failed path, shortly before onset
	changeUnlikely  = "unlikely"
)

// suspectedChanges judges the changes around onset, the likeliest first.
func (c *caseView) suspectedChanges() []incident.SuspectedChange {
	list := []incident.SuspectedChange{}
	changes := slices.Clone(c.in.Changes)
	slices.SortFunc(changes, func(a, b incident.Change) int {
		return cmp.Or(-cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	for _, want := range []string{changeSuspected, changePossible, changeUnlikely} {
		for _, ch := range changes {
			if s := c.judgeChange(ch); s.Verdict == want {
				list = append(list, s)
			}
		}
	}
	return list
}

func (c *caseView) judgeChange(ch incident.Change) incident.SuspectedChange {
	s := incident.SuspectedChange{ID: ch.ID, Verdict: changeUnlikely}
	say := func(format string, args ...any) incident.Statement {
		return incident.Statement{Statement: fmt.Sprintf(format, args...), Evidence: []incident.Ref{incident.Ref("change:" + ch.ID)}}
	}
	onset, j := c.onset(), c.face.judgement
	switch {
	case ch.Time > onset:
		s.Against = append(s.Against, say("it came after the first failure"))
		return s
	case onset-ch.Time > changeWindow:
		s.Against = append(s.Against, say("it came more than 30 min before the first failure"))
		return s
	}
	s.For = append(s.For, say("it came %s before the first failure", trace.FormatDuration(trace.InstantOf(onset-ch.Time))))
	switch {
	case ch.Service != "" && (ch.Service == j.service || ch.Service == j.component):
		s.Verdict = changeSuspected
		s.For = append(s.For, say("it changed %s, where the cause lies", ch.Service))
	case slices.Contains(c.impact().Services, ch.Service):
		s.Verdict = changePossible
		s.Against = append(s.Against, say("it changed %s, on the failed path but not where the cause lies", ch.Service))
	default:
		s.Against = append(s.Against, say("it changed nothing on the failed path"))
	}
	return s
}

// trigger says what set the cause off, as far as the case shows.
func (c *caseView) trigger() incident.Trigger {
	for _, s := range c.suspectedChanges() {
		if s.Verdict == changeSuspected {
			return incident.TriggerChange
		}
	}
	j := c.face.judgement
	if j.kind == incident.KindDependency && j.peer.Service == "" {
		return incident.TriggerExternal
	}
	return incident.TriggerNoneFound
}
