package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// retainRows and retainIncidents bound what one transaction deletes.
	retainRows      = 5000
	retainIncidents = 100
	// spendKept is how long what was spent counts for budgets of all incidents together.
	spendKept = 24 * time.Hour
)

// dropRows deletes what goes with signals rather than with incidents. A row that is changed
// meanwhile is another version and stays.
func (w *retaining) dropRows(ctx context.Context) error {
	type rule struct {
		table, condition string
		before           time.Time
	}
	rules := []rule{{"agent_spend", "at < $1 AND NOT EXISTS (SELECT FROM incidents i WHERE i.tenant = t.tenant AND i.id = t.incident_id)", w.now.Add(-spendKept)}}
	if w.policy.Signals > 0 {
		old := w.now.Add(-w.policy.Signals)
		rules = append(rules,
			rule{"quarantine", "received_at < $1", old},
			rule{"failures", "last_record < $1 AND NOT EXISTS (SELECT FROM incident_failures l WHERE l.tenant = t.tenant AND l.key = t.key)", old},
		)
	}
	for _, rule := range rules {
		sql := "DELETE FROM " + rule.table + " WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM " + rule.table + " t WHERE " + rule.condition + " LIMIT $2))"
		err := w.inBatches(ctx, retainRows, func(tx pgx.Tx) (int, error) {
			tag, err := tx.Exec(ctx, sql, rule.before, retainRows)
			return int(tag.RowsAffected()), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropIncidents deletes incidents resolved so long ago, with all that is theirs.
func (w *retaining) dropIncidents(ctx context.Context) error {
	if w.policy.Incidents <= 0 {
		return nil
	}
	return w.inBatches(ctx, retainIncidents, func(tx pgx.Tx) (int, error) {
		if err := takeLock(ctx, tx, lockIdentities); err != nil { // nobody places failures in them
			return 0, err
		}
		gone, err := deleteIncidents(ctx, tx, w.now.Add(-w.policy.Incidents))
		if err != nil || len(gone.ids) == 0 {
			return 0, err
		}
		return len(gone.ids), deleteOfIncidents(ctx, tx, gone)
	})
}

// goneIncidents are incidents that were deleted.
type goneIncidents struct{ tenants, ids []string }

func (g *goneIncidents) add(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	var tenant, id string
	_, err = pgx.ForEachRow(rows, []any{&tenant, &id}, func() error {
		g.tenants, g.ids = append(g.tenants, tenant), append(g.ids, id)
		return nil
	})
	return err
}

// deleteIncidents deletes some incidents resolved before the given time, and those merged into them.
func deleteIncidents(ctx context.Context, tx pgx.Tx, before time.Time) (all goneIncidents, err error) {
	var last goneIncidents
	err = last.add(tx.Query(ctx, `DELETE FROM incidents d USING (
			SELECT tenant, id FROM incidents WHERE status = 'resolved' AND resolved_at < $1 AND merged_into = ''
			ORDER BY tenant, id LIMIT $2 FOR UPDATE SKIP LOCKED) old
		WHERE d.tenant = old.tenant AND d.id = old.id RETURNING d.tenant, d.id`, before, retainIncidents))
	for err == nil && len(last.ids) > 0 {
		all.tenants, all.ids = append(all.tenants, last.tenants...), append(all.ids, last.ids...)
		var merged goneIncidents
		err = merged.add(tx.Query(ctx, `DELETE FROM incidents i USING unnest($1::text[], $2::text[]) g (tenant, id)
			WHERE i.tenant = g.tenant AND i.merged_into = g.id RETURNING i.tenant, i.id`, last.tenants, last.ids))
		last = merged
	}
	return all, err
}

// deleteOfIncidents deletes what belonged to incidents that are gone. A failure stays while it waits
// or another incident has it; a case and a transcript, while another analysis was made from it.
func deleteOfIncidents(ctx context.Context, tx pgx.Tx, gone goneIncidents) error {
	const of = " USING unnest($1::text[], $2::text[]) g (tenant, id) WHERE d.tenant = g.tenant AND d.incident_id = g.id"
	var b pgx.Batch
	for _, sql := range []string{
		`DELETE FROM failures d USING (
				SELECT DISTINCT l.tenant, l.key FROM incident_failures l JOIN unnest($1::text[], $2::text[]) g (tenant, id) ON l.tenant = g.tenant AND l.incident_id = g.id) l
			WHERE d.tenant = l.tenant AND d.key = l.key AND d.state <> 'waiting' AND NOT EXISTS (
				SELECT FROM incident_failures o JOIN incidents i ON i.tenant = o.tenant AND i.id = o.incident_id WHERE o.tenant = d.tenant AND o.key = d.key)`,
		"DELETE FROM incident_failures d" + of,
		"DELETE FROM incident_history d" + of,
		`WITH gone AS (DELETE FROM analyses d` + of + ` RETURNING d.tenant, d.incident_id, d.input_digest)
			DELETE FROM cases c USING (SELECT DISTINCT tenant, input_digest FROM gone) d WHERE c.tenant = d.tenant AND c.digest = d.input_digest AND NOT EXISTS (
				SELECT FROM analyses a WHERE a.tenant = c.tenant AND a.input_digest = c.digest
					AND NOT EXISTS (SELECT FROM gone WHERE gone.tenant = a.tenant AND gone.incident_id = a.incident_id))`,
		`WITH gone AS (DELETE FROM agent_runs d` + of + ` RETURNING d.tenant, d.incident_id, d.transcript)
			DELETE FROM transcripts c USING (SELECT DISTINCT tenant, transcript FROM gone) d WHERE c.tenant = d.tenant AND c.digest = d.transcript AND NOT EXISTS (
				SELECT FROM agent_runs a WHERE a.tenant = c.tenant AND a.transcript = c.digest
					AND NOT EXISTS (SELECT FROM gone WHERE gone.tenant = a.tenant AND gone.incident_id = a.incident_id))`,
	} {
		b.Queue(sql, gone.tenants, gone.ids)
	}
	return tx.SendBatch(ctx, &b).Close()
}
