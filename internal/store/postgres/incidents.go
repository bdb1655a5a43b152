package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Incident implements store.Incidents.
func (s *Store) Incident(ctx context.Context, tenant, id string) (in incident.Incident, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if in, err = incidentOf(ctx, tx, tenant, id); err != nil {
			return err
		}
		in.NearDuplicates, err = joinedNearDuplicates(ctx, tx, tenant, in.ID)
		return err
	})
	return in, err
}

func incidentOf(ctx context.Context, tx pgx.Tx, tenant, id string) (incident.Incident, error) {
	found, err := incidents(ctx, tx, "i.tenant = $1 AND i.id = $2", tenant, textOf(id))
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
	where, args := incidentConditions(tenant, f, after)
	args = append(args, record.PageSize(page)+1)
	look := s.browse
	if f.Service != "" || f.Query != "" { // no index helps
		look = s.search
	}
	var found []incident.Incident
	err = look(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		found, err = incidents(ctx, tx, where+" ORDER BY i.last_seen DESC, i.id DESC LIMIT $"+strconv.Itoa(len(args)), args...)
		return err
	})
	return record.Listing(incidentListing, page, found, func(in incident.Incident) record.Position {
		return record.Position{At: record.NanosOf(in.LastSeen), ID: in.ID}
	}), err
}

// isRoutine reports whether an incident i is a routine error.
const isRoutine = "i.routine IS NOT NULL"

func incidentConditions(tenant string, f store.IncidentFilter, after record.Position) (where string, args []any) {
	conditions := []string{"i.tenant = $1", "i.merged_into = ''", "i.failing_traces > 0", "(i.last_seen, i.id) < ($2, $3)"}
	args = []any{tenant, after.At, after.ID}
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	for column, value := range map[string]string{"i.status": string(f.Status), severityNow: string(f.Severity), "i.category": string(f.Category)} {
		if value != "" {
			add(column+" = ?", textOf(value))
		}
	}
	if f.Service != "" {
		add("(i.service = ? OR jsonb_exists(i.services, ?))", textOf(f.Service))
	}
	if f.Query != "" {
		add("(i.title ILIKE ? OR i.service ILIKE ? OR i.component ILIKE ?)", record.Substring(textOf(f.Query)))
	}
	if f.Routine != nil {
		add("("+isRoutine+") = ?", *f.Routine)
	}
	if !f.From.IsZero() {
		add("i.last_seen >= ?", record.NanosOf(f.From))
	}
	if !f.To.IsZero() {
		add("i.first_seen < ?", record.NanosOf(f.To))
	}
	return strings.Join(conditions, " AND "), args
}

// IncidentKeys implements store.Incidents.
func (s *Store) IncidentKeys(ctx context.Context, tenant, id string, limit int) (keys []string, total int, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		keys = nil
		var kept int
		err := tx.QueryRow(ctx, `SELECT count(*), count(*) + (SELECT coalesce(sum(failing_traces), 0)::bigint FROM trimmed_failures WHERE tenant = $1 AND incident_id = $2)
			FROM incident_failures WHERE tenant = $1 AND incident_id = $2`, tenant, textOf(id)).Scan(&kept, &total)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT key FROM (SELECT key, row_number() OVER (ORDER BY first_error, key) - 1 AS n FROM incident_failures
				WHERE tenant = $1 AND incident_id = $2) AS numbered
			WHERE n = ANY ($3) ORDER BY n`, tenant, textOf(id), ledger.EvenSpread(kept, limit))
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return keys, total, err
}

// ResolveQuiet implements store.Incidents.
func (s *Store) ResolveQuiet(ctx context.Context, before time.Time) ([]store.IncidentChange, error) {
	var changes []store.IncidentChange
	err := s.write(ctx, func(tx pgx.Tx) error {
		var known time.Time // all failures up to then are classified, but for those set aside
		err := tx.QueryRow(ctx, "SELECT least(clock_timestamp(), min(waiting_since)) FROM failures WHERE state = 'waiting' AND attempts < $1", store.MaxAttempts).Scan(&known)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `UPDATE incidents i SET status = 'resolved', resolved_at = clock_timestamp()
			FROM (SELECT tenant, id FROM incidents WHERE status <> 'resolved' AND last_failure_at < $1 AND merged_into = ''
				ORDER BY tenant, id FOR UPDATE SKIP LOCKED) AS quiet
			WHERE i.tenant = quiet.tenant AND i.id = quiet.id RETURNING i.tenant, i.id`, instant(known.Add(time.Until(before))))
		if err != nil {
			return err
		}
		changes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c store.IncidentChange, err error) {
			err = row.Scan(&c.Tenant, &c.ID)
			return c, err
		})
		if err != nil {
			return err
		}
		var resolved []incidentID
		for _, c := range changes {
			resolved = append(resolved, incidentID{c.Tenant, c.ID})
		}
		return noteIncidents(ctx, tx, resolved)
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}
