package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const nearDuplicateRow = "n.tenant, n.signature, n.rule, n.message, n.position, n.examples, n.state, n.joined_at, n.incident_id"

// queueSimilar reads the near-duplicates of the roots' variants, with the living incidents of each.
func (p *placing) queueSimilar(b *pgx.Batch, k batchKeys) {
	b.Queue("SELECT "+nearDuplicateRow+`, (SELECT coalesce(jsonb_object_agg(o.id, CASE o.merged_into WHEN '' THEN o.id ELSE o.merged_into END), '{}')
			FROM incidents o WHERE o.tenant = n.tenant AND o.id IN (SELECT n.incident_id UNION ALL SELECT e ->> 'incident_id' FROM jsonb_array_elements(n.examples) e))
		FROM unnest($1::text[], $2::text[]) AS v (tenant, signature) JOIN near_duplicates n ON n.tenant = v.tenant AND n.signature = v.signature`,
		k.variants.tenants, k.variants.keys).Query(func(rows pgx.Rows) error {
		_, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (bool, error) {
			var living map[string]string
			tenant, n, err := scanNearDuplicates(row, &living)
			n.Into = living[n.IncidentID]
			for i := range n.Examples {
				n.Examples[i].Into = living[n.Examples[i].IncidentID]
			}
			p.tenant(tenant).similar[n.Signature] = n
			return true, err
		})
		return err
	})
}

// scanNearDuplicates reads nearDuplicateRow and what was selected after it.
func scanNearDuplicates(row pgx.CollectableRow, more ...any) (tenant string, n *incident.NearDuplicates, err error) {
	n = &incident.NearDuplicates{}
	err = row.Scan(append([]any{
		&tenant, &n.Signature, &n.Rule, &n.Message, &n.Position, &n.Examples, &n.State, (*instant)(&n.JoinedAt), &n.IncidentID,
	}, more...)...)
	return tenant, n, err
}

// noteSimilar keeps near-duplicates for saving, each once.
func (p *placing) noteSimilar(tenant string, list []*incident.NearDuplicates) {
	for _, n := range list {
		if !slices.ContainsFunc(p.similar, func(r nearDuplicatesRow) bool { return r.NearDuplicates == n }) {
			p.similar = append(p.similar, nearDuplicatesRow{tenant, n})
		}
	}
}

func saveNearDuplicates(b *pgx.Batch, list []nearDuplicatesRow) {
	for _, n := range list {
		b.Queue(`INSERT INTO near_duplicates (tenant, signature, rule, message, position, examples, state, joined_at, incident_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (tenant, signature) DO UPDATE SET examples = excluded.examples, state = excluded.state, joined_at = excluded.joined_at,
				incident_id = excluded.incident_id`,
			n.tenant, n.Signature, n.Rule, n.Message, n.Position, n.Examples, n.State, instant(n.JoinedAt), n.IncidentID)
	}
}

// splitNearDuplicates ends the rules by which an incident belonged to the one that it is split off.
func splitNearDuplicates(b *pgx.Batch, s splitRow) {
	b.Queue(`UPDATE near_duplicates SET state = $4 WHERE tenant = $1 AND state = $5
		AND incident_id IN (SELECT $2::text UNION ALL SELECT id FROM incidents WHERE tenant = $1 AND merged_into = $2)
		AND examples @> jsonb_build_array(jsonb_build_object('incident_id', $3::text))`,
		s.tenant, s.From, s.To, incident.NearDuplicatesSplit, incident.NearDuplicatesJoined)
}

// joinedNearDuplicates are the rules by which an incident has near-duplicates, or had.
func joinedNearDuplicates(ctx context.Context, tx pgx.Tx, tenant, id string) (list []incident.NearDuplicates, err error) {
	rows, err := tx.Query(ctx, "SELECT "+nearDuplicateRow+` FROM near_duplicates n WHERE n.tenant = $1 AND n.state <> $3
			AND n.incident_id IN (SELECT $2::text UNION ALL SELECT id FROM incidents WHERE tenant = $1 AND merged_into = $2)
		ORDER BY n.joined_at, n.signature LIMIT $4`, tenant, id, incident.NearDuplicatesSeen, incident.MaxNearDuplicates)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.NearDuplicates, error) {
		_, n, err := scanNearDuplicates(row)
		return *n, err
	})
}
