package rank

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// Suspicion is how likely a change set the failure off.
type Suspicion int

// Suspicions, the strongest first.
const (
	ChangedCause Suspicion = iota // of where the cause lies, shortly before onset
	ChangedPath                   // of another service on the failed path, shortly before onset
	ChangedOther                  // of nothing on the failed path, shortly before onset
	ChangedEarly                  // long before onset
	ChangedLate                   // after onset
)

// Change is a change around onset and how suspect it is.
type Change struct {
	Change    incident.Change
	Suspicion Suspicion
	// Before is how long before onset it came, where it came shortly before.
	Before signal.Nanos
}

// judgeChanges judges the changes around onset, the likeliest first, then the latest.
func judgeChanges(r *Ranking) []Change {
	list := make([]Change, 0, len(r.Case.Changes))
	for _, ch := range r.Case.Changes {
		list = append(list, judgeChange(r, ch))
	}
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(min(a.Suspicion, ChangedOther), min(b.Suspicion, ChangedOther)), -cmp.Compare(a.Change.Time, b.Change.Time),
			cmp.Compare(a.Change.ID, b.Change.ID))
	})
	return list
}

func judgeChange(r *Ranking, ch incident.Change) Change {
	c := Change{Change: ch}
	j := r.Shown.Judgement
	switch {
	case ch.Time > r.onset:
		c.Suspicion = ChangedLate
	case !precedesOnset(r, ch):
		c.Suspicion = ChangedEarly
	default:
		c.Before = r.onset - ch.Time
		switch {
		case ch.Service != "" && (ch.Service == j.Service || ch.Service == j.Component):
			c.Suspicion = ChangedCause
		case slices.Contains(r.Impact.Services, ch.Service):
			c.Suspicion = ChangedPath
		default:
			c.Suspicion = ChangedOther
		}
	}
	return c
}

// precedesOnset reports whether a change came shortly before onset.
func precedesOnset(r *Ranking, ch incident.Change) bool {
	return ch.Time <= r.onset && r.onset-ch.Time <= signal.Nanos(rules.ChangeWindow)
}

// blameChangedCallee moves a refusal to the callee, if a change of it precedes onset.
func (r *Ranking) blameChangedCallee() {
	j := r.Shown.Judgement
	if !j.IsRefusalByCaller() {
		return
	}
	if slices.ContainsFunc(r.Case.Changes, func(ch incident.Change) bool { return ch.Service == j.Callee && precedesOnset(r, ch) }) {
		j.BlameCallee()
	}
}

// triggerOf says what set the cause off, as far as the case shows: a change of where the cause lies, or a server
// outside, which said itself that it had failed. That no telemetry comes from where a call failed shows nothing.
func triggerOf(r *Ranking) incident.Trigger {
	if len(r.Changes) > 0 && r.Changes[0].Suspicion == ChangedCause {
		return incident.TriggerChange
	}
	j := r.Shown.Judgement
	answered := j.Group.Node.IsExitCall() && j.Group.Node.Status.IsFromPeer()
	if j.Kind == incident.KindDependency && answered && j.Peer.Service == "" && j.Peer.System == "" && address.IsPublic(j.Peer.Host) {
		return incident.TriggerExternal
	}
	return incident.TriggerNoneFound
}
