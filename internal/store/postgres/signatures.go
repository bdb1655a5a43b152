package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// OutdatedIncidents implements store.Incidents.
func (s *Store) OutdatedIncidents(ctx context.Context, version int, since time.Time, limit int) (found []incident.Incident, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		found, err = incidents(ctx, tx, `(i.signature_parts ->> 'version')::integer < $1 AND NOT i.ungrouped AND (
				i.merged_into = '' AND (i.status <> 'resolved' OR i.resolved_at >= $2)
				OR i.joined AND EXISTS (SELECT FROM incidents o WHERE o.tenant = i.tenant AND o.id = i.merged_into
					AND (o.status <> 'resolved' OR o.resolved_at >= $2)))
			ORDER BY i.opened_at, i.tenant, i.id LIMIT $3`, version, since, limit)
		return err
	})
	return found, err
}

// RenewSignature implements store.Incidents.
func (s *Store) RenewSignature(ctx context.Context, tenant, id string, r incident.Renewal) (changes []store.IncidentChange, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		changes = nil
		list, err := lockIdentity(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		in := list[0]
		if in.SignatureParts.Version >= r.Version {
			return nil // another replica was first
		}
		var survivor *incident.Incident
		if in.MergedInto != "" {
			into, err := lockIncident(ctx, tx, tenant, in.MergedInto)
			if err != nil {
				return err
			}
			survivor = &into
		}
		taker, err := takerOf(ctx, tx, tenant, r.Signature)
		if err != nil {
			return err
		}
		if taker != nil && survivor != nil && taker.ID == survivor.ID {
			taker = survivor
		}
		d, alias := r.Renew(in, survivor, taker)
		if alias {
			_, err := tx.Exec(ctx, `INSERT INTO incident_signatures (tenant, signature, version, incident_id) VALUES ($1, $2, $3, $4)
				ON CONFLICT (tenant, signature) DO UPDATE SET version = excluded.version, incident_id = excluded.incident_id`,
				tenant, r.Signature, r.Version, id)
			if err != nil {
				return err
			}
		}
		for _, in := range d.Changed {
			changes = append(changes, store.IncidentChange{Tenant: tenant, ID: in.ID})
		}
		return saveIdentity(ctx, tx, tenant, d)
	})
	return changes, err
}

// takerOf is the living incident that takes the failures of a signature, nil where none does.
func takerOf(ctx context.Context, tx pgx.Tx, tenant, signature string) (*incident.Incident, error) {
	if signature == "" {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT "+incidentRow+` FROM incidents i WHERE i.tenant = $1 AND i.merged_into = '' AND (
			i.root_signature = $2
			OR i.id IN (SELECT o.merged_into FROM incidents o WHERE o.tenant = $1 AND o.root_signature = $2 AND o.joined)
			OR i.id IN (SELECT CASE o.merged_into WHEN '' THEN o.id ELSE o.merged_into END FROM incident_signatures a
				JOIN incidents o ON o.tenant = a.tenant AND o.id = a.incident_id AND (o.merged_into = '' OR o.joined)
				WHERE a.tenant = $1 AND a.signature = $2))
		ORDER BY i.root_signature <> $2, i.opened_at, i.id LIMIT 1 FOR UPDATE OF i`, tenant, signature)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.Incident, error) { return scanIncident(row) })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
