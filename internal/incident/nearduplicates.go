package incident

import (
	"slices"
	"time"
)

// Variant is a root but for one word of its message, which may be a value that reads like a word.
type Variant struct {
	Signature string `json:"signature"` // of the root without the word
	Message   string `json:"message"`   // without the word
	Position  int    `json:"position"`  // of the word, from 1
	Word      string `json:"word"`
}

// NearDuplicates are errors that differ in one word of their message, and by which rule they are one incident. No
// report depends on it.
type NearDuplicates struct {
	Signature string             `json:"-"` // of what they have in common
	Rule      string             `json:"rule"`
	Message   string             `json:"message"`
	Position  int                `json:"position"` // of the word in which they differ, from 1
	Examples  []Example          `json:"examples"` // up to enoughExamples
	State     NearDuplicateState `json:"state"`
	JoinedAt  time.Time          `json:"joined_at"`
	// IncidentID is the incident that takes the failures of all once they are joined, until then that of the first.
	IncidentID string `json:"-"`
	// Into is the living incident that IncidentID is or was merged into, as known when they were loaded.
	Into string `json:"-"`
}

// MovedInto notes that an incident was merged.
func (n *NearDuplicates) MovedInto(m Merge) {
	if n.Into == m.From {
		n.Into = m.Into
	}
	for i := range n.Examples {
		if n.Examples[i].Into == m.From {
			n.Examples[i].Into = m.Into
		}
	}
}

// Example is one of the words in which near-duplicates differ.
type Example struct {
	Word       string `json:"word"`
	IncidentID string `json:"incident_id"` // opened for it
	Into       string `json:"-"`           // as NearDuplicates.Into
}

// RuleOneWord joins errors of equal service, kind, type and operation, or frames, whose messages differ in one word
// that looks like an identifier each time.
const RuleOneWord = "one_word"

// NearDuplicateState says whether near-duplicates are one incident.
type NearDuplicateState string

// The states of near-duplicates.
const (
	NearDuplicatesSeen   NearDuplicateState = "seen"   // too few to tell
	NearDuplicatesJoined NearDuplicateState = "joined" // one incident
	NearDuplicatesSplit  NearDuplicateState = "split"  // a user split one off: each is an incident of its own
)

// MaxNearDuplicates bounds how many rules are shown of an incident.
const MaxNearDuplicates = 20

// enoughExamples is how many different words show that a word is a value.
const enoughExamples = 3

// similarTo is the incident that takes a root's near-duplicates.
func (l *ledger) similarTo(r Root) *Incident {
	for _, v := range r.Variants {
		if known := l.Similar[v.Signature]; known != nil && known.State == NearDuplicatesJoined {
			if in := l.byID(known.Into); in != nil {
				return in
			}
		}
	}
	return nil
}

// noteVariants notes the variants of roots that have incidents of their own, and makes one of those that are enough.
func (l *ledger) noteVariants() {
	for i, r := range l.occurrence.Roots {
		in := l.targets[i]
		for _, v := range r.Variants {
			if in.Ungrouped || in.RootSignature != r.Signature {
				break
			}
			l.noteVariant(v, in)
			in = l.targets[i]
		}
	}
}

func (l *ledger) noteVariant(v Variant, in *Incident) {
	if l.Similar == nil {
		l.Similar = map[string]*NearDuplicates{}
	}
	n := l.Similar[v.Signature]
	if n == nil {
		n = &NearDuplicates{Signature: v.Signature, Rule: RuleOneWord, Message: v.Message, Position: v.Position, State: NearDuplicatesSeen, IncidentID: in.ID, Into: in.ID}
		l.Similar[v.Signature] = n
	}
	if n.State != NearDuplicatesSeen || slices.ContainsFunc(n.Examples, func(e Example) bool { return e.Word == v.Word }) {
		return
	}
	n.Examples = append(slices.Clip(n.Examples), Example{Word: v.Word, IncidentID: in.ID, Into: in.ID})
	if len(n.Examples) >= enoughExamples {
		l.joinSimilar(n)
	}
	l.decision.Similar = append(l.decision.Similar, n)
}

// joinSimilar makes one incident of near-duplicates, the oldest. Where a user took one of them out of another
// incident, they stay as they are.
func (l *ledger) joinSimilar(n *NearDuplicates) {
	var all []*Incident
	for _, e := range n.Examples {
		in := l.byID(e.Into)
		if in == nil || slices.Contains(all, in) {
			continue
		}
		if in.Apart || in.Ungrouped {
			n.State = NearDuplicatesSplit
			return
		}
		all = append(all, in)
	}
	into := slices.MinFunc(all, compareAge)
	n.State, n.JoinedAt, n.IncidentID, n.Into = NearDuplicatesJoined, l.now, into.ID, into.ID
	for _, from := range all {
		if from != into {
			from.Joined = true
			l.mergeLiving(from, into, ReasonNearDuplicates)
		}
	}
}
