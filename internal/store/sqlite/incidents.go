package sqlite

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

const incidentColumns = `tenant, id, root_signature, signature_parts, title, status, severity, category, kind, service, component,
	operation, first_seen, last_seen, opened_at, resolved_at, last_failure_at, failing_traces, error_signals, errors,
	services, environments, versions, ungrouped, confidence, wanted, done, want_reason, want_due, late_runs, analysed_at,
	analysed_traces, revision, merged_into, joined, source, routine, unusual_at, apart, dead, lease_until`

// unsettled selects the incidents with a failure that waits, or that misses a parent which may
// still come.
const unsettled = `(tenant, id) IN (
	SELECT l.tenant, l.incident_id FROM failures f CROSS JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
		WHERE f.linked = 1 AND f.state = 'waiting'
	UNION ALL
	SELECT l.tenant, l.incident_id FROM failures f CROSS JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
		WHERE f.missing_parent = 1 AND f.late_until > ?)`

// severityNow is how severe an incident is.
var severityNow = ledger.SeverityNow("incidents", isRoutine)

// incidents reads incidents without what is computed on reading: Provisional and Severity.
func (c *conn) incidents(now time.Time, where string, args ...any) (list []incident.Incident, err error) {
	err = c.query("SELECT "+incidentColumns+" FROM incidents WHERE "+where, func(r *row) error {
		in, err := scanIncident(r, now)
		list = append(list, in)
		return err
	}, args...)
	return list, err
}

// settledIncidents reads incidents with what is computed on reading.
func (c *conn) settledIncidents(now time.Time, where string, args ...any) (list []incident.Incident, err error) {
	err = c.query("SELECT "+incidentColumns+", "+unsettled+", "+severityNow+" FROM incidents WHERE "+where, func(r *row) error {
		in, err := scanIncident(r, now)
		open := r.bool()
		in.Provisional, in.Severity = in.Wanted > in.Done || open, incident.Severity(r.text())
		list = append(list, in)
		return err
	}, append([]any{now}, args...)...)
	return list, err
}

func scanIncident(r *row, now time.Time) (incident.Incident, error) {
	var p parser
	in := incident.Incident{Tenant: r.text(), ID: r.text(), RootSignature: r.text()}
	p.json(r, &in.SignatureParts)
	in.Title, in.Status, in.Reported = r.text(), incident.Status(r.text()), incident.Severity(r.text())
	in.Category = incident.Category(r.text())
	in.RootCause = incident.RootSummary{
		Kind: incident.Kind(r.text()), Service: r.text(), Component: r.text(), Operation: r.text(), Category: in.Category,
	}
	in.FirstSeen, in.LastSeen, in.OpenedAt = r.time(), r.time(), r.time()
	if at := r.time(); !at.IsZero() {
		in.ResolvedAt = &at
	}
	in.LastFailureAt, in.FailingTraces, in.ErrorSignals, in.Errors = r.time(), r.count(), r.count(), r.count()
	p.json(r, &in.Services)
	p.json(r, &in.Environments)
	p.json(r, &in.Versions)
	in.Ungrouped, in.Confidence = r.bool(), incident.Confidence(r.int32())
	in.Wanted, in.Done, in.WantReason, in.WantDue = r.int(), r.int(), r.text(), r.time()
	in.LateRuns, in.AnalysedAt, in.AnalysedTraces = r.count(), r.time(), r.count()
	in.Revision, in.MergedInto, in.Joined = r.count(), r.text(), r.bool()
	in.Source = r.int32()
	p.json(r, &in.Routine)
	in.UnusualAt, in.Apart = r.time(), r.bool()
	in.AnalysisState = ledger.AnalysisState(&in, r.bool(), r.time().After(now), !in.WantDue.After(now))
	return in, p.Err
}

