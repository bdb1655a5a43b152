package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

const (
	// retainRows bounds what one transaction looks at, so that whoever appends waits for it shortly.
	retainRows = 1000
	// spendKept is how long what was spent counts for budgets of all incidents together.
	spendKept = 24 * time.Hour
)

// dropRows deletes what goes with signals: what was received before the oldest day that is kept.
func (w *retaining) dropRows(ctx context.Context) error {
	if w.before == "" {
		return nil
	}
	oldest := startOf(w.before)
	err := w.inBatches(ctx, retainRows, func(c *conn) (int, error) {
		n, err := c.exec("DELETE FROM quarantine WHERE seq IN (SELECT seq FROM quarantine WHERE received_at < ? LIMIT ?)", oldest, retainRows)
		return int(n), err
	})
	if err != nil {
		return err
	}
	for _, table := range []string{
		"entry_minutes WHERE (tenant, service, operation, minute) IN (SELECT tenant, service, operation, minute FROM entry_minutes WHERE minute < ? LIMIT ?)",
		"error_minutes WHERE (tenant, service, operation, signature, minute) IN (SELECT tenant, service, operation, signature, minute FROM error_minutes WHERE minute < ? LIMIT ?)",
	} {
		err := w.inBatches(ctx, retainRows, func(c *conn) (int, error) {
			n, err := c.exec("DELETE FROM "+table, record.MinuteOf(oldest), retainRows)
			return int(n), err
		})
		if err != nil {
			return err
		}
	}
	return w.dropUnlinked(ctx, oldest)
}

// dropUnlinked deletes the failures without an incident whose newest record is so old. Each
// transaction goes on after the last failure that the one before it looked at.
func (w *retaining) dropUnlinked(ctx context.Context, before time.Time) error {
	for after := (oldFailure{}); ; {
		seen := 0
		err := w.write(ctx, func(c *conn) error {
			old, err := c.oldFailures(after, before)
			if err != nil || len(old) == 0 {
				return err
			}
			seen, after = len(old), old[len(old)-1]
			for _, f := range old {
				n, err := c.exec(`DELETE FROM failures WHERE tenant = ?1 AND key = ?2 AND last_record < ?3
					AND NOT EXISTS (SELECT 1 FROM incident_failures WHERE tenant = ?1 AND key = ?2)`, f.tenant, f.key, before)
				if err != nil {
					return err
				}
				w.done.Dropped += int(n)
			}
			return nil
		})
		if err != nil || seen < retainRows {
			return err
		}
	}
}

type oldFailure struct {
	received    int64
	tenant, key string
}

// oldFailures lists failures that were first received before the given time, after another one.
func (c *conn) oldFailures(after oldFailure, before time.Time) (old []oldFailure, err error) {
	err = c.query(`SELECT first_received, tenant, key FROM failures
		WHERE (first_received, tenant, key) > (?, ?, ?) AND first_received < ? ORDER BY first_received, tenant, key LIMIT ?`, func(r *row) error {
		old = append(old, oldFailure{r.int(), r.text(), r.text()})
		return nil
	}, after.received, after.tenant, after.key, before, retainRows)
	return old, err
}

// dropSpend deletes what was spent on incidents that are gone, and makes one row of what was spent on
// each of the others, once it counts for nothing but that incident's budget.
func (w *retaining) dropSpend(ctx context.Context) error {
	old := w.now.Add(-spendKept)
	return w.write(ctx, func(c *conn) error {
		n, err := c.exec("DELETE FROM agent_spend WHERE at < ? AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.tenant = agent_spend.tenant AND i.id = agent_spend.incident_id)", old)
		if err != nil {
			return err
		}
		w.done.Dropped += int(n)
		type total struct {
			tenant, incidentID string
			at, tokens, micros int64
		}
		var many []total
		err = c.query("SELECT tenant, incident_id, max(at), sum(tokens), sum(micro_usd) FROM agent_spend WHERE at < ? GROUP BY tenant, incident_id HAVING count(*) > 1", func(r *row) error {
			many = append(many, total{r.text(), r.text(), r.int(), r.int(), r.int()})
			return nil
		}, old)
		for _, t := range many {
			if err != nil {
				return err
			}
			if _, err = c.exec("DELETE FROM agent_spend WHERE tenant = ? AND incident_id = ? AND at < ?", t.tenant, t.incidentID, old); err != nil {
				return err
			}
			_, err = c.exec("INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd) VALUES (?, ?, ?, ?, ?, ?)",
				ledger.NewIncidentID(), t.tenant, t.incidentID, t.at, t.tokens, t.micros)
		}
		return err
	})
}
