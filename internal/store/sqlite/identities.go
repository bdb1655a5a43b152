package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// identityChange carries out what was decided about a tenant's incidents.
type identityChange struct {
	*conn
	tenant string
	now    time.Time
}

// saveIncidents stores the incidents that changed.
func (c identityChange) saveIncidents(d incident.Decision) error {
	ledger.MergedFirst(d.Changed)
	for _, in := range d.Changed {
		in.Tenant = c.tenant
		if err := c.upsertIncident(in, ledger.Rekeyed(d, in.ID)); err != nil {
			return err
		}
	}
	return nil
}

// save records what happened to identities, moves links accordingly, counts them again, and stores what is to be told.
func (c identityChange) save(d incident.Decision) error {
	for _, e := range d.History {
		if err := c.record(e); err != nil {
			return err
		}
	}
	for _, m := range d.Merges {
		if err := c.merge(m); err != nil {
			return err
		}
	}
	for _, s := range d.Splits {
		if err := c.split(s); err != nil {
			return err
		}
		if err := c.splitNearDuplicates(s); err != nil {
			return err
		}
	}
	if err := c.saveNearDuplicates(d.Similar); err != nil {
		return err
	}
	for _, a := range d.Aliases {
		_, err := c.exec(`INSERT INTO incident_signatures (tenant, signature, version, incident_id) VALUES (?, ?, ?, ?)
			ON CONFLICT (tenant, signature) DO UPDATE SET version = excluded.version, incident_id = excluded.incident_id`, c.tenant, a.Signature, a.Version, a.IncidentID)
		if err != nil {
			return err
		}
	}
	for _, id := range d.Recount {
		if err := c.recount(id); err != nil {
			return err
		}
	}
	return c.noteIncidents(c.now, c.tenant, ledger.Touched(d)...)
}

// record keeps an entry of the history; a merge with the keys it is about to move.
func (c identityChange) record(e incident.Entry) error {
	_, err := c.exec(`INSERT INTO incident_history (tenant, incident_id, at, action, other_id, from_signature, to_signature, reason, moved_keys)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT json_group_array(key) FROM incident_failures WHERE tenant = ?1 AND incident_id = ?2 AND ?4 = 'merged'))`,
		c.tenant, e.IncidentID, c.now, e.Action, e.OtherID, e.FromSignature, e.ToSignature, e.Reason)
	if err == nil && e.Action == incident.ActionRekeyed { // it has another root now
		_, err = c.exec("DELETE FROM incident_signatures WHERE tenant = ? AND incident_id = ?", c.tenant, e.IncidentID)
	}
	return err
}

// merge moves what belonged to a merged incident to its survivor. A failure that belonged to both
// counts there what it counted in both.
func (c identityChange) merge(m incident.Merge) error {
	for _, statement := range []string{
		"UPDATE incidents SET merged_into = ?1 WHERE tenant = ?2 AND merged_into = ?3",
		`UPDATE incident_failures AS l SET errors = l.errors + moved.errors, error_signals = l.error_signals + moved.error_signals,
				first_error = min(l.first_error, moved.first_error), last_error = max(l.last_error, moved.last_error),
				severity = max(` + ledger.KnownSeverity("l.severity", "?2", "?1") + `, ` + ledger.KnownSeverity("moved.severity", "?2", "?1") + `)
			FROM (SELECT key, first_error, last_error, errors, error_signals, severity FROM incident_failures WHERE tenant = ?2 AND incident_id = ?3) AS moved
			WHERE l.tenant = ?2 AND l.incident_id = ?1 AND l.key = moved.key`,
		"DELETE FROM incident_failures WHERE tenant = ?2 AND incident_id = ?3 AND key IN (SELECT key FROM incident_failures WHERE tenant = ?2 AND incident_id = ?1)",
		"UPDATE incident_failures SET incident_id = ?1 WHERE tenant = ?2 AND incident_id = ?3",
		`INSERT INTO trimmed_failures
			SELECT tenant, ?1, root_signature, failing_traces, errors, error_signals, first_error, last_error, last_received, severity
			FROM trimmed_failures WHERE tenant = ?2 AND incident_id = ?3` + addToTrimmed,
		"DELETE FROM trimmed_failures WHERE tenant = ?2 AND incident_id = ?3",
	} {
		if _, err := c.exec(statement, m.Into, c.tenant, m.From); err != nil {
			return err
		}
	}
	return nil
}