// upsertIncident saves an incident as the lifecycle left it. An analysis under way of one that
// was re-keyed or merged loses its lease.
func (c *conn) upsertIncident(in *incident.Incident, rekeyed bool) error {
	parts, err := json.Marshal(in.SignatureParts)
	if err != nil {
		return err
	}
	routine, err := json.Marshal(in.Routine)
	if err != nil {
		return err
	}
	columns := strings.Split(incidentColumns, ",")
	columns = columns[:len(columns)-1] // lease_until belongs to the claims
	var set []string
	for i, name := range columns {
		columns[i] = strings.TrimSpace(name)
		set = append(set, columns[i]+" = excluded."+columns[i])
	}
	var resolved any
	if in.ResolvedAt != nil {
		resolved = *in.ResolvedAt
	}
	_, err = c.exec("INSERT INTO incidents ("+strings.Join(columns, ", ")+") VALUES (?"+strings.Repeat(", ?", len(columns)-1)+
		") ON CONFLICT (tenant, id) DO UPDATE SET "+strings.Join(set, ", ")+`, attempts = iif(dead > excluded.dead, 0, attempts),
			lease_reason = iif(dead > excluded.dead, '', lease_reason)`,
		in.Tenant, in.ID, in.RootSignature, string(parts), in.Title, in.Status, in.Reported, in.Category, in.RootCause.Kind,
		in.RootCause.Service, in.RootCause.Component, in.RootCause.Operation, in.FirstSeen, in.LastSeen, in.OpenedAt, resolved,
		in.LastFailureAt, in.FailingTraces, in.ErrorSignals, in.Errors, jsonSet(in.Services), jsonSet(in.Environments),
		jsonSet(in.Versions), in.Ungrouped, in.Confidence, in.Wanted, in.Done, in.WantReason, in.WantDue, in.LateRuns, in.AnalysedAt,
		in.AnalysedTraces, in.Revision, in.MergedInto, in.Joined, int64(in.Source), string(routine), in.UnusualAt, in.Apart, in.AnalysisState == incident.AnalysisFailed)
	if err != nil || !rekeyed {
		return err
	}
	_, err = c.exec("UPDATE incidents SET lease_owner = '', lease_until = 0 WHERE tenant = ? AND id = ?", in.Tenant, in.ID)
	return err
}

func jsonSet(set []string) string {
	b, err := json.Marshal(set)
	if err != nil || set == nil {
		return "[]"
	}
	return string(b)
}

// isRoutine reports whether an incident is a routine error.
const isRoutine = "routine <> 'null'"

// Incident implements store.Incidents.
func (s *Store) Incident(ctx context.Context, tenant, id string) (incident.Incident, error) {
	var found []incident.Incident
	err := s.read(ctx, func(v *view) (err error) {
		found, err = v.settledIncidents(s.now(), "tenant = ? AND id = ?", tenant, id)
		if err == nil && len(found) > 0 {
			found[0].NearDuplicates, err = v.joinedNearDuplicates(tenant, id)
		}
		return err
	})
	switch {
	case err != nil:
		return incident.Incident{}, err
	case len(found) == 0:
		return incident.Incident{}, record.NotFound("incident %q", id)
	}
	return found[0], nil
}

const incidentListing = "incidents"

