package incident

import "time"

// Routine is the share of an error that was there before (docs/verdict.md, section 15): Failing of Requests of its
// entry operation had it.
type Routine struct {
	Failing  int       `json:"failing"`
	Requests int       `json:"requests"`
	Since    time.Time `json:"since"` // time of receipt; when it was first seen, within what is compared
}

// routineAfter is how long, by time of receipt, an incident must have had none but routine failures to be routine: it
// may have other entry operations, of which its error is none. It is as long as a share takes to leave its baseline.
const routineAfter = 10 * time.Minute

// routineIn is the share of the failure's roots in an incident, nil unless they all are routine.
func (l *ledger) routineIn(in *Incident) (found *Routine) {
	for i, r := range l.occurrence.Roots {
		if l.targets[i] != in {
			continue
		}
		if r.Routine == nil {
			return nil
		}
		found = r.Routine
	}
	return found
}

// weigh makes an incident routine, or ends that. It returns the reason to analyse it where that changed, else "".
func (l *ledger) weigh(in *Incident) (reason string) {
	received, routine := l.occurrence.LastReceived, l.routineIn(in)
	if routine == nil {
		if received.After(in.UnusualAt) {
			in.UnusualAt = received
		}
		if in.Routine != nil {
			in.Routine, reason = nil, ReasonLeftBaseline
		}
		return reason
	}
	switch {
	case in.Routine != nil:
		in.Routine = routine
	case received.Sub(in.UnusualAt) >= routineAfter:
		in.Routine, reason = routine, ReasonRoutine
	}
	return reason
}
