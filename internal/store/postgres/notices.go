package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// noteIncidents stores what is to be told of incidents that the transaction may have changed, and so has locked.
func noteIncidents(ctx context.Context, tx pgx.Tx, list []incidentID) error {
	if len(list) == 0 {
		return nil
	}
	k := lockOrder(list)
	notices, now, err := noticesOf(ctx, tx, k)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT "+incidentRow+", "+severityNow+` FROM incidents i JOIN unnest($1::text[], $2::text[]) AS k (tenant, id)
		ON i.tenant = k.tenant AND i.id = k.id ORDER BY i.tenant COLLATE "C", i.id COLLATE "C"`, k.tenants, k.keys)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.Incident, error) {
		var severity incident.Severity
		in, err := scanIncident(row, &severity)
		in.Severity = severity
		return in, err
	})
	if err != nil {
		return err
	}
	var b pgx.Batch
	for _, in := range found { // in the order of lockOrder: deliveries are locked in it
		if next, changed := notices[incidentID{in.Tenant, in.ID}].Advance(in, now); changed {
			saveNotice(&b, in, next)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, &b).Close()
}

// noticesOf reads notices, and the database's time.
func noticesOf(ctx context.Context, tx pgx.Tx, k failureKeys) (map[incidentID]incident.Notice, time.Time, error) {
	var now time.Time
	if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan((*instant)(&now)); err != nil {
		return nil, now, err
	}
	rows, err := tx.Query(ctx, `SELECT n.tenant, n.incident_id, n.sequence, n.announcement, n.alerts, n.changed_at FROM incident_notices n
		JOIN unnest($1::text[], $2::text[]) AS k (tenant, id) ON n.tenant = k.tenant AND n.incident_id = k.id`, k.tenants, k.keys)
	if err != nil {
		return nil, now, err
	}
	defer rows.Close()
	found := map[incidentID]incident.Notice{}
	for rows.Next() {
		var id incidentID
		var n incident.Notice
		if err := rows.Scan(&id.tenant, &id.id, &n.Sequence, &n.Announcement, &n.Alerts, (*instant)(&n.ChangedAt)); err != nil {
			return nil, now, err
		}
		found[id] = n
	}
	return found, now, rows.Err()
}

func saveNotice(b *pgx.Batch, in incident.Incident, n incident.Notice) {
	if n.Alerts == nil {
		n.Alerts = []incident.Alert{}
	}
	b.Queue(`INSERT INTO incident_notices (tenant, incident_id, sequence, announcement, alerts, alerting, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant, incident_id) DO UPDATE SET sequence = excluded.sequence, announcement = excluded.announcement,
			alerts = excluded.alerts, alerting = excluded.alerting, changed_at = excluded.changed_at`,
		in.Tenant, in.ID, n.Sequence, n.Announcement, n.Alerts, n.Alerting(), instant(n.ChangedAt))
	b.Queue(`INSERT INTO deliveries AS d (receiver, tenant, incident_id, wanted, pending_at, due_at)
		SELECT name, $1, $2, $3, $4, $4 FROM receivers ORDER BY name
		ON CONFLICT (receiver, tenant, incident_id) DO UPDATE SET wanted = excluded.wanted, dead = false,
			attempts = CASE WHEN d.dead THEN 0 ELSE d.attempts END,
			pending_at = CASE WHEN d.wanted > d.done THEN d.pending_at ELSE excluded.pending_at END,
			due_at = CASE WHEN d.attempts > 0 AND NOT d.dead THEN d.due_at ELSE excluded.due_at END`,
		in.Tenant, in.ID, n.Sequence, instant(n.Due))
}

// Alerts implements store.Notifications. It reads the primary: what a replica does not know yet would end alerts.
func (s *Store) Alerts(ctx context.Context, since time.Time, limit int) (list []store.IncidentAlerts, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		from, err := byDatabase(ctx, tx, since)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT tenant, incident_id, announcement, alerts FROM incident_notices
			WHERE (alerting OR changed_at >= $1) AND jsonb_array_length(alerts) > 0 ORDER BY alerting DESC, changed_at, tenant, incident_id LIMIT $2`, from, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a store.IncidentAlerts, err error) {
			err = row.Scan(&a.Tenant, &a.IncidentID, &a.Announcement, &a.Alerts)
			return a, err
		})
		return err
	})
	return list, err
}

// IncidentCounts implements store.Notifications.
func (s *Store) IncidentCounts(ctx context.Context) (list []store.IncidentCount, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT "+severityNow+`, service, category, routine IS NOT NULL AND routine <> 'null', count(*) FROM incidents i
			WHERE status <> 'resolved' AND merged_into = '' AND failing_traces > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[store.IncidentCount])
		return err
	})
	return list, err
}
