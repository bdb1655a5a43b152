package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// noteIncidents stores what is to be told of incidents that the transaction may have changed.
func (c *conn) noteIncidents(now time.Time, tenant string, ids ...string) error {
	for _, id := range ids {
		var found []incident.Incident
		err := c.query("SELECT "+incidentColumns+", "+severityNow+" FROM incidents WHERE tenant = ? AND id = ?", func(r *row) error {
			in, err := scanIncident(r, now)
			in.Severity = incident.Severity(r.text())
			found = append(found, in)
			return err
		}, tenant, id)
		if err != nil {
			return err
		}
		for _, in := range found {
			if err := c.noteIncident(in, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *conn) noteIncident(in incident.Incident, now time.Time) error {
	before, err := c.notice(in.Tenant, in.ID)
	if err != nil {
		return err
	}
	next, changed := before.Advance(in, now.UTC())
	if !changed {
		return nil
	}
	alerts, err := json.Marshal(next.Alerts)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO incident_notices (tenant, incident_id, sequence, announcement, alerts, alerting, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, incident_id) DO UPDATE SET sequence = excluded.sequence, announcement = excluded.announcement,
			alerts = excluded.alerts, alerting = excluded.alerting, changed_at = excluded.changed_at`,
		in.Tenant, in.ID, next.Sequence, next.Announcement, string(alerts), next.Alerting(), next.ChangedAt)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO deliveries (receiver, tenant, incident_id, wanted, pending_at, due_at)
		SELECT name, ?1, ?2, ?3, ?4, ?4 FROM receivers WHERE true
		ON CONFLICT (receiver, tenant, incident_id) DO UPDATE SET wanted = excluded.wanted, dead = 0,
			attempts = iif(dead, 0, attempts),
			pending_at = iif(wanted > done, pending_at, excluded.pending_at),
			due_at = iif(attempts > 0 AND dead = 0, due_at, excluded.due_at)`, in.Tenant, in.ID, next.Sequence, next.Due)
	return err
}

func (c *conn) notice(tenant, id string) (n incident.Notice, err error) {
	err = c.query("SELECT sequence, announcement, alerts, changed_at FROM incident_notices WHERE tenant = ? AND incident_id = ?", func(r *row) error {
		n.Sequence, n.Announcement = r.int(), r.text()
		if err := json.Unmarshal(r.st.ColumnRawText(r.next()), &n.Alerts); err != nil {
			return fmt.Errorf("the alerts of incident %s cannot be read: %w", id, err)
		}
		n.ChangedAt = r.time()
		return nil
	}, tenant, id)
	return n, err
}

// Alerts implements store.Notifications.
func (s *Store) Alerts(ctx context.Context, since time.Time, limit int) (list []store.IncidentAlerts, err error) {
	err = s.read(ctx, func(v *view) error {
		list = nil
		return v.query(`SELECT tenant, incident_id, announcement, alerts FROM incident_notices WHERE alerting = 1 OR changed_at >= ?
			ORDER BY alerting DESC, changed_at, tenant, incident_id LIMIT ?`, func(r *row) error {
			a := store.IncidentAlerts{Tenant: r.text(), IncidentID: r.text(), Announcement: r.text()}
			if err := json.Unmarshal(r.st.ColumnRawText(r.next()), &a.Alerts); err != nil {
				return fmt.Errorf("the alerts of incident %s cannot be read: %w", a.IncidentID, err)
			}
			if len(a.Alerts) > 0 {
				list = append(list, a)
			}
			return nil
		}, since, limit)
	})
	return list, err
}

// IncidentCounts implements store.Notifications.
func (s *Store) IncidentCounts(ctx context.Context) (list []store.IncidentCount, err error) {
	err = s.read(ctx, func(v *view) error {
		list = nil
		return v.query("SELECT "+severityNow+`, service, category, routine <> 'null', count(*) FROM incidents
			WHERE status <> 'resolved' AND merged_into = '' AND failing_traces > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, func(r *row) error {
			list = append(list, store.IncidentCount{
				Severity: incident.Severity(r.text()), Service: r.text(), Category: incident.Category(r.text()), Routine: r.bool(), Count: r.int(),
			})
			return nil
		})
	})
	return list, err
}
