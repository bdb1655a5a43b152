package incident

import (
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Link is what one failure contributes to one incident.
type Link struct {
	IncidentID    string
	RootSignature string // of the root it was classified as; an ungrouped incident holds many
	Outcome       Outcome
	Severity      Severity     // what the failure makes of the incident
	FirstError    signal.Nanos // event time
	LastError     signal.Nanos // event time
	Errors        int
	ErrorSignals  int
}

// Occurrence is a classified failure with the receipt times of its error signals.
type Occurrence struct {
	Classification
	FirstReceived time.Time
	LastReceived  time.Time
	// Source is who sent the failure, as a bucket.
	Source int32
	// Repeated tells that it was classified before by the very same records.
	Repeated bool
}

// Situation is what a backend loads before a failure is placed: the failure's links, every living
// incident they name or one of Signatures keys or is joined to, and what was opened within the last hour.
// Apply changes the incidents, and what was opened, in place.
type Situation struct {
	Links     []Link
	Incidents []*Incident
	Opened    *Openings
	// Joined has the incidents that take the failures of another root since a user merged that
	// one's incident into them: root signature to ID. They are among Incidents.
	Joined map[string]string
	// Similar has the near-duplicates of the roots' variants, by signature.
	Similar map[string]*NearDuplicates
}

// Openings counts the incidents of a tenant that were opened within the last hour, without ungrouped ones.
type Openings struct {
	Total     int
	ByService map[string]int
	BySource  map[int32]int
}

// NewOpenings returns a count of nothing.
func NewOpenings() *Openings {
	return &Openings{ByService: map[string]int{}, BySource: map[int32]int{}}
}

func (o *Openings) add(service string, source int32) {
	o.Total++
	o.ByService[service]++
	o.BySource[source]++
}

// Decision is what becomes of a failure's incidents. The backend saves Changed, replaces the
// failure's links, carries the merges out and recounts the incidents in Recount from their links.
type Decision struct {
	Links     []Link
	Changed   []*Incident
	Opened    []string // IDs of new incidents among Changed
	Triggered []string // IDs of incidents that want an analysis now
	Merges    []Merge
	Splits    []Split
	Aliases   []Alias
	Similar   []*NearDuplicates // that changed
	Recount   []string          // IDs of incidents that lost a link or took links over
	History   []Entry
}

// Merge moves the links of From to Into, and lets the incidents merged into From redirect there too.
type Merge struct{ From, Into string }

// Alias is a signature by which an incident is found beside its own.
type Alias struct {
	Signature  string
	Version    int // of the signature algorithm
	IncidentID string
}

// Entry records a change of identity, so that it can be understood and reversed.
type Entry struct {
	IncidentID    string
	Action        Action
	OtherID       string // the survivor of a merge, or the one it was split from
	FromSignature string
	ToSignature   string
	Reason        string // as of an analysis
}

// Action names what happened to an incident's identity.
type Action string

// The actions of an incident's history.
const (
	ActionOpened    Action = "opened"
	ActionRekeyed   Action = "rekeyed"   // it has another root: late signals moved its only failure, or one showed more of its cause
	ActionMerged    Action = "merged"    // its last failure belongs to another incident, or both have one cause
	ActionWithdrawn Action = "withdrawn" // its last failure was none
	ActionSplit     Action = "split"     // taken out of the incident it was merged into
)

// Signatures returns the keys of the incidents that may take the failure, or that its incident would take failures
// from, but for TenantUngrouped.
func (o Occurrence) Signatures() []string {
	var keys []string
	for _, r := range o.Roots {
		keys = append(keys, r.Signature, UngroupedSignature(r.Service))
		keys = slices.Concat(keys, r.Joins, r.Takes, r.KnownAs, r.variantSignatures())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// VariantSignatures returns the signatures of what the roots may have in common with near-duplicates.
func (o Occurrence) VariantSignatures() (signatures []string) {
	for _, r := range o.Roots {
		signatures = append(signatures, r.variantSignatures()...)
	}
	return signatures
}

// Apply places a classified failure: it decides which incidents its roots belong to, opens, joins,
// re-keys, merges and withdraws them, keeps their counts, and counts the triggers for analysis.
// Applying the same classification again changes no count.
func (s Situation) Apply(o Occurrence, p Policy, now time.Time, newID func() string) Decision {
	s.Links = slices.Clone(s.Links)
	if s.Opened == nil {
		s.Opened = NewOpenings()
	}
	l := ledger{Situation: s, occurrence: o, policy: p, now: now, newID: newID, targets: make([]*Incident, len(o.Roots))}
	l.placeKnown()
	l.placeUnknown()
	l.settle()
	l.noteVariants()
	l.register()
	l.link()
	return l.decision
}

// ledger is one Apply under way. targets has the incident of each root.
type ledger struct {
	Situation
	occurrence Occurrence
	policy     Policy
	now        time.Time
	newID      func() string
	targets    []*Incident
	urgent     map[string]string // incident ID → reason to analyse it at once
	decision   Decision
}

// placeKnown finds the incidents that exist already.
func (l *ledger) placeKnown() {
	for i, r := range l.occurrence.Roots {
		if l.targets[i] = l.takerOf(r); l.targets[i] == nil {
			l.targets[i] = l.ungroupedOf(r)
		}
	}
}

// placeUnknown re-keys or opens incidents for the roots that have none, last for those that may join
// one of the others'.
func (l *ledger) placeUnknown() {
	for _, mayJoin := range []bool{false, true} {
		for i, r := range l.occurrence.Roots {
			if l.targets[i] == nil && (len(r.Joins) > 0) == mayJoin {
				l.targets[i] = l.place(r)
			}
		}
	}
}

func (l *ledger) place(r Root) *Incident {
	if in := l.takerOf(r); in != nil { // opened by a root before it
		return in
	}
	if left := l.left(); left != nil {
		l.rekey(left, r, ReasonLateSignals)
		return left
	}
	return l.open(r)
}

// takerOf is the incident that takes a root: those that share its cause, made one, else that of its signature. One
// that a user took out of another keeps to its signature.
func (l *ledger) takerOf(r Root) *Incident {
	known := l.bySignature(r.Signature)
	if known != nil && known.Apart {
		return known
	}
	if in := l.unite(r, known); in != nil {
		return in
	}
	if known == nil {
		return l.similarTo(r)
	}
	return known
}

// settle decides about incidents the failure has left: one that lost its last failure is merged
// with the incident the failure went to, or withdrawn.
func (l *ledger) settle() {
	for i := range l.Links {
		from := l.byID(l.Links[i].IncidentID)
		if from == nil || slices.Contains(l.targets, from) {
			continue
		}
		l.Links[i].IncidentID = ""
		from.FailingTraces--
		l.changed(from)
		l.decision.Recount = append(l.decision.Recount, from.ID)
		switch into := l.successor(); {
		case from.FailingTraces > 0:
			l.late(from) // its report may rest on the failure
		case into != nil && !from.Ungrouped:
			l.merge(from, into)
		default:
			l.withdraw(from)
		}
	}
}

// link counts what the failure contributes to its incidents and what that asks for.
func (l *ledger) link() {
	links := map[string]*Link{}
	for i, r := range l.occurrence.Roots {
		in := l.targets[i]
		if same, ok := links[in.ID]; ok {
			same.Errors += r.Errors
			same.ErrorSignals += r.ErrorSignals
			same.FirstError = min(same.FirstError, l.onset(r))
			continue
		}
		links[in.ID] = &Link{
			IncidentID: in.ID, RootSignature: r.Signature, Outcome: l.occurrence.Outcome, Severity: l.severityIn(in),
			FirstError: l.onset(r), LastError: max(l.onset(r), l.occurrence.LastError),
			Errors: r.Errors, ErrorSignals: r.ErrorSignals,
		}
	}
	for _, in := range l.targets {
		if k, ok := links[in.ID]; ok {
			delete(links, in.ID)
			l.decision.Links = append(l.decision.Links, *k)
			l.count(in, *k)
		}
	}
}

// onset of a root by event time, by receipt time where its signals carry none.
func (l *ledger) onset(r Root) signal.Nanos {
	switch {
	case r.Onset != 0:
		return r.Onset
	case l.occurrence.FirstError != 0:
		return l.occurrence.FirstError
	default:
		return signal.NanosOf(l.occurrence.FirstReceived)
	}
}

// successor is the incident that took the failure over: one it was not linked to before, else the
// first it is linked to.
func (l *ledger) successor() *Incident {
	for _, t := range l.targets {
		if l.linkTo(t.ID) == nil {
			return t
		}
	}
	if len(l.targets) > 0 {
		return l.targets[0]
	}
	return nil
}

// left is an incident whose only failure is this one and to which none of its roots belongs.
func (l *ledger) left() *Incident {
	for _, link := range l.Links {
		in := l.byID(link.IncidentID)
		if in != nil && in.FailingTraces == 1 && !in.Ungrouped && !slices.Contains(l.targets, in) {
			return in
		}
	}
	return nil
}

// ungroupedOf is the ungrouped incident that holds the root already.
func (l *ledger) ungroupedOf(r Root) *Incident {
	for _, link := range l.Links {
		if in := l.byID(link.IncidentID); in != nil && in.Ungrouped && link.RootSignature == r.Signature {
			return in
		}
	}
	return nil
}

func (l *ledger) bySignature(signature string) *Incident {
	if signature == "" {
		return nil
	}
	for _, in := range l.Incidents {
		if in.RootSignature == signature && in.MergedInto == "" {
			return in
		}
	}
	return l.byID(l.Joined[signature])
}

func (l *ledger) byID(id string) *Incident {
	for _, in := range l.Incidents {
		if in.ID == id && in.MergedInto == "" {
			return in
		}
	}
	return nil
}

func (l *ledger) linkTo(id string) *Link {
	for i := range l.Links {
		if l.Links[i].IncidentID == id {
			return &l.Links[i]
		}
	}
	return nil
}

func (l *ledger) changed(in *Incident) {
	if !slices.Contains(l.decision.Changed, in) {
		l.decision.Changed = append(l.decision.Changed, in)
	}
}
