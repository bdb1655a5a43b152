package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// MergeIncidents implements store.Incidents.
func (s *Store) MergeIncidents(ctx context.Context, tenant, one, other string) (merge incident.Merge, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		list, err := lockIdentity(ctx, tx, tenant, one, other)
		if err != nil {
			return err
		}
		d, err := incident.MergeRequested(list[0], list[1])
		if err != nil {
			return err
		}
		merge = d.Merges[0]
		return saveIdentity(ctx, tx, tenant, d)
	})
	return merge, err
}

// SplitIncident implements store.Incidents.
func (s *Store) SplitIncident(ctx context.Context, tenant, id string) (split incident.Split, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		list, err := lockIdentity(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		merged := list[0]
		if merged.MergedInto == "" {
			return notMerged(ctx, tx, merged)
		}
		survivor, err := lockIncident(ctx, tx, tenant, merged.MergedInto)
		if err != nil {
			return err
		}
		rooted, err := incidents(ctx, tx, "i.tenant = $1 AND i.root_signature = $2 AND i.merged_into = ''", tenant, merged.RootSignature)
		if err != nil {
			return err
		}
		d, err := incident.SplitRequested(merged, &survivor, rooted)
		if err != nil {
			return err
		}
		split = d.Splits[0]
		return saveIdentity(ctx, tx, tenant, d)
	})
	return split, err
}

// lockIdentity reads incidents whose identity is to change, while no failure is being placed.
func lockIdentity(ctx context.Context, tx pgx.Tx, tenant string, ids ...string) ([]*incident.Incident, error) {
	if err := takeLock(ctx, tx, lockIdentities); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	list := make([]*incident.Incident, len(ids))
	for i, id := range ids {
		in, err := lockIncident(ctx, tx, tenant, id)
		if err != nil {
			return nil, err
		}
		list[i] = &in
	}
	return list, nil
}

func saveIdentity(ctx context.Context, tx pgx.Tx, tenant string, d incident.Decision) error {
	var p placing
	if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan((*instant)(&p.now)); err != nil {
		return err
	}
	p.noteIncidents(tenant, d)
	return p.save(ctx, tx)
}

// notMerged says which incidents can be split off one that is not merged itself.
func notMerged(ctx context.Context, tx pgx.Tx, in *incident.Incident) error {
	merged, err := incidents(ctx, tx, "i.tenant = $1 AND i.merged_into = $2 ORDER BY i.opened_at, i.id", in.Tenant, in.ID)
	if err != nil {
		return err
	}
	return ledger.NotMerged(in, merged)
}
