package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// agentsGivenUp are the agents r that failed on the newest analysis of an incident i, and
// failuresSetAside the failures that used up their attempts.
const agentsGivenUp = `agent_runs r JOIN incidents i ON i.tenant = r.tenant AND i.id = r.incident_id AND i.revision = r.revision
	WHERE r.state = 'failed' AND i.merged_into = ''`

var failuresSetAside = "failures INDEXED BY failures_attempts WHERE state = 'waiting' AND attempts > 0 AND attempts >= " + strconv.Itoa(store.MaxAttempts)

// DeadLetters implements store.Incidents.
func (s *Store) DeadLetters(ctx context.Context, tenant string, limit int) (dead []store.DeadLetter, err error) {
	err = s.read(ctx, func(v *view) (err error) {
		dead, err = v.deadLetters(tenant, nil, limit)
		return err
	})
	return dead, err
}

// deadLetters lists those of the given IDs, of any where there are none.
func (c *conn) deadLetters(tenant string, ids []string, limit int) (dead []store.DeadLetter, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		sql  string
		scan func(*row) store.DeadLetter
	}{
		{`SELECT id, attempts, last_error FROM incidents
			WHERE tenant = ?1 AND wanted > done AND dead <> 0 AND merged_into = '' AND (?2 = 0 OR id IN (SELECT value FROM json_each(?3)))
			ORDER BY last_seen DESC, id LIMIT ?4`, func(r *row) store.DeadLetter {
			return store.DeadLetter{Kind: store.DeadAnalysis, IncidentID: r.text(), Attempts: r.count(), Problem: r.text()}
		}},
		{"SELECT r.incident_id, r.attempts, coalesce(r.body ->> 'reason', '') FROM " + agentsGivenUp + ` AND r.tenant = ?1
			AND (?2 = 0 OR r.incident_id IN (SELECT value FROM json_each(?3))) ORDER BY i.last_seen DESC, i.id LIMIT ?4`, func(r *row) store.DeadLetter {
			return store.DeadLetter{Kind: store.DeadAgents, IncidentID: r.text(), Attempts: r.count(), Problem: r.text()}
		}},
		{"SELECT key, attempts FROM " + failuresSetAside + ` AND tenant = ?1
			AND (?2 = 0 OR key IN (SELECT value FROM json_each(?3))) ORDER BY waiting_since, key LIMIT ?4`, func(r *row) store.DeadLetter {
			return store.DeadLetter{Kind: store.DeadFailure, FailureKey: r.text(), Attempts: r.count(), Problem: ledger.SetAside}
		}},
		{`SELECT incident_id, receiver, attempts, problem FROM deliveries WHERE tenant = ?1 AND wanted > done AND dead = 1
			AND (?2 = 0 OR incident_id IN (SELECT value FROM json_each(?3))) ORDER BY pending_at, incident_id, receiver LIMIT ?4`, func(r *row) store.DeadLetter {
			return store.DeadLetter{Kind: store.DeadDelivery, IncidentID: r.text(), Receiver: r.text(), Attempts: r.count(), Problem: r.text()}
		}},
	} {
		err := c.query(q.sql, func(r *row) error {
			dead = append(dead, q.scan(r))
			return nil
		}, tenant, len(ids), string(list), limit)
		if err != nil {
			return nil, err
		}
	}
	return dead, nil
}

// RetryDeadLetters implements store.Incidents.
func (s *Store) RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []store.DeadLetter, err error) {
	err = s.write(ctx, func(c *conn) (err error) {
		if retried, err = c.deadLetters(tenant, ids, math.MaxInt32); err != nil {
			return err
		}
		for _, d := range retried {
			if err := c.retry(tenant, d); err != nil {
				return err
			}
		}
		return nil
	})
	return retried, err
}

func (c *conn) retry(tenant string, d store.DeadLetter) (err error) {
	switch d.Kind {
	case store.DeadAnalysis:
		_, err = c.exec("UPDATE incidents SET dead = 0, attempts = 0, retry_at = 0, want_due = 0 WHERE tenant = ? AND id = ?", tenant, d.IncidentID)
	case store.DeadAgents:
		err = c.askAgain(tenant, d.IncidentID)
	case store.DeadDelivery:
		_, err = c.exec("UPDATE deliveries SET dead = 0, attempts = 0, due_at = 0 WHERE receiver = ? AND tenant = ? AND incident_id = ?", d.Receiver, tenant, d.IncidentID)
	case store.DeadFailure:
		_, err = c.exec("UPDATE failures SET attempts = 0, due_at = 0 WHERE tenant = ? AND key = ?", tenant, d.FailureKey)
	}
	return err
}

// askAgain puts the agents of an incident's newest analysis on their queue once more.
func (c *conn) askAgain(tenant, incidentID string) error {
	var failed incident.Agents
	err := c.query("SELECT r.body FROM "+agentsGivenUp+" AND r.tenant = ? AND r.incident_id = ?", func(r *row) error {
		return json.Unmarshal(r.st.ColumnRawText(r.next()), &failed)
	}, tenant, incidentID)
	if err != nil {
		return fmt.Errorf("what agents said of incident %s cannot be read: %w", incidentID, err)
	}
	body, err := json.Marshal(ledger.AskedAgain(failed))
	if err != nil {
		return err
	}
	_, err = c.exec(`UPDATE agent_runs SET state = ?1, due_at = 0, attempts = 0, body = ?2 WHERE tenant = ?3 AND incident_id = ?4
		AND revision = (SELECT revision FROM incidents WHERE tenant = ?3 AND id = ?4)`, incident.AgentsPending, string(body), tenant, incidentID)
	return err
}
