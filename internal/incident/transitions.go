package incident

import (
	"slices"
	"time"
)

// UngroupedSignature is the key of the incident that takes a flood of new roots of one service.
func UngroupedSignature(service string) string { return "ungrouped:" + service }

// TenantUngrouped is the key of the incident that takes a flood of new roots of many services.
var TenantUngrouped = UngroupedSignature("")

// flooded reports whether a root's service, or its tenant, opened too many incidents lately, and which
// ungrouped incident takes it then: that of the service, or of "" for the tenant's.
func (l *ledger) flooded(r Root) (service string, yes bool) {
	p, opened := l.policy, l.Opened
	switch {
	case p.MaxNewIncidents > 0 && opened.ByService[r.Service] >= p.MaxNewIncidents:
		return r.Service, true
	case p.MaxNewIncidentsOfTenant > 0 && opened.BySource[l.occurrence.Source] >= p.MaxNewIncidentsOfTenant-opened.Total:
		return "", true
	}
	return "", false
}

// open makes a new incident, or finds the ungrouped one where too many were opened.
func (l *ledger) open(r Root) *Incident {
	service, flood := l.flooded(r)
	if flood {
		if in := l.bySignature(UngroupedSignature(service)); in != nil {
			return in
		}
	}
	in := &Incident{ID: l.newID(), Status: StatusOpen, OpenedAt: l.now, AnalysisState: AnalysisPending}
	in.takeRoot(r)
	in.see(l.onset(r).Time(), max(l.onset(r), l.occurrence.LastError).Time(), time.Time{})
	in.Source = l.occurrence.Source
	if flood {
		in.becomeUngrouped(service)
	} else {
		l.Opened.add(r.Service, in.Source)
	}
	l.Incidents = append(l.Incidents, in)
	l.decision.Opened = append(l.decision.Opened, in.ID)
	l.record(in, ActionOpened, "", in.RootSignature, ReasonOpened)
	l.changed(in)
	return in
}

// rekey gives an incident another root; its ID and history stay.
func (l *ledger) rekey(in *Incident, r Root, reason string) {
	from := in.RootSignature
	in.takeRoot(r)
	l.forgetKeys(in)
	l.record(in, ActionRekeyed, from, r.Signature, reason)
	l.urge(in, reason)
	l.changed(in)
}

// merge joins an incident that lost its last failure with the one the failure went to. The older
// one survives under the surviving root.
func (l *ledger) merge(from, into *Incident) {
	if older(from, into) && !into.Ungrouped {
		l.survive(from, into)
		from, into = into, from
	}
	l.moveInto(from, into, ReasonLateSignals)
}

// moveInto lets an incident go on in another one.
func (l *ledger) moveInto(from, into *Incident, reason string) {
	from.MergedInto = into.ID
	l.record(from, ActionMerged, from.RootSignature, into.RootSignature, reason)
	l.decision.History[len(l.decision.History)-1].OtherID = into.ID
	m := Merge{From: from.ID, Into: into.ID}
	l.decision.Merges = append(l.decision.Merges, m)
	for _, n := range l.Similar { // roots placed after this one look there
		n.MovedInto(m)
	}
	l.decision.Recount = append(l.decision.Recount, into.ID)
	l.urge(into, reason)
	l.changed(from)
	l.changed(into)
}

// survive lets an older incident take the place of a younger one, and what is known of it.
func (l *ledger) survive(survivor, younger *Incident) {
	l.record(survivor, ActionRekeyed, survivor.RootSignature, younger.RootSignature, ReasonLateSignals)
	survivor.RootSignature, survivor.SignatureParts = younger.RootSignature, younger.SignatureParts
	survivor.Title, survivor.Category, survivor.RootCause = younger.Title, younger.Category, younger.RootCause
	survivor.Confidence, survivor.Reported = younger.Confidence, younger.Reported
	survivor.Routine, survivor.UnusualAt = younger.Routine, younger.UnusualAt
	survivor.FailingTraces, survivor.AnalysedTraces = younger.FailingTraces, younger.AnalysedTraces
	survivor.ErrorSignals, survivor.Errors = younger.ErrorSignals, younger.Errors
	survivor.see(younger.FirstSeen, younger.LastSeen, younger.LastFailureAt)
	survivor.reach(younger.Services, younger.Environments, younger.Versions)
	if younger.Status != StatusResolved {
		survivor.Status, survivor.ResolvedAt = younger.Status, nil
	}
	// What this failure counts for in the younger one is counted already.
	if k := l.linkTo(younger.ID); k != nil {
		k.IncidentID = survivor.ID
	}
	for i, t := range l.targets {
		if t == younger {
			l.targets[i] = survivor
		}
	}
}

// withdraw closes an incident whose last failure was none.
func (l *ledger) withdraw(in *Incident) {
	in.Status = StatusResolved
	in.ResolvedAt = &l.now
	in.Errors, in.ErrorSignals = 0, 0
	in.Done, in.WantReason = in.Wanted, ""
	l.record(in, ActionWithdrawn, in.RootSignature, "", ReasonLateSignals)
}

func (l *ledger) record(in *Incident, action Action, from, to, reason string) {
	l.decision.History = append(l.decision.History, Entry{
		IncidentID: in.ID, Action: action, FromSignature: from, ToSignature: to, Reason: reason,
	})
}

func (in *Incident) takeRoot(r Root) {
	in.RootSignature, in.SignatureParts = r.Signature, r.Parts
	in.Title, in.Category = r.Title, r.Category
	in.RootCause = RootSummary{Service: r.Service, Component: r.Component, Operation: r.Operation, Category: r.Category, Kind: r.Kind}
	in.Confidence = 0
}

func (in *Incident) becomeUngrouped(service string) {
	in.Ungrouped = true
	in.RootSignature = UngroupedSignature(service)
	in.SignatureParts = SignatureParts{Version: in.SignatureParts.Version, Kind: KindUnknown, Identity: []string{service}}
	in.Title = "Many different new failures in " + service
	if service == "" {
		in.Title = "Many different new failures in many services"
	}
	in.Category = CategoryUnknown
	in.RootCause = RootSummary{Service: service, Component: service, Category: CategoryUnknown, Kind: KindUnknown}
}

// see widens the times of an incident.
func (in *Incident) see(first, last, received time.Time) {
	if in.FirstSeen.IsZero() || first.Before(in.FirstSeen) {
		in.FirstSeen = first
	}
	if last.After(in.LastSeen) {
		in.LastSeen = last
	}
	if received.After(in.LastFailureAt) {
		in.LastFailureAt = received
	}
}

// reach adds to the services, environments and versions hit, and reports whether one is new.
func (in *Incident) reach(services, environments, versions []string) bool {
	grew := union(&in.Services, services)
	grew = union(&in.Environments, environments) || grew
	return union(&in.Versions, versions) || grew
}

func union(set *[]string, more []string) (grew bool) {
	for _, s := range more {
		if i, found := slices.BinarySearch(*set, s); !found {
			*set = slices.Insert(*set, i, s)
			grew = true
		}
	}
	return grew
}

func older(a, b *Incident) bool {
	if !a.OpenedAt.Equal(b.OpenedAt) {
		return a.OpenedAt.Before(b.OpenedAt)
	}
	return a.ID < b.ID
}
