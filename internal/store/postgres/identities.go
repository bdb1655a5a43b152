package postgres

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// saveHistory records what happened to identities; a merge with the keys it is about to move.
func saveHistory(b *pgx.Batch, history []historyRow, now time.Time) {
	for _, e := range history {
		b.Queue(`INSERT INTO incident_history (tenant, incident_id, at, action, other_id, from_signature, to_signature, reason, moved_keys)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT coalesce(jsonb_agg(key ORDER BY key), '[]') FROM incident_failures
				WHERE tenant = $1 AND incident_id = $2 AND $4 = 'merged'))`,
			e.tenant, e.IncidentID, now, string(e.Action), e.OtherID, e.FromSignature, e.ToSignature, e.Reason)
		if e.Action == incident.ActionRekeyed { // it has another root now
			b.Queue("DELETE FROM incident_signatures WHERE tenant = $1 AND incident_id = $2", e.tenant, e.IncidentID)
		}
	}
}

// saveAliases saves by which signatures incidents are found beside their own.
func saveAliases(b *pgx.Batch, aliases []aliasRow) {
	for _, a := range aliases {
		b.Queue(`INSERT INTO incident_signatures (tenant, signature, version, incident_id) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant, signature) DO UPDATE SET version = excluded.version, incident_id = excluded.incident_id`,
			a.tenant, a.Signature, a.Version, a.IncidentID)
	}
}

// moveLinks moves what belonged to a merged incident to its survivor. A failure that belonged to
// both counts there what it counted in both.
func moveLinks(b *pgx.Batch, m mergeRow) {
	b.Queue("UPDATE incidents SET merged_into = $1 WHERE tenant = $2 AND merged_into = $3", m.Into, m.tenant, m.From)
	b.Queue(`WITH moved AS (
			DELETE FROM incident_failures l USING incident_failures kept
			WHERE l.tenant = $2 AND l.incident_id = $3 AND kept.tenant = $2 AND kept.incident_id = $1 AND kept.key = l.key
			RETURNING l.key, l.first_error, l.last_error, l.errors, l.error_signals, l.severity)
		UPDATE incident_failures l SET errors = l.errors + moved.errors, error_signals = l.error_signals + moved.error_signals,
			first_error = least(l.first_error, moved.first_error), last_error = greatest(l.last_error, moved.last_error),
			severity = greatest(`+ledger.KnownSeverity("l.severity", "$2", "$1")+`, `+ledger.KnownSeverity("moved.severity", "$2", "$1")+`)
		FROM moved WHERE l.tenant = $2 AND l.incident_id = $1 AND l.key = moved.key`, m.Into, m.tenant, m.From)
	b.Queue("UPDATE incident_failures SET incident_id = $1 WHERE tenant = $2 AND incident_id = $3", m.Into, m.tenant, m.From)
	moveTrimmed(b, m)
}

// returnLinks undoes what moveLinks did, for what came since as well: what had been merged into the
// incident, or into one of those, goes with it. A failure that belonged to both stays where it is.
func returnLinks(b *pgx.Batch, s splitRow) {
	b.Queue(`WITH RECURSIVE came (id) AS (
			SELECT $1::text
			UNION SELECT i.id FROM came JOIN incidents i ON i.tenant = $2 AND i.merged_into = $3 AND came.id = (
				SELECT other_id FROM incident_history WHERE tenant = $2 AND incident_id = i.id AND action = 'merged' ORDER BY seq DESC LIMIT 1))
		UPDATE incidents SET merged_into = $1 WHERE tenant = $2 AND merged_into = $3 AND id IN (SELECT id FROM came)`, s.To, s.tenant, s.From)
	ofItsRoots := "root_signature IN (" + rootsOf("$1") + ")"
	var trimmed int64
	b.Queue("UPDATE trimmed_failures SET incident_id = $1 WHERE tenant = $2 AND incident_id = $3 AND "+ofItsRoots, s.To, s.tenant, s.From).
		Exec(func(moved pgconn.CommandTag) error {
			trimmed = moved.RowsAffected()
			return nil
		})
	b.Queue(`UPDATE incident_failures l SET incident_id = $1 WHERE l.tenant = $2 AND l.incident_id = $3 AND (
		l.`+ofItsRoots+`
		OR l.root_signature NOT IN (`+rootsOf("$3")+`)
			AND (SELECT moved_keys FROM incident_history WHERE tenant = $2 AND incident_id = $1 AND action = 'merged' ORDER BY seq DESC LIMIT 1) ? l.key)`,
		s.To, s.tenant, s.From).Exec(func(moved pgconn.CommandTag) error {
		if moved.RowsAffected()+trimmed == 0 {
			return ledger.NothingToSplit(s.Split)
		}
		return nil
	})
}

// rootsOf selects the signatures whose failures an incident of tenant $2 takes by itself: its own, and
// those of the incidents that were merged into it by a user.
func rootsOf(id string) string {
	these := "i.tenant = $2 AND (i.id = " + id + " OR i.merged_into = " + id + " AND i.joined)"
	return "SELECT i.root_signature FROM incidents i WHERE " + these + ` UNION ALL
		SELECT a.signature FROM incidents i JOIN incident_signatures a ON a.tenant = i.tenant AND a.incident_id = i.id WHERE ` + these
}

// lockOrder has each of the incidents once, in the order in which all take locks.
func lockOrder(list []incidentID) (k failureKeys) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b incidentID) int { return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.id, b.id)) })
	for _, in := range slices.Compact(list) {
		k.add(in.tenant, in.id)
	}
	return k
}

// recountIncidents derives the counts and times of incidents from their links, and from what was
// trimmed of them.
func recountIncidents(b *pgx.Batch, list []incidentID) {
	if len(list) == 0 {
		return
	}
	k := lockOrder(list)
	b.Queue(`UPDATE incidents i SET failing_traces = l.n, errors = l.errors, error_signals = l.error_signals,
			first_seen = coalesce(l.first_seen, i.first_seen), last_seen = coalesce(l.last_seen, i.last_seen),
			last_failure_at = coalesce(l.last_failure_at, i.last_failure_at)
		FROM unnest($1::text[], $2::text[]) AS k (tenant, id) CROSS JOIN LATERAL (
			SELECT coalesce(sum(n), 0) AS n, coalesce(sum(errors), 0) AS errors, coalesce(sum(error_signals), 0) AS error_signals,
				min(first_error) AS first_seen, max(last_error) AS last_seen, max(last_received) AS last_failure_at
			FROM (SELECT 1 AS n, errors, error_signals, first_error, last_error, last_received
					FROM incident_failures WHERE tenant = k.tenant AND incident_id = k.id
				UNION ALL SELECT failing_traces, errors, error_signals, first_error, last_error, last_received
					FROM trimmed_failures WHERE tenant = k.tenant AND incident_id = k.id) AS counted) AS l
		WHERE i.tenant = k.tenant AND i.id = k.id`, k.tenants, k.keys)
}
