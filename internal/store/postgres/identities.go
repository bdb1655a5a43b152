package postgres

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// saveHistory records what happened to identities; a merge with the keys it is about to move.
func saveHistory(b *pgx.Batch, history []historyRow, now time.Time) {
	for _, e := range history {
		b.Queue(`INSERT INTO incident_history (tenant, incident_id, at, action, other_id, from_signature, to_signature, reason, moved_keys)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT coalesce(jsonb_agg(key ORDER BY key), '[]') FROM incident_failures
				WHERE tenant = $1 AND incident_id = $2 AND $4 = 'merged'))`,
			e.tenant, e.IncidentID, now, string(e.Action), e.OtherID, e.FromSignature, e.ToSignature, ledger.HistoryReason(e.Action))
	}
}

// moveLinks moves what belonged to a merged incident to its survivor; of a failure that belonged to
// both, the merged one's link is kept.
func moveLinks(b *pgx.Batch, m mergeRow) {
	b.Queue("UPDATE incidents SET merged_into = $1 WHERE tenant = $2 AND merged_into = $3", m.Into, m.tenant, m.From)
	b.Queue(`DELETE FROM incident_failures l USING incident_failures m
		WHERE l.tenant = $2 AND l.incident_id = $1 AND m.tenant = $2 AND m.incident_id = $3 AND m.key = l.key`, m.Into, m.tenant, m.From)
	b.Queue("UPDATE incident_failures SET incident_id = $1 WHERE tenant = $2 AND incident_id = $3", m.Into, m.tenant, m.From)
}

// recountIncidents derives the counts and times of incidents from their links.
func recountIncidents(b *pgx.Batch, list []incidentID) {
	if len(list) == 0 {
		return
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b incidentID) int { return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.id, b.id)) })
	var k failureKeys
	for _, in := range slices.Compact(list) {
		k.add(in.tenant, in.id)
	}
	b.Queue(`UPDATE incidents i SET failing_traces = l.n, errors = l.errors, error_signals = l.error_signals,
			first_seen = coalesce(l.first_seen, i.first_seen), last_seen = coalesce(l.last_seen, i.last_seen),
			last_failure_at = coalesce(l.last_failure_at, i.last_failure_at)
		FROM (SELECT k.tenant, k.id, count(l.key) AS n, coalesce(sum(l.errors), 0) AS errors, coalesce(sum(l.error_signals), 0) AS error_signals,
				min(l.first_error) AS first_seen, max(l.last_error) AS last_seen, max(l.last_received) AS last_failure_at
			FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
				LEFT JOIN incident_failures l ON l.tenant = k.tenant AND l.incident_id = k.id GROUP BY k.tenant, k.id) AS l
		WHERE i.tenant = l.tenant AND i.id = l.id`, k.tenants, k.keys)
}
