package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// impactWindow is the event time at the end of an incident in which requests are counted.
	impactWindow = 10 * time.Minute
	maxChanges   = 3
)

// Composer puts together what is told of an incident, from what the store has of it.
type Composer struct {
	Store    store.Store
	Redactor *redact.Redactor
	// ExternalURL is where people reach the dashboard; "" for nowhere.
	ExternalURL string
	// Links lead to other tools.
	Links []links.Config
}

// Incomplete is the error of a summary that lacks its changes or its impact, because they cannot be read. It says what
// broke, and can be sent.
type Incomplete struct{ Err error }

func (e Incomplete) Error() string { return e.Err.Error() }

// Unwrap is for errors.Is and errors.As.
func (e Incomplete) Unwrap() error { return e.Err }

// Summarize reads what is told of an incident. With an error the summary has what could be read; unless that is
// Incomplete, its cause is but the incident's title.
func (c Composer) Summarize(ctx context.Context, in incident.Incident) (Summary, error) {
	s := Summary{
		ID: in.ID, Tenant: in.Tenant, Status: in.Status, Severity: in.Severity, Category: in.Category, Environments: in.Environments,
		Analysed: in.Revision > 0, Since: in.FirstSeen, LastSeen: in.LastSeen, Link: c.incidentURL(in.ID),
		Impact: Impact{FailingTraces: in.FailingTraces, Services: in.Services},
	}
	switch {
	case in.MergedInto != "":
		s.Outcome = "merged into " + in.MergedInto
	case in.FailingTraces == 0:
		s.Outcome = "withdrawn"
	}
	cause := in.Title
	var report, changes error
	if in.Revision > 0 {
		var a incident.Analysis
		if a, report = c.Store.Analysis(ctx, in.Tenant, in.ID, 0); errors.Is(report, store.ErrNotFound) {
			report = nil
		}
		if said := s.conclude(a.Assessed()); said != "" {
			cause = said
		}
		changes = c.addChanges(ctx, in.Tenant, a, &s)
	}
	trace, impact := c.addImpact(ctx, in, &s)
	s.Links = links.To(links.Subject{
		IncidentID: in.ID, Service: in.RootCause.Service, TraceID: trace, From: in.FirstSeen, To: in.LastSeen,
	}, c.Links)
	c.redact(&s, in, cause)
	switch lacking := errors.Join(changes, impact); {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case report != nil:
		s.Unreadable = true
		return s, fmt.Errorf("read the analysis of incident %s: %w", in.ID, report)
	case lacking != nil:
		return s, Incomplete{fmt.Errorf("incident %s: %w", in.ID, lacking)}
	}
	return s, nil
}

// conclude takes over what an analysis says, and returns the sentence of the cause.
func (s *Summary) conclude(a incident.Analysis) (cause string) {
	if len(a.Narrative.NextSteps) > 0 {
		s.NextStep = a.Narrative.NextSteps[0]
	}
	if a.RootCause == nil {
		return ""
	}
	s.Verdict, s.Confidence = true, int(a.RootCause.Confidence/(incident.Certain/100))
	if len(a.RootCause.Evidence) > 0 {
		s.Evidence = string(a.RootCause.Evidence[0])
	}
	return a.RootCause.Statement
}

// addChanges names the changes that an analysis suspects; one that cannot be read, by its ID.
func (c Composer) addChanges(ctx context.Context, tenant string, a incident.Analysis, s *Summary) error {
	var unread error
	for _, suspected := range a.SuspectedChanges {
		if len(suspected.For) == 0 || len(s.Changes) == maxChanges {
			continue
		}
		said := suspected.ID
		found, err := c.Store.Evidence(ctx, tenant, incident.Ref("change:"+suspected.ID))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			unread = errors.Join(unread, fmt.Errorf("read change %s: %w", suspected.ID, err))
		}
		if len(found) > 0 && found[0].Change != nil {
			ch := found[0].Change
			said = strings.Join(strings.Fields(fmt.Sprintf("%s of %s %s %s", ch.Kind, ch.Service, ch.Version, ch.Title)), " ")
		}
		s.Changes = append(s.Changes, fmt.Sprintf("%s (%s: %s)", said, suspected.Verdict, suspected.For[0].Statement))
	}
	return unread
}

// addImpact counts the requests of the entry operation that failed last, and returns that trace.
func (c Composer) addImpact(ctx context.Context, in incident.Incident, s *Summary) (traceID string, err error) {
	failures, err := c.Store.IncidentFailures(ctx, in.Tenant, in.ID, store.Page{Limit: 1})
	if err != nil {
		return "", fmt.Errorf("read the newest failure: %w", err)
	}
	if len(failures.Items) == 0 {
		return "", nil
	}
	f := failures.Items[0]
	if f.TraceID.IsZero() || f.EntryService == "" {
		return "", nil
	}
	from, to := in.FirstSeen, in.LastSeen.Add(time.Second)
	if earliest := to.Add(-impactWindow); from.Before(earliest) {
		from = earliest
	}
	stats, err := c.Store.EntryStats(ctx, in.Tenant, f.EntryService, f.EntryOperation, from, to)
	if err != nil {
		return f.TraceID.String(), fmt.Errorf("count the requests of %s: %w", f.EntryService, err)
	}
	if stats.Traces > 0 && stats.Failed > 0 {
		s.Impact.Service, s.Impact.Operation, s.Impact.Failed, s.Impact.Requests = f.EntryService, f.EntryOperation, stats.Failed, stats.Traces
	}
	return f.TraceID.String(), nil
}

// redact cleans the texts that telemetry has a say in. IDs of ours stay.
func (c Composer) redact(s *Summary, in incident.Incident, cause string) {
	session := c.Redactor.Session()
	session.Keep(in.ID, in.MergedInto, s.Evidence)
	clean := func(text string) string { return shorten(escape.Line(session.Text(text)), maxText) }
	s.Title, s.Cause, s.NextStep = clean(in.Title), clean(cause), clean(s.NextStep)
	s.Service, s.Component = clean(in.RootCause.Service), clean(in.RootCause.Component)
	s.Impact.Service, s.Impact.Operation = clean(s.Impact.Service), clean(s.Impact.Operation)
	for _, list := range []*[]string{&s.Changes, &s.Environments, &s.Impact.Services} {
		cleaned := make([]string, len(*list))
		for i, text := range *list {
			cleaned[i] = clean(text)
		}
		*list = cleaned
	}
}

func (c Composer) incidentURL(id string) string {
	if c.ExternalURL == "" {
		return ""
	}
	return strings.TrimSuffix(c.ExternalURL, "/") + "/incidents/" + id
}
