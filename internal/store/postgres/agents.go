package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/zstd"
)

// askAgents puts a revision on the agents' queue, or notes why they do not look at it. One that
// was there before is asked again where they were not to look at it; where they failed, or it has what
// they said of an earlier one, only if a user asks.
func askAgents(ctx context.Context, tx pgx.Tx, tenant, incidentID string, revision int, again bool, a *incident.Agents) error {
	if a == nil || revision == 0 || again && a.State != incident.AgentsPending {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO agent_runs (tenant, incident_id, revision, state, asked_at, body) VALUES ($1, $2, $3, $4, clock_timestamp(), $5)
		ON CONFLICT (tenant, incident_id, revision) DO UPDATE SET state = excluded.state, asked_at = excluded.asked_at, body = excluded.body,
			due_at = '-infinity', attempts = 0, lease_owner = '', lease_until = '-infinity'
		WHERE agent_runs.state = 'skipped' OR $6 AND (agent_runs.state = 'failed' OR agent_runs.state = 'done' AND agent_runs.body ->> 'of_revision' IS NOT NULL)`,
		tenant, incidentID, revision, string(a.State), a, a.Requested)
	return err
}

// readAgents fills in what agents said of an analysis.
func readAgents(ctx context.Context, tx pgx.Tx, tenant string, a *incident.Analysis) error {
	var running bool
	said := &incident.Agents{}
	err := tx.QueryRow(ctx, `SELECT body, state = 'pending' AND lease_until > clock_timestamp() FROM agent_runs
		WHERE tenant = $1 AND incident_id = $2 AND revision = $3`, tenant, a.IncidentID, a.Revision).Scan(said, &running)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	if running {
		said.State = incident.AgentsRunning
	}
	a.Agents = said
	return nil
}

// ClaimAgents implements store.Agents.
func (s *Store) ClaimAgents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.AgentsClaim, error) {
	var claims []store.AgentsClaim
	err := s.lease(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE agent_runs r SET lease_owner = $1, lease_until = clock_timestamp() + $2::interval, attempts = r.attempts + 1
			FROM (SELECT tenant, incident_id, revision FROM agent_runs
				WHERE state = 'pending' AND due_at <= clock_timestamp() AND lease_until <= clock_timestamp()
				ORDER BY asked_at, incident_id LIMIT $3 FOR UPDATE SKIP LOCKED) due
			WHERE r.tenant = due.tenant AND r.incident_id = due.incident_id AND r.revision = due.revision
			RETURNING r.tenant, r.incident_id, r.revision, r.attempts, coalesce((r.body ->> 'requested')::boolean, false), r.lease_until`, owner, lease, limit)
		if err != nil {
			return err
		}
		claims, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.AgentsClaim, error) {
			claim := store.AgentsClaim{Lease: store.Lease{Owner: owner}}
			err := row.Scan(&claim.Tenant, &claim.IncidentID, &claim.Revision, &claim.Attempts, &claim.Requested, &claim.Lease.Until)
			return claim, err
		})
		return err
	})
	return claims, err
}

// endAgents updates the claimed request and ends its lease. set's parameters begin at $5.
func endAgents(ctx context.Context, tx pgx.Tx, claim store.AgentsClaim, set string, args ...any) error {
	return updateAgents(ctx, tx, claim, set+", lease_owner = '', lease_until = '-infinity'", args...)
}

// updateAgents updates the claimed request, unless the lease is another's.
func updateAgents(ctx context.Context, tx pgx.Tx, claim store.AgentsClaim, set string, args ...any) error {
	args = append([]any{claim.Tenant, claim.IncidentID, claim.Revision, claim.Lease.Owner}, args...)
	tag, err := tx.Exec(ctx, "UPDATE agent_runs SET "+set+`
		WHERE tenant = $1 AND incident_id = $2 AND revision = $3 AND lease_owner = $4 AND lease_owner <> ''`, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("agents of incident %s: %w", claim.IncidentID, store.ErrLostLease)
	}
	return err
}

// RenewAgents implements store.Agents.
func (s *Store) RenewAgents(ctx context.Context, claim store.AgentsClaim, lease time.Duration) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		return updateAgents(ctx, tx, claim, "lease_until = clock_timestamp() + $5::interval", lease)
	})
}

// SaveAgents implements store.Agents.
func (s *Store) SaveAgents(ctx context.Context, claim store.AgentsClaim, r store.AgentsRecord) error {
	compressed, err := zstd.Compress(r.Transcript)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx pgx.Tx) error {
		err := endAgents(ctx, tx, claim, "state = $5, finished_at = clock_timestamp(), reuse_key = $6, transcript = $7, body = $8",
			string(r.Agents.State), r.ReuseKey, r.Agents.Transcript, r.Agents)
		if err != nil {
			return err
		}
		if r.Transcript != nil {
			_, err := tx.Exec(ctx, "INSERT INTO transcripts (tenant, digest, size, zstd) VALUES ($1, $2, $3, $4)"+keepFromRetention,
				claim.Tenant, r.Agents.Transcript, len(r.Transcript), compressed)
			if err != nil {
				return err
			}
		}
		if r.Confidence == nil {
			return nil
		}
		_, err = tx.Exec(ctx, "UPDATE incidents SET confidence = $1 WHERE tenant = $2 AND id = $3 AND revision = $4",
			int64(*r.Confidence), claim.Tenant, claim.IncidentID, claim.Revision)
		if err != nil {
			return err
		}
		return noteIncidents(ctx, tx, []incidentID{{claim.Tenant, claim.IncidentID}})
	})
}

