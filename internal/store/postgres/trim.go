package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// Failures of incidents are trimmed: dropped with their links, while what they counted for stays in
// trimmed_failures. One that waits keeps its links, since its next classification compares with them.

// trimOld drops the failures of incidents whose newest record is so old, a few thousand a transaction.
func (w *retaining) trimOld(ctx context.Context, before time.Time) error {
	return w.inBatches(ctx, retainRows, func(tx pgx.Tx) (int, error) {
		old, err := lockToTrim(ctx, tx, `SELECT tenant, key FROM failures
			WHERE linked AND first_received < $1 AND last_record < $1 AND state <> 'waiting'
			ORDER BY first_received LIMIT $2 FOR UPDATE SKIP LOCKED`, before, retainRows)
		if err != nil {
			return 0, err
		}
		return len(old.keys), trim(ctx, tx, old, "")
	})
}

// trimIncident drops up to so many failures of an incident, the oldest first.
func (w *retaining) trimIncident(ctx context.Context, in incidentID, limit int) (n int, err error) {
	err = w.write(ctx, func(tx pgx.Tx) error {
		old, err := lockToTrim(ctx, tx, `SELECT f.tenant, f.key FROM incident_failures l JOIN failures f ON f.tenant = l.tenant AND f.key = l.key
			WHERE l.tenant = $1 AND l.incident_id = $2 AND f.state <> 'waiting'
			ORDER BY l.first_error, l.key LIMIT $3 FOR UPDATE OF f SKIP LOCKED`, in.tenant, in.id, limit)
		if err != nil {
			return err
		}
		n = len(old.keys)
		return trim(ctx, tx, old, in.id)
	})
	w.done.Dropped += n
	return n, err
}

// lockToTrim selects failures that nobody else has. The lock of identities keeps their links in their
// incidents.
func lockToTrim(ctx context.Context, tx pgx.Tx, sql string, args ...any) (failureKeys, error) {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock_shared($1)", lockIdentities); err != nil {
		return failureKeys{}, err
	}
	return keysOf(tx.Query(ctx, sql, args...))
}

// trim drops the links of failures, to one incident or all, and the failures that have none left.
func trim(ctx context.Context, tx pgx.Tx, old failureKeys, incidentID string) error {
	var b pgx.Batch
	b.Queue(`WITH gone AS (
			DELETE FROM incident_failures l USING unnest($1::text[], $2::text[]) AS k (tenant, key)
			WHERE l.tenant = k.tenant AND l.key = k.key AND ($3 = '' OR l.incident_id = $3) RETURNING l.*)
		INSERT INTO trimmed_failures AS t
		SELECT g.tenant, g.incident_id, CASE WHEN i.ungrouped THEN i.root_signature ELSE g.root_signature END AS signature,
			count(*), sum(g.errors), sum(g.error_signals), min(g.first_error), max(g.last_error), max(g.last_received),
			max(`+ledger.KnownSeverity("g.severity", "g.tenant", "g.incident_id")+`)
		FROM gone g JOIN incidents i ON i.tenant = g.tenant AND i.id = g.incident_id GROUP BY g.tenant, g.incident_id, signature
		`+addToTrimmed, old.tenants, old.keys, incidentID)
	b.Queue(`DELETE FROM failures f USING unnest($1::text[], $2::text[]) AS k (tenant, key) WHERE f.tenant = k.tenant AND f.key = k.key
		AND NOT EXISTS (SELECT FROM incident_failures l WHERE l.tenant = f.tenant AND l.key = f.key)`, old.tenants, old.keys)
	return tx.SendBatch(ctx, &b).Close()
}

var addToTrimmed = `ON CONFLICT (tenant, incident_id, root_signature) DO UPDATE SET
	failing_traces = t.failing_traces + excluded.failing_traces,
	errors = t.errors + excluded.errors, error_signals = t.error_signals + excluded.error_signals,
	first_error = least(t.first_error, excluded.first_error), last_error = greatest(t.last_error, excluded.last_error),
	last_received = greatest(t.last_received, excluded.last_received), severity = greatest(` +
	ledger.KnownSeverity("t.severity", "t.tenant", "t.incident_id") + `, ` + ledger.KnownSeverity("excluded.severity", "t.tenant", "t.incident_id") + `)`

// moveTrimmed lets a survivor have what was trimmed of an incident merged into it.
func moveTrimmed(b *pgx.Batch, m mergeRow) {
	b.Queue(`WITH moved AS (DELETE FROM trimmed_failures WHERE tenant = $2 AND incident_id = $3 RETURNING *)
		INSERT INTO trimmed_failures AS t
		SELECT tenant, $1, root_signature, failing_traces, errors, error_signals, first_error, last_error, last_received, severity FROM moved
		`+addToTrimmed, m.Into, m.tenant, m.From)
}
