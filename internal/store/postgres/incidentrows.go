package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// incidentColumns are those a lifecycle decides about; the others belong to claims.
var incidentColumns = []string{
	"tenant", "id", "root_signature", "signature_parts", "title", "status", "severity", "category", "kind", "service", "component",
	"operation", "first_seen", "last_seen", "opened_at", "resolved_at", "last_failure_at", "failing_traces", "error_signals", "errors",
	"services", "environments", "versions", "ungrouped", "confidence", "wanted", "done", "want_reason", "want_due", "late_runs",
	"analysed_at", "analysed_traces", "revision", "merged_into", "joined", "source", "routine", "unusual_at", "apart", "dead",
}

func incidentValues(in *incident.Incident) []any {
	return []any{
		in.Tenant, in.ID, in.RootSignature, in.SignatureParts, in.Title, in.Status, in.Reported, in.Category, in.RootCause.Kind,
		in.RootCause.Service, in.RootCause.Component, in.RootCause.Operation, record.NanosOf(in.FirstSeen), record.NanosOf(in.LastSeen),
		instant(in.OpenedAt), in.ResolvedAt, instant(in.LastFailureAt), in.FailingTraces, in.ErrorSignals, in.Errors,
		nonNil(in.Services), nonNil(in.Environments), nonNil(in.Versions), in.Ungrouped, in.Confidence, in.Wanted, in.Done, in.WantReason,
		instant(in.WantDue), in.LateRuns, instant(in.AnalysedAt), in.AnalysedTraces, in.Revision, in.MergedInto, in.Joined, in.Source,
		in.Routine, instant(in.UnusualAt), in.Apart, in.AnalysisState == incident.AnalysisFailed,
	}
}

// nonNil keeps JSON's null out of the columns of lists.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// incidentRow selects an incident i, to be read by scanIncident.
var incidentRow = "i." + strings.Join(incidentColumns, ", i.") + ", i.lease_until > clock_timestamp(), i.want_due <= clock_timestamp()"

// scanIncident reads incidentRow and what was selected after it.
func scanIncident(row pgx.CollectableRow, more ...any) (in incident.Incident, err error) {
	var first, last int64
	var dead, leased, due bool
	var resolved *time.Time
	err = row.Scan(append([]any{
		&in.Tenant, &in.ID, &in.RootSignature, &in.SignatureParts, &in.Title, &in.Status, &in.Reported, &in.Category, &in.RootCause.Kind,
		&in.RootCause.Service, &in.RootCause.Component, &in.RootCause.Operation, &first, &last,
		(*instant)(&in.OpenedAt), &resolved, (*instant)(&in.LastFailureAt), &in.FailingTraces, &in.ErrorSignals, &in.Errors,
		&in.Services, &in.Environments, &in.Versions, &in.Ungrouped, &in.Confidence, &in.Wanted, &in.Done, &in.WantReason,
		(*instant)(&in.WantDue), &in.LateRuns, (*instant)(&in.AnalysedAt), &in.AnalysedTraces, &in.Revision, &in.MergedInto, &in.Joined, &in.Source,
		&in.Routine, (*instant)(&in.UnusualAt), &in.Apart, &dead, &leased, &due,
	}, more...)...)
	in.RootCause.Category = in.Category
	in.FirstSeen, in.LastSeen = record.TimeOf(first), record.TimeOf(last)
	if resolved != nil {
		utc := resolved.UTC()
		in.ResolvedAt = &utc
	}
	in.AnalysisState = ledger.AnalysisState(&in, dead, leased, due)
	return in, err
}

// unsettled selects the incidents with a failure that waits, or that misses a parent which may
// still come.
const unsettled = `(i.tenant, i.id) IN (
	SELECT l.tenant, l.incident_id FROM failures f JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
		WHERE f.linked AND f.state = 'waiting'
	UNION ALL
	SELECT l.tenant, l.incident_id FROM failures f JOIN incident_failures l ON l.tenant = f.tenant AND l.key = f.key
		WHERE f.missing_parent AND f.late_until > clock_timestamp())`

// severityNow is how severe an incident i is.
var severityNow = ledger.SeverityNow("i", isRoutine)

// incidents reads the incidents i that a condition selects, in the order it gives.
func incidents(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]incident.Incident, error) {
	rows, err := tx.Query(ctx, "SELECT "+incidentRow+", "+unsettled+", "+severityNow+" FROM incidents i WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.Incident, error) {
		var open bool
		var severity incident.Severity
		in, err := scanIncident(row, &open, &severity)
		in.Provisional, in.Severity = in.Wanted > in.Done || open, severity
		return in, err
	})
}

// lockIncident reads one incident to be changed.
func lockIncident(ctx context.Context, tx pgx.Tx, tenant, id string) (in incident.Incident, err error) {
	rows, err := tx.Query(ctx, "SELECT "+incidentRow+" FROM incidents i WHERE i.tenant = $1 AND i.id = $2 FOR UPDATE", tenant, textOf(id))
	if err != nil {
		return in, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.Incident, error) { return scanIncident(row) })
	switch {
	case err != nil:
		return in, err
	case len(found) == 0:
		return in, record.NotFound("incident %q", id)
	}
	return found[0], nil
}

var upsertIncident = func() string {
	places := make([]string, len(incidentColumns))
	set := make([]string, len(incidentColumns))
	for i, name := range incidentColumns {
		places[i] = "$" + strconv.Itoa(i+1)
		set[i] = name + " = excluded." + name
	}
	return "INSERT INTO incidents AS i (" + strings.Join(incidentColumns, ", ") + ") VALUES (" + strings.Join(places, ", ") + `)
		ON CONFLICT (tenant, id) DO UPDATE SET ` + strings.Join(set, ", ") + `, attempts = CASE WHEN i.dead AND NOT excluded.dead THEN 0 ELSE i.attempts END,
			lease_reason = CASE WHEN i.dead AND NOT excluded.dead THEN '' ELSE i.lease_reason END`
}()

// saveIncident queues an incident as the lifecycle left it. An analysis under way of one that was
// re-keyed or merged loses its lease.
func saveIncident(b *pgx.Batch, in *incident.Incident, rekeyed bool) {
	b.Queue(upsertIncident, incidentValues(in)...)
	if rekeyed {
		b.Queue("UPDATE incidents SET lease_owner = '', lease_until = '-infinity' WHERE tenant = $1 AND id = $2", in.Tenant, in.ID)
	}
}
