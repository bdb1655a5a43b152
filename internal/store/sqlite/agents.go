package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
	"github.com/prodsentinel/prodsentinel/internal/store/zstd"
)

// askAgents puts a revision on the agents' queue, or notes why they do not look at it. One that
// was there before is asked again where they were not to look at it; where they failed, or it has what
// they said of an earlier one, only if a user asks.
func (w *analysisWriter) askAgents(revision int, again bool) error {
	a := w.record.Agents
	if a == nil || revision == 0 || again && a.State != incident.AgentsPending {
		return nil
	}
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write what agents do: %w", err)
	}
	_, err = w.exec(`INSERT INTO agent_runs (tenant, incident_id, revision, state, asked_at, body) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, incident_id, revision) DO UPDATE SET state = excluded.state, asked_at = excluded.asked_at, body = excluded.body,
			due_at = 0, attempts = 0, lease_owner = '', lease_until = 0
		WHERE agent_runs.state = 'skipped'
			OR ? AND (agent_runs.state = 'failed' OR agent_runs.state = 'done' AND agent_runs.body ->> 'of_revision' IS NOT NULL)`,
		w.claim.Incident.Tenant, w.claim.Incident.ID, revision, a.State, w.now, string(body), a.Requested)
	return err
}

// agents fills in what agents said of an analysis.
func (v *view) agents(a *incident.Analysis, tenant string, now time.Time) error {
	return v.query("SELECT body, state = 'pending' AND lease_until > ? FROM agent_runs WHERE tenant = ? AND incident_id = ? AND revision = ?", func(r *row) error {
		a.Agents = &incident.Agents{}
		if err := json.Unmarshal(r.st.ColumnRawText(r.next()), a.Agents); err != nil {
			return fmt.Errorf("what agents said of incident %s cannot be read: %w", a.IncidentID, err)
		}
		if r.bool() {
			a.Agents.State = incident.AgentsRunning
		}
		return nil
	}, now, tenant, a.IncidentID, a.Revision)
}

// ClaimAgents implements store.Agents.
func (s *Store) ClaimAgents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.AgentsClaim, error) {
	var claims []store.AgentsClaim
	err := s.write(ctx, func(c *conn) error {
		claims = nil
		now := s.now()
		until := record.TimeOf(now.Add(lease).UnixNano())
		return c.query(`UPDATE agent_runs SET lease_owner = ?, lease_until = ?, attempts = attempts + 1
			WHERE (tenant, incident_id, revision) IN (SELECT tenant, incident_id, revision FROM agent_runs
				WHERE state = 'pending' AND due_at <= ? AND lease_until <= ? ORDER BY asked_at, incident_id LIMIT ?)
			RETURNING tenant, incident_id, revision, attempts, coalesce(body ->> 'requested', 0)`, func(r *row) error {
			claims = append(claims, store.AgentsClaim{
				Tenant: r.text(), IncidentID: r.text(), Revision: r.count(), Attempts: r.count(), Requested: r.bool(),
				Lease: store.Lease{Owner: owner, Until: until},
			})
			return nil
		}, owner, until, now, now, limit)
	})
	if err != nil {
		return nil, err
	}
	return claims, nil
}

// RenewAgents implements store.Agents.
func (s *Store) RenewAgents(ctx context.Context, claim store.AgentsClaim, lease time.Duration) error {
	return s.write(ctx, func(c *conn) error { return c.updateAgents(claim, "lease_until = ?", s.now().Add(lease)) })
}

// endAgents updates the claimed request and ends its lease.
func (c *conn) endAgents(claim store.AgentsClaim, set string, args ...any) error {
	return c.updateAgents(claim, set+", lease_owner = '', lease_until = 0", args...)
}

// updateAgents updates the claimed request, unless the lease is another's.
func (c *conn) updateAgents(claim store.AgentsClaim, set string, args ...any) error {
	args = append(args, claim.Tenant, claim.IncidentID, claim.Revision, claim.Lease.Owner)
	n, err := c.exec("UPDATE agent_runs SET "+set+`
		WHERE tenant = ? AND incident_id = ? AND revision = ? AND lease_owner = ? AND lease_owner <> ''`, args...)
	if err == nil && n == 0 {
		err = fmt.Errorf("agents of incident %s: %w", claim.IncidentID, store.ErrLostLease)
	}
	return err
}

// SaveAgents implements store.Agents.
func (s *Store) SaveAgents(ctx context.Context, claim store.AgentsClaim, r store.AgentsRecord) error {
	body, err := json.Marshal(r.Agents)
	if err != nil {
		return fmt.Errorf("write what agents said: %w", err)
	}
	compressed, err := zstd.Compress(r.Transcript)
	if err != nil {
		return err
	}
	return s.write(ctx, func(c *conn) error {
		err := c.endAgents(claim, "state = ?, finished_at = ?, reuse_key = ?, transcript = ?, body = ?",
			r.Agents.State, s.now(), r.ReuseKey, r.Agents.Transcript, string(body))
		if err != nil {
			return err
		}
		if r.Transcript != nil {
			_, err := c.exec("INSERT OR IGNORE INTO transcripts (tenant, digest, size, zstd) VALUES (?, ?, ?, ?)",
				claim.Tenant, r.Agents.Transcript, len(r.Transcript), compressed)
			if err != nil {
				return err
			}
		}
		if r.Confidence == nil {
			return nil
		}
		_, err = c.exec("UPDATE incidents SET confidence = ? WHERE tenant = ? AND id = ? AND revision = ?",
			*r.Confidence, claim.Tenant, claim.IncidentID, claim.Revision)
		if err != nil {
			return err
		}
		return c.noteIncidents(s.now(), claim.Tenant, claim.IncidentID)
	})
}

