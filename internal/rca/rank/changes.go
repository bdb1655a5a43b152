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

// changeContext is what changes are judged by: when it began, where the cause lies, and who else is on the failed path.
type changeContext struct {
	onset        signal.Nanos
	causes, path []string
}

// judgeChanges judges the changes around onset of the reported root.
func judgeChanges(r *Ranking) []Change {
	j := r.Shown.Judgement
	return changeContext{onset: r.onset, causes: []string{j.Service, j.Component}, path: r.Impact.Services}.judgeAll(r.Case.Changes)
}

// judgeAll judges changes, the likeliest first, then the latest.
func (x changeContext) judgeAll(changes []incident.Change) []Change {
	list := make([]Change, 0, len(changes))
	for _, ch := range changes {
		list = append(list, x.judge(ch))
	}
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(min(a.Suspicion, ChangedOther), min(b.Suspicion, ChangedOther)), -cmp.Compare(a.Change.Time, b.Change.Time),
			cmp.Compare(a.Change.ID, b.Change.ID))
	})
	return list
}

func (x changeContext) judge(ch incident.Change) Change {
	c := Change{Change: ch}
	switch {
	case ch.Time > x.onset:
		c.Suspicion = ChangedLate
	case !precedes(ch, x.onset):
		c.Suspicion = ChangedEarly
	default:
		c.Before = x.onset - ch.Time
		switch {
		case ch.Service != "" && slices.Contains(x.causes, ch.Service):
			c.Suspicion = ChangedCause
		case slices.Contains(x.path, ch.Service):
			c.Suspicion = ChangedPath
		default:
			c.Suspicion = ChangedOther
		}
	}
	return c
}

// precedes reports whether a change came shortly before onset.
func precedes(ch incident.Change, onset signal.Nanos) bool {
	return ch.Time <= onset && onset-ch.Time <= signal.Nanos(rules.ChangeWindow)
}

// blameChangedCallee moves a refusal to the callee, if a change of it precedes onset.
func (r *Ranking) blameChangedCallee() {
	j := r.Shown.Judgement
	if !j.IsRefusalByCaller() {
		return
	}
	if slices.ContainsFunc(r.Case.Changes, func(ch incident.Change) bool { return ch.Service == j.Callee && precedes(ch, r.onset) }) {
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