// ListIncidents implements store.Incidents. Withdrawn incidents, whose failures turned out to be
// none, are not listed.
func (s *Store) ListIncidents(ctx context.Context, tenant string, f store.IncidentFilter, page store.Page) (store.Listing[incident.Incident], error) {
	after, err := record.ParseCursor(incidentListing, page)
	if err != nil {
		return store.Listing[incident.Incident]{}, err
	}
	where := []string{"tenant = ?", "merged_into = ''", "failing_traces > 0", "(last_seen, id) < (?, ?)"}
	args := []any{tenant, after.At, after.ID}
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	for column, value := range map[string]string{"status": string(f.Status), severityNow: string(f.Severity), "category": string(f.Category)} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	if f.Service != "" {
		add("(service = ? OR EXISTS (SELECT 1 FROM json_each(services) WHERE value = ?))", f.Service, f.Service)
	}
	if f.Query != "" {
		like := record.Substring(f.Query)
		add(`(title LIKE ? ESCAPE '\' OR service LIKE ? ESCAPE '\' OR component LIKE ? ESCAPE '\')`, like, like, like)
	}
	if f.Routine != nil {
		add("("+isRoutine+") = ?", *f.Routine)
	}
	if !f.From.IsZero() {
		add("last_seen >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("first_seen < ?", f.To)
	}
	args = append(args, record.PageSize(page)+1)
	look := s.read
	if f.Service != "" || f.Query != "" { // no index helps
		look = s.search
	}
	var found []incident.Incident
	err = look(ctx, func(v *view) (err error) {
		found, err = v.settledIncidents(s.now(), strings.Join(where, " AND ")+" ORDER BY last_seen DESC, id DESC LIMIT ?", args...)
		return err
	})
	return record.Listing(incidentListing, page, found, func(in incident.Incident) record.Position {
		return record.Position{At: record.NanosOf(in.LastSeen), ID: in.ID}
	}), err
}

const failureListing = "failures"

// IncidentFailures implements store.Failures.
func (s *Store) IncidentFailures(ctx context.Context, tenant, incidentID string, page store.Page) (store.Listing[store.FailureView], error) {
	after, err := record.ParseCursor(failureListing, page)
	if err != nil {
		return store.Listing[store.FailureView]{}, err
	}
	var found []store.FailureView
	var at []record.Position
	err = s.read(ctx, func(v *view) error {
		err := v.query(`SELECT first_error, key FROM incident_failures WHERE tenant = ? AND incident_id = ? AND (first_error, key) < (?, ?)
			ORDER BY first_error DESC, key DESC LIMIT ?`, func(r *row) error {
			at = append(at, record.Position{At: r.int(), ID: r.text()})
			return nil
		}, tenant, incidentID, after.At, after.ID, record.PageSize(page)+1)
		if err != nil {
			return err
		}
		for _, p := range at {
			f, err := v.failures("f.tenant = ? AND f.key = ?", tenant, p.ID)
			if err != nil {
				return err
			}
			found = append(found, f...)
		}
		return nil
	})
	byKey := map[string]record.Position{}
	for _, p := range at {
		byKey[p.ID] = p
	}
	return record.Listing(failureListing, page, found, func(f store.FailureView) record.Position { return byKey[f.Key] }), err
}

// IncidentKeys implements store.Incidents.
func (s *Store) IncidentKeys(ctx context.Context, tenant, id string, limit int) (keys []string, total int, err error) {
	err = s.read(ctx, func(v *view) error {
		keys = nil
		n, err := v.number("SELECT count(*) FROM incident_failures WHERE tenant = ? AND incident_id = ?", tenant, id)
		if err != nil {
			return err
		}
		trimmed, err := v.number("SELECT coalesce(sum(failing_traces), 0) FROM trimmed_failures WHERE tenant = ? AND incident_id = ?", tenant, id)
		if err != nil {
			return err
		}
		total = int(n + trimmed)
		positions, err := json.Marshal(ledger.EvenSpread(int(n), limit))
		if err != nil {
			return err
		}
		return v.query(`SELECT key FROM (SELECT key, row_number() OVER (ORDER BY first_error, key) - 1 AS n FROM incident_failures
				WHERE tenant = ? AND incident_id = ?)
			WHERE n IN (SELECT value FROM json_each(?)) ORDER BY n`, func(r *row) error {
			keys = append(keys, r.text())
			return nil
		}, tenant, id, string(positions))
	})
	return keys, total, err
}

// ResolveQuiet implements store.Incidents.
func (s *Store) ResolveQuiet(ctx context.Context, before time.Time) ([]store.IncidentChange, error) {
	var changes []store.IncidentChange
	err := s.write(ctx, func(c *conn) error {
		changes = nil
		now := s.now()
		// All failures up to then are classified, but for those set aside.
		known, err := c.number("SELECT min(?, coalesce(min(waiting_since), ?)) FROM failures WHERE state = 'waiting' AND attempts < ?", now, now, store.MaxAttempts)
		if err != nil {
			return err
		}
		err = c.query(`UPDATE incidents SET status = 'resolved', resolved_at = ?
			WHERE status <> 'resolved' AND last_failure_at < ? AND merged_into = '' RETURNING tenant, id`, func(r *row) error {
			changes = append(changes, store.IncidentChange{Tenant: r.text(), ID: r.text()})
			return nil
		}, now, record.TimeOf(known).Add(before.Sub(now)))
		if err != nil {
			return err
		}
		for _, change := range changes {
			if err := c.noteIncidents(now, change.Tenant, change.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}