// PostponeAgents implements store.Agents.
func (s *Store) PostponeAgents(ctx context.Context, claim store.AgentsClaim, a incident.Agents, until time.Time) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write what agents do: %w", err)
	}
	return s.write(ctx, func(c *conn) error {
		return c.endAgents(claim, "due_at = ?, body = ?, attempts = ?", until, string(body), claim.Attempts)
	})
}

// EarlierAgents implements store.Agents.
func (s *Store) EarlierAgents(ctx context.Context, tenant, reuseKey string) (a incident.Agents, err error) {
	err = s.read(ctx, func(v *view) error {
		err := record.NotFound("an earlier conversation")
		if scanErr := v.query(`SELECT body FROM agent_runs WHERE tenant = ? AND reuse_key = ? AND reuse_key <> '' AND state = 'done'
			ORDER BY finished_at DESC LIMIT 1`, func(r *row) error {
			err = json.Unmarshal(r.st.ColumnRawText(r.next()), &a)
			return err
		}, tenant, reuseKey); scanErr != nil {
			return scanErr
		}
		return err
	})
	return a, err
}

// Transcript implements store.Agents.
func (s *Store) Transcript(ctx context.Context, tenant, digest string) ([]byte, error) {
	var found []byte
	err := s.read(ctx, func(v *view) error {
		err := record.NotFound("transcript %q", digest)
		if scanErr := v.query("SELECT zstd FROM transcripts WHERE tenant = ? AND digest = ?", func(r *row) error {
			found, err = zstd.Decompress(r.raw())
			return err
		}, tenant, digest); scanErr != nil {
			return scanErr
		}
		return err
	})
	return found, err
}

// Reserve implements store.Agents.
func (s *Store) Reserve(ctx context.Context, tenant, incidentID string, amount store.Spend, limits store.SpendLimits) (id string, err error) {
	err = s.write(ctx, func(c *conn) error {
		now := s.now()
		ofIncident, err := c.spent("tenant = ? AND incident_id = ?", tenant, incidentID)
		if err != nil {
			return err
		}
		hour, day, err := c.spentLately(now)
		if err != nil {
			return err
		}
		if err := limits.Exceeds(ofIncident, hour, day, amount); err != nil {
			return err
		}
		id = ledger.NewIncidentID()
		_, err = c.exec("INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd) VALUES (?, ?, ?, ?, ?, ?)",
			id, tenant, incidentID, now, amount.Tokens, amount.MicroUSD)
		return err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

func (c *conn) spent(where string, args ...any) (sum store.Spend, err error) {
	err = c.query("SELECT coalesce(sum(tokens), 0), coalesce(sum(micro_usd), 0) FROM agent_spend WHERE "+where, func(r *row) error {
		sum = store.Spend{Tokens: r.int(), MicroUSD: r.int()}
		return nil
	}, args...)
	return sum, err
}

func (c *conn) spentLately(now time.Time) (hour, day store.Spend, err error) {
	if hour, err = c.spent("at > ?", now.Add(-time.Hour)); err != nil {
		return hour, day, err
	}
	day, err = c.spent("at > ?", now.Add(-24*time.Hour))
	return hour, day, err
}

// Settle implements store.Agents.
func (s *Store) Settle(ctx context.Context, id string, actual store.Spend) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec("UPDATE agent_spend SET tokens = ?, micro_usd = ? WHERE id = ?", actual.Tokens, actual.MicroUSD, id)
		return err
	})
}

// Spent implements store.Agents.
func (s *Store) Spent(ctx context.Context) (hour, day store.Spend, err error) {
	err = s.read(ctx, func(v *view) error {
		hour, day, err = v.spentLately(s.now())
		return err
	})
	return hour, day, err
}

// ReportAgents implements store.Agents.
func (s *Store) ReportAgents(ctx context.Context, info store.AgentsInfo) error {
	body, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("write what is said of agents: %w", err)
	}
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec("INSERT OR REPLACE INTO agents_info (id, reported_at, body) VALUES (1, ?, ?)", s.now(), string(body))
		return err
	})
}

// AgentsInfo implements store.Agents.
func (s *Store) AgentsInfo(ctx context.Context) (info store.AgentsInfo, err error) {
	err = s.read(ctx, func(v *view) error {
		err := record.NotFound("a report on agents")
		if scanErr := v.query("SELECT body, reported_at FROM agents_info", func(r *row) error {
			err = json.Unmarshal(r.st.ColumnRawText(r.next()), &info)
			info.ReportedAt = r.time()
			return err
		}); scanErr != nil {
			return scanErr
		}
		return err
	})
	return info, err
}
