package postgres

import (
	"context"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// agentsGivenUp are the agents r that failed on the newest analysis of an incident i, and
// failuresSetAside the failures that used up their attempts.
const agentsGivenUp = `agent_runs r JOIN incidents i ON i.tenant = r.tenant AND i.id = r.incident_id AND i.revision = r.revision
	WHERE r.state = 'failed' AND i.merged_into = ''`

var failuresSetAside = "failures WHERE state = 'waiting' AND attempts >= " + strconv.Itoa(store.MaxAttempts)

// DeadLetters implements store.Incidents.
func (s *Store) DeadLetters(ctx context.Context, tenant string, limit int) (dead []store.DeadLetter, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		dead, err = deadLetters(ctx, tx, tenant, nil, limit)
		return err
	})
	return dead, err
}

// deadLetters lists those of the given IDs, of any where there are none.
func deadLetters(ctx context.Context, tx pgx.Tx, tenant string, ids []string, limit int) (dead []store.DeadLetter, err error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = textOf(id)
	}
	for _, q := range []struct {
		kind store.DeadLetterKind
		sql  string
	}{
		{store.DeadAnalysis, `SELECT id, '', '', attempts, last_problem FROM incidents
			WHERE tenant = $1 AND dead AND wanted > done AND merged_into = '' AND (cardinality($2::text[]) = 0 OR id = ANY ($2))
			ORDER BY last_seen DESC, id LIMIT $3`},
		{store.DeadAgents, "SELECT r.incident_id, '', '', r.attempts, coalesce(r.body ->> 'reason', '') FROM " + agentsGivenUp + ` AND r.tenant = $1
			AND (cardinality($2::text[]) = 0 OR r.incident_id = ANY ($2)) ORDER BY i.last_seen DESC, i.id LIMIT $3`},
		{store.DeadFailure, "SELECT '', key, '', attempts, '' FROM " + failuresSetAside + ` AND tenant = $1
			AND (cardinality($2::text[]) = 0 OR key = ANY ($2)) ORDER BY waiting_since, key LIMIT $3`},
		{store.DeadDelivery, `SELECT incident_id, '', receiver, attempts, problem FROM deliveries WHERE tenant = $1 AND wanted > done AND dead
			AND (cardinality($2::text[]) = 0 OR incident_id = ANY ($2)) ORDER BY pending_at, incident_id, receiver LIMIT $3`},
	} {
		rows, err := tx.Query(ctx, q.sql, tenant, texts, limit)
		if err != nil {
			return nil, err
		}
		more, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.DeadLetter, error) {
			d := store.DeadLetter{Kind: q.kind}
			err := row.Scan(&d.IncidentID, &d.FailureKey, &d.Receiver, &d.Attempts, &d.Problem)
			if d.Kind == store.DeadFailure {
				d.Problem = ledger.SetAside
			}
			return d, err
		})
		if err != nil {
			return nil, err
		}
		dead = append(dead, more...)
	}
	return dead, nil
}

// RetryDeadLetters implements store.Incidents.
func (s *Store) RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []store.DeadLetter, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		if retried, err = deadLetters(ctx, tx, tenant, ids, math.MaxInt32); err != nil {
			return err
		}
		byKind := map[store.DeadLetterKind][]string{}
		for _, d := range retried {
			byKind[d.Kind] = append(byKind[d.Kind], d.ID())
		}
		return retryDead(ctx, tx, tenant, byKind)
	})
	return retried, err
}

func retryDead(ctx context.Context, tx pgx.Tx, tenant string, ids map[store.DeadLetterKind][]string) error {
	_, err := tx.Exec(ctx, `UPDATE failures f SET attempts = 0, due_at = '-infinity'
		FROM (SELECT key FROM `+failuresSetAside+` AND tenant = $1 AND key = ANY ($2) ORDER BY key FOR UPDATE) AS dead
		WHERE f.tenant = $1 AND f.key = dead.key`, tenant, ids[store.DeadFailure])
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE incidents i SET dead = false, attempts = 0, retry_at = '-infinity', want_due = '-infinity'
		FROM (SELECT id FROM incidents WHERE tenant = $1 AND dead AND id = ANY ($2) ORDER BY id FOR UPDATE) AS dead
		WHERE i.tenant = $1 AND i.id = dead.id`, tenant, ids[store.DeadAnalysis])
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE deliveries SET dead = false, attempts = 0, due_at = '-infinity'
		WHERE tenant = $1 AND wanted > done AND dead AND incident_id = ANY ($2)`, tenant, ids[store.DeadDelivery])
	if err != nil {
		return err
	}
	return askAgain(ctx, tx, tenant, ids[store.DeadAgents])
}

// askAgain puts the agents of incidents' newest analyses on their queue once more.
func askAgain(ctx context.Context, tx pgx.Tx, tenant string, incidentIDs []string) error {
	type run struct {
		IncidentID string
		Revision   int
		Body       incident.Agents
	}
	rows, err := tx.Query(ctx, "SELECT r.incident_id, r.revision, r.body FROM "+agentsGivenUp+
		" AND r.tenant = $1 AND r.incident_id = ANY ($2) ORDER BY r.incident_id FOR UPDATE OF r", tenant, incidentIDs)
	if err != nil {
		return err
	}
	failed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[run])
	if err != nil {
		return err
	}
	for _, r := range failed {
		_, err := tx.Exec(ctx, `UPDATE agent_runs SET state = $1, due_at = '-infinity', attempts = 0, body = $2
			WHERE tenant = $3 AND incident_id = $4 AND revision = $5`,
			string(incident.AgentsPending), ledger.AskedAgain(r.Body), tenant, r.IncidentID, r.Revision)
		if err != nil {
			return err
		}
	}
	return nil
}