// PostponeAgents implements store.Agents.
func (s *Store) PostponeAgents(ctx context.Context, claim store.AgentsClaim, a incident.Agents, until time.Time) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		due, err := byDatabase(ctx, tx, until)
		if err != nil {
			return err
		}
		return endAgents(ctx, tx, claim, "due_at = $5, body = $6, attempts = $7", due, a, claim.Attempts)
	})
}

// EarlierAgents implements store.Agents.
func (s *Store) EarlierAgents(ctx context.Context, tenant, reuseKey string) (a incident.Agents, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT body FROM agent_runs WHERE tenant = $1 AND reuse_key = $2 AND reuse_key <> '' AND state = 'done'
			ORDER BY finished_at DESC LIMIT 1`, tenant, reuseKey).Scan(&a)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("an earlier conversation: %w", store.ErrNotFound)
		}
		return err
	})
	return a, err
}

// Transcript implements store.Agents. It reads the primary, as the analyses do that name it.
func (s *Store) Transcript(ctx context.Context, tenant, digest string) ([]byte, error) {
	var found []byte
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "SELECT zstd FROM transcripts WHERE tenant = $1 AND digest = $2", tenant, digest).Scan(&found)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("transcript %q: %w", digest, store.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return zstd.Decompress(found)
}

// Reserve implements store.Agents.
func (s *Store) Reserve(ctx context.Context, tenant, incidentID string, amount store.Spend, limits store.SpendLimits) (id string, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		if err := takeLock(ctx, tx, lockSpend); err != nil {
			return err
		}
		var ofIncident store.Spend
		err := tx.QueryRow(ctx, "SELECT coalesce(sum(tokens), 0)::bigint, coalesce(sum(micro_usd), 0)::bigint FROM agent_spend WHERE tenant = $1 AND incident_id = $2",
			tenant, incidentID).Scan(&ofIncident.Tokens, &ofIncident.MicroUSD)
		if err != nil {
			return err
		}
		hour, day, err := spentLately(ctx, tx)
		if err != nil {
			return err
		}
		if err := limits.Exceeds(ofIncident, hour, day, amount); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd)
			VALUES (gen_random_uuid()::text, $1, $2, clock_timestamp(), $3, $4) RETURNING id`,
			tenant, incidentID, amount.Tokens, amount.MicroUSD).Scan(&id)
	})
	return id, err
}

func spentLately(ctx context.Context, tx pgx.Tx) (hour, day store.Spend, err error) {
	err = tx.QueryRow(ctx, `SELECT
			coalesce(sum(tokens) FILTER (WHERE at > clock_timestamp() - interval '1 hour'), 0)::bigint,
			coalesce(sum(micro_usd) FILTER (WHERE at > clock_timestamp() - interval '1 hour'), 0)::bigint,
			coalesce(sum(tokens), 0)::bigint, coalesce(sum(micro_usd), 0)::bigint
		FROM agent_spend WHERE at > clock_timestamp() - interval '24 hours'`).Scan(&hour.Tokens, &hour.MicroUSD, &day.Tokens, &day.MicroUSD)
	return hour, day, err
}

// Settle implements store.Agents.
func (s *Store) Settle(ctx context.Context, id string, actual store.Spend) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE agent_spend SET tokens = $1, micro_usd = $2 WHERE id = $3", actual.Tokens, actual.MicroUSD, id)
		return err
	})
}

// Spent implements store.Agents.
func (s *Store) Spent(ctx context.Context) (hour, day store.Spend, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		hour, day, err = spentLately(ctx, tx)
		return err
	})
	return hour, day, err
}

// ReportAgents implements store.Agents.
func (s *Store) ReportAgents(ctx context.Context, info store.AgentsInfo) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO agents_info (id, reported_at, body) VALUES (1, clock_timestamp(), $1)
			ON CONFLICT (id) DO UPDATE SET reported_at = excluded.reported_at, body = excluded.body`, info)
		return err
	})
}

// AgentsInfo implements store.Agents.
func (s *Store) AgentsInfo(ctx context.Context) (info store.AgentsInfo, err error) {
	err = s.browse(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var at time.Time
		err := tx.QueryRow(ctx, "SELECT body, reported_at FROM agents_info").Scan(&info, &at)
		info.ReportedAt = at.UTC()
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("a report on agents: %w", store.ErrNotFound)
		}
		return err
	})
	return info, err
}
