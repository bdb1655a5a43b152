package incident

import (
	"slices"
	"time"
)

// joinSlack is how far apart two onsets may lie that still count as overlapping: failures of one
// cause reach the store out of order.
const joinSlack = time.Minute

// unite makes one incident, the oldest, of those that share a root's cause, and returns it; nil where there is none.
// It goes on with the root that tells most. known is the incident of the root's signature, nil where there is none.
func (l *ledger) unite(r Root, known *Incident) *Incident {
	more, less := l.sharing(r, r.Joins), l.sharing(r, r.Takes)
	all := slices.Concat(more, less)
	if len(all) == 0 {
		return nil
	}
	if known != nil && (len(more) == 0 || l.overlaps(known, r)) { // no other may get its signature
		all = append(all, known)
	}
	into := slices.MinFunc(all, compareAge)
	switch {
	case len(more) > 0:
		l.exchangeRoots(into, more[0], r)
	case known != nil:
		l.exchangeRoots(into, known, r)
	default:
		l.rekey(into, r, ReasonSameCause)
	}
	for _, from := range all {
		if from != into && from.MergedInto == "" {
			l.mergeLiving(from, into, ReasonSameCause)
		}
	}
	return into
}

// sharing are the open incidents that any of the keys leads to and whose time a root overlaps, in the order of the
// keys. Where others are known by a key as well, as those that name less of a store, only what has it for a signature
// is meant.
func (l *ledger) sharing(r Root, keys []string) (found []*Incident) {
	for _, key := range keys {
		in := l.bySignature(key)
		if in == nil || in.Ungrouped || in.Apart || !l.overlaps(in, r) || slices.Contains(found, in) {
			continue
		}
		if in.RootSignature == key || !slices.Contains(r.KnownAs, key) || slices.Contains(r.Joins, key) {
			found = append(found, in)
		}
	}
	return found
}

// overlaps reports whether a root was seen while an open incident was; a resolved one keeps what it took.
func (l *ledger) overlaps(in *Incident, r Root) bool {
	if in.Status == StatusResolved && l.linkTo(in.ID) == nil {
		return false
	}
	first, last := l.onset(r).Time(), max(l.onset(r), l.occurrence.LastError).Time()
	return !first.After(in.LastSeen.Add(joinSlack)) && !last.Before(in.FirstSeen.Add(-joinSlack))
}

// exchangeRoots gives an incident the root of another one, what is known of it, and those keys of that root by which r
// found it. The other gets its root, so that each has one of its own if they are split.
func (l *ledger) exchangeRoots(in, other *Incident, r Root) {
	if in == other {
		return
	}
	l.forgetKeys(in)
	for _, key := range r.Joins {
		if l.Joined[key] == other.ID {
			l.alias(key, r, in)
		}
	}
	l.record(in, ActionRekeyed, in.RootSignature, other.RootSignature, ReasonSameCause)
	l.record(other, ActionRekeyed, other.RootSignature, in.RootSignature, ReasonSameCause)
	in.RootSignature, other.RootSignature = other.RootSignature, in.RootSignature
	in.SignatureParts, other.SignatureParts = other.SignatureParts, in.SignatureParts
	in.Title, other.Title = other.Title, in.Title
	in.Category, other.Category = other.Category, in.Category
	in.RootCause, other.RootCause = other.RootCause, in.RootCause
	in.Confidence, other.Confidence = other.Confidence, in.Confidence
}

// forgetKeys forgets what an incident was known by, as it has another root.
func (l *ledger) forgetKeys(in *Incident) {
	for _, r := range l.occurrence.Roots {
		for _, key := range slices.Concat(r.Joins, r.Takes, r.KnownAs) {
			if l.Joined[key] == in.ID {
				delete(l.Joined, key)
			}
		}
	}
}

// mergeLiving merges an incident into an older one, with which it turned out to be one.
func (l *ledger) mergeLiving(from, into *Incident, reason string) {
	for i := range l.Links {
		if l.Links[i].IncidentID == from.ID && l.linkTo(into.ID) == nil {
			l.Links[i].IncidentID = into.ID // it counts there already
		}
	}
	for i, t := range l.targets {
		if t == from {
			l.targets[i] = into
		}
	}
	into.absorb(from)
	into.FailingTraces += from.FailingTraces
	into.AnalysedTraces = max(into.AnalysedTraces, from.AnalysedTraces)
	into.Errors += from.Errors
	into.ErrorSignals += from.ErrorSignals
	if into.Status == StatusResolved && from.Status != StatusResolved {
		into.Status, into.ResolvedAt = StatusRegressed, nil
	}
	l.moveInto(from, into, reason)
}

// register lets the keys by which roots are known lead to the incidents that have them, unless they lead to another
// open one.
func (l *ledger) register() {
	for i, r := range l.occurrence.Roots {
		in := l.targets[i]
		for _, key := range r.KnownAs {
			has := l.bySignature(key)
			if in.RootSignature == r.Signature && has != in && (has == nil || !l.overlaps(has, r)) {
				l.alias(key, r, in)
			}
		}
	}
}

func (l *ledger) alias(key string, r Root, in *Incident) {
	l.decision.Aliases = append(l.decision.Aliases, Alias{Signature: key, Version: r.Parts.Version, IncidentID: in.ID})
	if l.Joined == nil {
		l.Joined = map[string]string{}
	}
	l.Joined[key] = in.ID
}

func compareAge(a, b *Incident) int {
	switch {
	case a == b:
		return 0
	case older(a, b):
		return -1
	}
	return 1
}
