package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// retainIncidents bounds how many incidents or revisions one transaction deletes: their cases are big.
const retainIncidents = 20

// dropOld drops what is too old of incidents: first failures and superseded revisions, of all of them,
// so that little is left of those that are then deleted, while nobody can place failures.
func (w *retaining) dropOld(ctx context.Context) error {
	if w.policy.Incidents <= 0 {
		return nil
	}
	old := w.now.Add(-w.policy.Incidents)
	if err := w.trimOld(ctx, old); err != nil {
		return err
	}
	err := w.inBatches(ctx, retainIncidents, func(tx pgx.Tx) (n int, err error) {
		n, _, err = deleteRevisions(ctx, tx, old)
		return n, err
	})
	if err != nil {
		return err
	}
	for _, these := range []string{
		"status = 'resolved' AND resolved_at < $1 AND merged_into = '' ORDER BY resolved_at",
		"merged_into <> '' AND NOT joined AND last_failure_at < $1",
	} {
		err := w.inBatches(ctx, retainIncidents, func(tx pgx.Tx) (n int, err error) {
			n, _, err = deleteIncidents(ctx, tx, these, old)
			return n, err
		})
		if err != nil {
			return err
		}
	}
	return w.write(ctx, func(tx pgx.Tx) error { // the failures a merge moved are gone
		_, err := tx.Exec(ctx, "UPDATE incident_history SET moved_keys = '[]' WHERE at < $1 AND moved_keys <> '[]'", old)
		return err
	})
}

// deleteIncidents deletes some of the incidents that a condition selects, those merged into them and
// all that is theirs, and tells how many and about how many bytes went.
func deleteIncidents(ctx context.Context, tx pgx.Tx, these string, args ...any) (n int, freed int64, err error) {
	if err := takeLock(ctx, tx, lockIdentities); err != nil { // nobody places failures in them
		return 0, 0, err
	}
	gone, err := keysOf(tx.Query(ctx, `DELETE FROM incidents d USING (SELECT tenant, id FROM incidents WHERE `+these+` LIMIT `+strconv.Itoa(retainIncidents)+` FOR UPDATE SKIP LOCKED) old
		WHERE d.tenant = old.tenant AND d.id = old.id RETURNING d.tenant, d.id`, args...))
	n = len(gone.keys)
	for last := gone; err == nil && len(last.keys) > 0; {
		last, err = keysOf(tx.Query(ctx, `DELETE FROM incidents i USING unnest($1::text[], $2::text[]) g (tenant, id)
			WHERE i.tenant = g.tenant AND i.merged_into = g.id RETURNING i.tenant, i.id`, last.tenants, last.keys))
		gone.tenants, gone.keys = append(gone.tenants, last.tenants...), append(gone.keys, last.keys...)
	}
	if err != nil || n == 0 {
		return n, 0, err
	}
	freed, err = deleteOfIncidents(ctx, tx, gone)
	return n, freed, err
}

// deleteOfIncidents deletes what belonged to incidents that are gone. A failure stays while it waits
// or another incident has it.
func deleteOfIncidents(ctx context.Context, tx pgx.Tx, gone failureKeys) (freed int64, err error) {
	const of = " USING unnest($1::text[], $2::text[]) g (tenant, id) WHERE d.tenant = g.tenant AND d.incident_id = g.id"
	var b pgx.Batch
	b.Queue(`DELETE FROM failures d USING (
			SELECT DISTINCT l.tenant, l.key FROM incident_failures l JOIN unnest($1::text[], $2::text[]) g (tenant, id) ON l.tenant = g.tenant AND l.incident_id = g.id) l
		WHERE d.tenant = l.tenant AND d.key = l.key AND d.state <> 'waiting' AND NOT EXISTS (
			SELECT FROM incident_failures o JOIN incidents i ON i.tenant = o.tenant AND i.id = o.incident_id WHERE o.tenant = d.tenant AND o.key = d.key)`,
		gone.tenants, gone.keys)
	freed = int64(len(gone.keys)) * ledger.RowBytes
	for table, each := range map[string]int64{"incident_failures": ledger.FailureBytes, "trimmed_failures": 0, "incident_history": ledger.RowBytes, "incident_signatures": 0, "near_duplicates": 0, "incident_notices": 0, "deliveries": 0} {
		b.Queue("DELETE FROM "+table+" d"+of, gone.tenants, gone.keys).Exec(func(deleted pgconn.CommandTag) error {
			freed += deleted.RowsAffected() * each
			return nil
		})
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return 0, err
	}
	size, err := deleteAnalyses(ctx, tx, of, gone.tenants, gone.keys)
	return freed + size, err
}

// deleteRevisions deletes some analyses that were superseded and are so old, with what belongs to
// them, and tells how many and about how many bytes went.
func deleteRevisions(ctx context.Context, tx pgx.Tx, before time.Time) (n int, freed int64, err error) {
	rows, err := tx.Query(ctx, `SELECT a.tenant, a.incident_id, a.revision FROM analyses a
			JOIN incidents i ON i.tenant = a.tenant AND i.id = a.incident_id
		WHERE a.created_at < $1 AND a.revision < i.revision ORDER BY a.created_at LIMIT $2`, before, retainIncidents)
	if err != nil {
		return 0, 0, err
	}
	var tenants, ids []string
	var revisions []int
	var tenant, id string
	var revision int
	_, err = pgx.ForEachRow(rows, []any{&tenant, &id, &revision}, func() error {
		tenants, ids, revisions = append(tenants, tenant), append(ids, id), append(revisions, revision)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return 0, 0, err
	}
	freed, err = deleteAnalyses(ctx, tx, ` USING unnest($1::text[], $2::text[], $3::integer[]) g (tenant, id, revision)
		WHERE d.tenant = g.tenant AND d.incident_id = g.id AND d.revision = g.revision`, tenants, ids, revisions)
	return len(ids), freed, err
}