// split undoes what merge did, for what came since as well: what had been merged into the incident, or
// into one of those, goes with it. A failure that belonged to both stays where it is.
func (c identityChange) split(s incident.Split) error {
	_, err := c.exec(`WITH RECURSIVE came (id) AS (
			SELECT ?1
			UNION SELECT i.id FROM came JOIN incidents i ON i.tenant = ?2 AND i.merged_into = ?3 AND came.id = (
				SELECT other_id FROM incident_history WHERE tenant = ?2 AND incident_id = i.id AND action = 'merged' ORDER BY seq DESC LIMIT 1))
		UPDATE incidents SET merged_into = ?1 WHERE tenant = ?2 AND merged_into = ?3 AND id IN (SELECT id FROM came)`, s.To, c.tenant, s.From)
	if err != nil {
		return err
	}
	ofItsRoots := "root_signature IN (" + rootsOf("?1") + ")"
	trimmed, err := c.exec("UPDATE trimmed_failures SET incident_id = ?1 WHERE tenant = ?2 AND incident_id = ?3 AND "+ofItsRoots, s.To, c.tenant, s.From)
	if err != nil {
		return err
	}
	moved, err := c.exec(`UPDATE incident_failures SET incident_id = ?1 WHERE tenant = ?2 AND incident_id = ?3 AND (
		`+ofItsRoots+`
		OR root_signature NOT IN (`+rootsOf("?3")+`)
			AND key IN (SELECT value FROM json_each((SELECT moved_keys FROM incident_history
				WHERE tenant = ?2 AND incident_id = ?1 AND action = 'merged' ORDER BY seq DESC LIMIT 1))))`, s.To, c.tenant, s.From)
	if err == nil && moved+trimmed == 0 {
		err = ledger.NothingToSplit(s)
	}
	return err
}

// rootsOf selects the signatures whose failures an incident of tenant ?2 takes by itself: its own, and
// those of the incidents that were merged into it by a user.
func rootsOf(id string) string {
	these := "i.tenant = ?2 AND (i.id = " + id + " OR i.merged_into = " + id + " AND i.joined = 1)"
	return "SELECT i.root_signature FROM incidents i WHERE " + these + ` UNION ALL
		SELECT a.signature FROM incidents i JOIN incident_signatures a ON a.tenant = i.tenant AND a.incident_id = i.id WHERE ` + these
}

// recount derives an incident's counts and times from its links, and from what was trimmed of it.
func (c identityChange) recount(id string) error {
	_, err := c.exec(`UPDATE incidents SET
			failing_traces = n, errors = e, error_signals = s,
			first_seen = coalesce(first, first_seen), last_seen = coalesce(last, last_seen), last_failure_at = coalesce(received, last_failure_at)
		FROM (SELECT coalesce(sum(n), 0) AS n, coalesce(sum(errors), 0) AS e, coalesce(sum(error_signals), 0) AS s,
				min(first_error) AS first, max(last_error) AS last, max(last_received) AS received
			FROM (SELECT 1 AS n, errors, error_signals, first_error, last_error, last_received
					FROM incident_failures WHERE tenant = ?1 AND incident_id = ?2
				UNION ALL SELECT failing_traces, errors, error_signals, first_error, last_error, last_received
					FROM trimmed_failures WHERE tenant = ?1 AND incident_id = ?2))
		WHERE tenant = ?1 AND id = ?2`, c.tenant, id)
	return err
}

// MergeIncidents implements store.Incidents.
func (s *Store) MergeIncidents(ctx context.Context, tenant, one, other string) (merge incident.Merge, err error) {
	err = s.write(ctx, func(c *conn) error {
		change := identityChange{conn: c, tenant: tenant, now: s.now()}
		a, err := change.incident(one)
		if err != nil {
			return err
		}
		b, err := change.incident(other)
		if err != nil {
			return err
		}
		d, err := incident.MergeRequested(a, b)
		if err != nil {
			return err
		}
		merge = d.Merges[0]
		return change.carryOut(d)
	})
	return merge, err
}

// SplitIncident implements store.Incidents.
func (s *Store) SplitIncident(ctx context.Context, tenant, id string) (split incident.Split, err error) {
	err = s.write(ctx, func(c *conn) error {
		change := identityChange{conn: c, tenant: tenant, now: s.now()}
		merged, err := change.incident(id)
		if err != nil {
			return err
		}
		if merged.MergedInto == "" {
			others, err := c.incidents(change.now, "tenant = ? AND merged_into = ? ORDER BY opened_at, id", tenant, id)
			if err != nil {
				return err
			}
			return ledger.NotMerged(merged, others)
		}
		survivor, err := change.incident(merged.MergedInto)
		if err != nil {
			return err
		}
		rooted, err := c.incidents(change.now, "tenant = ? AND root_signature = ? AND merged_into = ''", tenant, merged.RootSignature)
		if err != nil {
			return err
		}
		d, err := incident.SplitRequested(merged, survivor, rooted)
		if err != nil {
			return err
		}
		split = d.Splits[0]
		return change.carryOut(d)
	})
	return split, err
}

func (c identityChange) carryOut(d incident.Decision) error {
	if err := c.saveIncidents(d); err != nil {
		return err
	}
	return c.save(d)
}

func (c identityChange) incident(id string) (*incident.Incident, error) {
	found, err := c.incidents(c.now, "tenant = ? AND id = ?", c.tenant, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, record.NotFound("incident %q", id)
	}
	return &found[0], nil
}
