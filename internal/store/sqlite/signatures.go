package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// OutdatedIncidents implements store.Incidents.
func (s *Store) OutdatedIncidents(ctx context.Context, version int, since time.Time, limit int) (found []incident.Incident, err error) {
	err = s.read(ctx, func(v *view) error {
		found, err = v.incidents(s.now(), `json_extract(signature_parts, '$.version') < ?1 AND ungrouped = 0 AND (
				merged_into = '' AND (status <> 'resolved' OR resolved_at >= ?2)
				OR joined = 1 AND EXISTS (SELECT 1 FROM incidents o WHERE o.tenant = incidents.tenant AND o.id = incidents.merged_into
					AND (o.status <> 'resolved' OR o.resolved_at >= ?2)))
			ORDER BY opened_at, tenant, id LIMIT ?3`, version, since, limit)
		return err
	})
	return found, err
}

// RenewSignature implements store.Incidents.
func (s *Store) RenewSignature(ctx context.Context, tenant, id string, r incident.Renewal) (changes []store.IncidentChange, err error) {
	err = s.write(ctx, func(c *conn) error {
		changes = nil
		change := identityChange{conn: c, tenant: tenant, now: s.now()}
		in, err := change.incident(id)
		if err != nil || in.SignatureParts.Version >= r.Version {
			return err
		}
		var survivor *incident.Incident
		if in.MergedInto != "" {
			if survivor, err = change.incident(in.MergedInto); err != nil {
				return err
			}
		}
		taker, err := change.takerOf(r.Signature)
		if err != nil {
			return err
		}
		if taker != nil && survivor != nil && taker.ID == survivor.ID {
			taker = survivor
		}
		d, alias := r.Renew(in, survivor, taker)
		if alias {
			_, err := c.exec(`INSERT INTO incident_signatures (tenant, signature, version, incident_id) VALUES (?, ?, ?, ?)
				ON CONFLICT (tenant, signature) DO UPDATE SET version = excluded.version, incident_id = excluded.incident_id`, tenant, r.Signature, r.Version, id)
			if err != nil {
				return err
			}
		}
		for _, in := range d.Changed {
			changes = append(changes, store.IncidentChange{Tenant: tenant, ID: in.ID})
		}
		return change.carryOut(d)
	})
	return changes, err
}

// takerOf is the living incident that takes the failures of a signature, nil where none does.
func (c identityChange) takerOf(signature string) (*incident.Incident, error) {
	if signature == "" {
		return nil, nil
	}
	found, err := c.incidents(c.now, `tenant = ?1 AND merged_into = '' AND (
			root_signature = ?2
			OR id IN (SELECT o.merged_into FROM incidents o WHERE o.tenant = ?1 AND o.root_signature = ?2 AND o.joined = 1)
			OR id IN (SELECT iif(o.merged_into = '', o.id, o.merged_into) FROM incident_signatures a
				JOIN incidents o ON o.tenant = a.tenant AND o.id = a.incident_id AND (o.merged_into = '' OR o.joined = 1)
				WHERE a.tenant = ?1 AND a.signature = ?2))
		ORDER BY root_signature <> ?2, opened_at, id LIMIT 1`, c.tenant, signature)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
