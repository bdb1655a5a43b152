package incident

import (
	"cmp"
	"slices"
	"time"
)

// The reasons for an analysis; each stored revision gives its own.
const (
	ReasonOpened       = "opened"
	ReasonRegressed    = "regressed"
	ReasonLeftBaseline = "left_baseline" // a routine error's share left its baseline
	ReasonRoutine      = "routine"       // an error became routine
	ReasonRequested    = "requested"
	ReasonGrew         = "grew"
	ReasonNewScope     = "new_scope"
	ReasonUpgraded     = "upgraded"   // a later version of the signatures has one for several incidents
	ReasonSameCause    = "same_cause" // a failure showed more of its cause, or that another incident has the same
	// ReasonNearDuplicates is that of errors which differ in one word and turned out to be one.
	ReasonNearDuplicates = "near_duplicates"
	ReasonLateSignals    = "late_signals"
)

// growth is the factor of failing traces at which an incident is analysed again.
const growth = 10

// Late signals ask for an analysis at most once per firstLateWait, then twice as long each time.
const (
	firstLateWait = time.Minute
	longestWait   = time.Hour
)

// byWeight orders the reasons: of several that wait together the first is given.
var byWeight = []string{ReasonOpened, ReasonRegressed, ReasonLeftBaseline, ReasonRequested, ReasonGrew, ReasonNewScope, ReasonUpgraded, ReasonSameCause, ReasonNearDuplicates, ReasonRoutine, ReasonLateSignals}

// Want counts a trigger, to be taken up when due at the earliest (zero for at once). Of several
// triggers that wait together the weightiest names the reason and the earliest the time. An
// analysis that was given up is taken up again.
func (in *Incident) Want(reason string, due time.Time) {
	in.Wanted++
	in.AnalysisState = AnalysisPending
	if in.WantReason == "" {
		in.WantReason, in.WantDue = reason, due
		return
	}
	if slices.Index(byWeight, reason) < slices.Index(byWeight, in.WantReason) {
		in.WantReason = reason
	}
	if due.Before(in.WantDue) {
		in.WantDue = due
	}
}

// count adds a link to its incident and counts the triggers this gives.
func (l *ledger) count(in *Incident, k Link) {
	l.changed(in)
	before := l.linkTo(in.ID)
	if before == nil {
		in.FailingTraces++
		before = &Link{}
	}
	fresh := before.IncidentID == ""
	first := fresh && in.FailingTraces == 1
	in.Errors += k.Errors - before.Errors
	in.ErrorSignals += k.ErrorSignals - before.ErrorSignals
	newest := l.occurrence.LastReceived.After(in.LastFailureAt) && !k.LastError.Time().Before(in.LastSeen.Add(l.policy.ResolveAfter))
	in.see(k.FirstError.Time(), k.LastError.Time(), l.occurrence.LastReceived)
	if reason := l.weigh(in); reason != "" && !first {
		l.urge(in, reason)
	}
	wider := in.reach(l.occurrence.Services, l.occurrence.Environments, l.occurrence.Versions)
	l.trigger(in, fresh, first, newest, wider)
}

// trigger asks for an analysis for the weightiest reason there is. A failure newer than those that were
// known when the incident was resolved reopens it, also one received before that, which may have waited
// long to be classified; but not one that happened when the incident did.
func (l *ledger) trigger(in *Incident, fresh, first, newest, wider bool) {
	switch {
	case first:
		in.Status, in.ResolvedAt = StatusOpen, nil
		in.AnalysedTraces = 1
		l.want(in, ReasonOpened)
	case in.Status == StatusResolved && newest && in.Routine != nil:
		in.Status, in.ResolvedAt = StatusOpen, nil // it was never over, only seldom
	case in.Status == StatusResolved && newest:
		in.Status, in.ResolvedAt = StatusRegressed, nil
		in.LateRuns = 0
		l.want(in, ReasonRegressed)
	case l.urgent[in.ID] != "":
		l.want(in, l.urgent[in.ID])
	case in.Routine != nil: // that there are more of it tells nothing new
	case fresh && in.FailingTraces >= growth*max(1, in.AnalysedTraces):
		in.AnalysedTraces = in.FailingTraces
		l.want(in, ReasonGrew)
	case wider:
		l.want(in, ReasonNewScope)
	case fresh && in.FailingTraces == 2:
		l.compare(in)
	case !fresh && !l.occurrence.Repeated:
		l.late(in)
	}
}

// late asks for an analysis because signals of a failure came after its classification.
func (l *ledger) late(in *Incident) {
	waits := in.WantReason != ""
	closed := !l.now.Before(l.occurrence.FirstReceived.Add(l.policy.LateWindow))
	if waits || closed {
		return
	}
	wait := longestWait
	if in.LateRuns < 6 { // 2^6 minutes are more than an hour
		wait = firstLateWait << in.LateRuns
	}
	in.LateRuns++
	in.Want(ReasonLateSignals, l.lookedAt(in).Add(wait))
}

// compare asks for an analysis of an incident that has a second failing trace, with which to compare the first: how
// sure its cause is must not depend on how many traces were there when it was first looked at. One that waits sees both.
func (l *ledger) compare(in *Incident) {
	if in.WantReason == "" {
		in.Want(ReasonGrew, l.lookedAt(in).Add(firstLateWait))
	}
}

// lookedAt is when an incident was looked at last: now, where it is under way.
func (l *ledger) lookedAt(in *Incident) time.Time {
	if in.AnalysisState == AnalysisRunning || in.AnalysedAt.IsZero() {
		return l.now
	}
	return in.AnalysedAt
}

func (l *ledger) want(in *Incident, reason string) {
	in.Want(reason, time.Time{})
	if !slices.Contains(l.decision.Triggered, in.ID) {
		l.decision.Triggered = append(l.decision.Triggered, in.ID)
	}
}

// urge remembers that an incident is to be analysed at once when the failure is linked to it.
func (l *ledger) urge(in *Incident, reason string) {
	if l.urgent == nil {
		l.urgent = map[string]string{}
	}
	l.urgent[in.ID] = reason
}

// severityIn is what the failure makes of an incident: the worst of its roots there. Routine ones are low.
func (l *ledger) severityIn(in *Incident) Severity {
	var worst Severity
	for i, r := range l.occurrence.Roots {
		if l.targets[i] == in {
			own := cmp.Or(r.Severity, severityOf(l.occurrence.Outcome))
			if r.Routine != nil {
				own = SeverityLow
			}
			worst = WorseSeverity(worst, own)
		}
	}
	return worst
}

func severityOf(o Outcome) Severity {
	switch o {
	case OutcomeFailed:
		return SeverityHigh
	case OutcomeDegraded, OutcomeRecovered:
		return SeverityLow
	default:
		return SeverityMedium
	}
}

// WorseSeverity is the higher of two severities, of which either may be unknown ("").
func WorseSeverity(a, b Severity) Severity {
	order := []Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow, ""}
	if slices.Index(order, a) <= slices.Index(order, b) {
		return a
	}
	return b
}
