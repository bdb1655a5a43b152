package incident

import (
	"errors"
	"fmt"
	"time"
)

// Split takes an incident out of the one it was merged into: the links of From with the merged
// incident's signature go back to To, and those it brought, but for failures that From had as well.
type Split struct{ From, To string }

// MergeRequested merges the younger of two incidents into the older because a user knows that they
// have one cause. From then on the older takes the failures of both roots, until the younger is
// split off again.
func MergeRequested(a, b *Incident) (Decision, error) { return mergeJoined(a, b, ReasonRequested) }

// mergeJoined merges the younger of two incidents into the older, which takes the failures of both
// roots from then on.
func mergeJoined(a, b *Incident, reason string) (Decision, error) {
	for _, in := range []*Incident{a, b} {
		switch {
		case in.MergedInto != "":
			return Decision{}, fmt.Errorf("incident %s is merged into %s already", in.ID, in.MergedInto)
		case in.Ungrouped:
			return Decision{}, fmt.Errorf("incident %s holds many causes; it cannot be merged", in.ID)
		}
	}
	if a.ID == b.ID {
		return Decision{}, errors.New("an incident cannot be merged with itself")
	}
	into, from := a, b
	if older(b, a) {
		into, from = b, a
	}
	from.MergedInto, from.Joined, from.Apart = into.ID, true, false
	into.absorb(from)
	if into.Status == StatusResolved && from.Status != StatusResolved {
		into.Status, into.ResolvedAt = from.Status, nil
	}
	into.Want(reason, time.Time{})
	return Decision{
		Changed: []*Incident{from, into}, Triggered: []string{into.ID}, Recount: []string{from.ID, into.ID},
		Merges:  []Merge{{From: from.ID, Into: into.ID}},
		History: []Entry{{IncidentID: from.ID, Action: ActionMerged, OtherID: into.ID, FromSignature: from.RootSignature, ToSignature: into.RootSignature, Reason: reason}},
	}, nil
}

// absorb adds what is known of another incident, but for its counts.
func (in *Incident) absorb(from *Incident) {
	in.see(from.FirstSeen, from.LastSeen, from.LastFailureAt)
	in.reach(from.Services, from.Environments, from.Versions)
	if from.Routine == nil {
		in.Routine = nil
	}
	if from.UnusualAt.After(in.UnusualAt) {
		in.UnusualAt = from.UnusualAt
	}
	in.Reported = WorseSeverity(in.Reported, from.Reported)
}

// SplitRequested undoes the merge of an incident into another. rooted are the living incidents of
// the merged one's root.
func SplitRequested(merged, survivor *Incident, rooted []Incident) (Decision, error) {
	if len(rooted) > 0 {
		return Decision{}, fmt.Errorf("incident %s has the root of incident %s now: both would want the same failures", rooted[0].ID, merged.ID)
	}
	merged.MergedInto, merged.Joined, merged.Apart = "", false, true
	merged.ask()
	survivor.ask()
	return Decision{
		Changed: []*Incident{merged, survivor}, Triggered: []string{merged.ID, survivor.ID}, Recount: []string{merged.ID, survivor.ID},
		Splits:  []Split{{From: survivor.ID, To: merged.ID}},
		History: []Entry{{IncidentID: merged.ID, Action: ActionSplit, OtherID: survivor.ID, FromSignature: survivor.RootSignature, ToSignature: merged.RootSignature, Reason: ReasonRequested}},
	}, nil
}

// ask has an incident analysed because a user changed what belongs to it.
func (in *Incident) ask() { in.Want(ReasonRequested, time.Time{}) }
