package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
	"github.com/prodsentinel/prodsentinel/internal/store/zstd"
)

// ClaimIncidents implements store.Incidents. The reason of a claim is that of the newest trigger,
// or the one an earlier attempt did not finish, which waits for nothing that came since.
func (s *Store) ClaimIncidents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Claim, error) {
	var claims []store.Claim
	err := s.lease(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `WITH due AS MATERIALIZED (
				SELECT tenant, id, want_due, row_number() OVER () AS n FROM (
					SELECT tenant, id, want_due FROM incidents
					WHERE wanted > done AND NOT dead AND merged_into = '' AND (want_due <= statement_timestamp() OR lease_reason <> '')
						AND retry_at <= statement_timestamp() AND lease_until <= statement_timestamp()
					ORDER BY `+ledger.OrderIncidents()+` LIMIT $3 FOR UPDATE SKIP LOCKED) AS locked)
			UPDATE incidents i SET lease_owner = $1, lease_until = statement_timestamp() + $2::interval, attempts = i.attempts + 1,
				lease_reason = coalesce(nullif(i.want_reason, ''), i.lease_reason), want_reason = '', want_due = '-infinity'
			FROM due WHERE i.tenant = due.tenant AND i.id = due.id
			RETURNING `+incidentRow+`, i.lease_until, i.lease_reason, i.attempts, i.agents_wanted > i.done, due.n`, owner, lease, limit)
		if err != nil {
			return err
		}
		claims, err = scanClaims(rows, owner)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claims, nil
}

func scanClaims(rows pgx.Rows, owner string) ([]store.Claim, error) {
	place := map[*store.Claim]int{}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c *store.Claim, err error) {
		c = &store.Claim{Lease: store.Lease{Owner: owner}}
		var n int
		c.Incident, err = scanIncident(row, (*instant)(&c.Lease.Until), &c.Reason, &c.Attempts, &c.AskAgents, &n)
		c.Incident.AnalysisState, c.Wanted = incident.AnalysisRunning, c.Incident.Wanted
		place[c] = n
		return c, err
	})
	slices.SortFunc(found, func(a, b *store.Claim) int { return place[a] - place[b] })
	var claims []store.Claim
	for _, c := range found {
		claims = append(claims, *c)
	}
	return claims, err
}

// holds locks the claimed incident, unless the lease is another's.
func holds(ctx context.Context, tx pgx.Tx, c store.Claim) error {
	var held bool
	err := tx.QueryRow(ctx, `SELECT true FROM incidents WHERE tenant = $1 AND id = $2 AND lease_owner = $3 AND lease_owner <> ''
		AND merged_into = '' FOR UPDATE`, c.Incident.Tenant, c.Incident.ID, c.Lease.Owner).Scan(&held)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("incident %s: %w", c.Incident.ID, store.ErrLostLease)
	}
	return err
}

// RenewIncident implements store.Incidents.
func (s *Store) RenewIncident(ctx context.Context, claim store.Claim, lease time.Duration) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		if err := holds(ctx, tx, claim); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE incidents SET lease_until = clock_timestamp() + $1::interval WHERE tenant = $2 AND id = $3",
			lease, claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// SaveAnalysis implements store.Incidents.
func (s *Store) SaveAnalysis(ctx context.Context, claim store.Claim, a store.AnalysisRecord) (revision int, err error) {
	compressed, err := zstd.Compress(a.Case)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(tx pgx.Tx) error {
		if err := holds(ctx, tx, claim); err != nil {
			return err
		}
		revision, err = saveAnalysis(ctx, tx, claim, a, compressed)
		return err
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// saveAnalysis stores the next revision, unless there is nothing new to say.
func saveAnalysis(ctx context.Context, tx pgx.Tx, claim store.Claim, r store.AnalysisRecord, compressed []byte) (int, error) {
	tenant, id := claim.Incident.Tenant, claim.Incident.ID
	newest, same := 0, false
	err := tx.QueryRow(ctx, `SELECT revision, input_digest = $1 OR observations_digest = $2 FROM analyses
		WHERE tenant = $3 AND incident_id = $4 ORDER BY revision DESC LIMIT 1`,
		r.Analysis.InputDigest, r.ObservationsDigest, tenant, id).Scan(&newest, &same)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	if !same {
		a := r.Analysis
		a.IncidentID, a.Revision, a.Supersedes, a.Provisional, a.Now, a.Agents = id, newest+1, newest, false, nil, nil
		newest++
		if err := storeRevision(ctx, tx, tenant, a, r, compressed); err != nil {
			return 0, err
		}
	}
	if err := askAgents(ctx, tx, tenant, id, newest, same, r.Agents); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE incidents SET done = greatest(done, $1), revision = $2, analysed_at = clock_timestamp(), attempts = 0,
			retry_at = '-infinity', dead = false, last_problem = '', lease_owner = '', lease_until = '-infinity', lease_reason = ''
		WHERE tenant = $3 AND id = $4`, claim.Wanted, newest, tenant, id)
	if err != nil {
		return 0, err
	}
	return newest, noteIncidents(ctx, tx, []incidentID{{tenant, id}})
}

// keepFromRetention locks a case or transcript that is there already, so that retention, which may be
// dropping the last other revision that refers to it, sees this one.
const keepFromRetention = " ON CONFLICT (tenant, digest) DO UPDATE SET size = excluded.size"

func storeRevision(ctx context.Context, tx pgx.Tx, tenant string, a incident.Analysis, r store.AnalysisRecord, compressed []byte) error {
	if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan((*instant)(&a.CreatedAt)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO cases (tenant, digest, size, zstd) VALUES ($1, $2, $3, $4)"+keepFromRetention,
		tenant, a.InputDigest, len(r.Case), compressed)
	if err != nil {
		return err
	}
	statement := ""
	if a.RootCause != nil {
		statement = textOf(a.RootCause.Statement)
	}
	_, err = tx.Exec(ctx, `INSERT INTO analyses (tenant, incident_id, revision, supersedes, reason, engine_version, input_digest,
			observations_digest, created_at, verdict, statement, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		tenant, a.IncidentID, a.Revision, a.Supersedes, a.Reason, a.EngineVersion, a.InputDigest,
		r.ObservationsDigest, a.CreatedAt, a.Verdict, statement, a)
	if err != nil {
		return err
	}
	a.Agents = r.Agents
	return conclude(ctx, tx, tenant, a)
}

// conclude lets the incident say what its newest analysis says; an ungrouped one, whose analysis is
// of one root among many, keeps its name.
func conclude(ctx context.Context, tx pgx.Tx, tenant string, a incident.Analysis) error {
	if a.Severity != "" {
		if _, err := tx.Exec(ctx, "UPDATE incidents SET severity = $1 WHERE tenant = $2 AND id = $3", a.Severity, tenant, a.IncidentID); err != nil {
			return err
		}
	}
	if a.RootCause == nil {
		_, err := tx.Exec(ctx, "UPDATE incidents SET confidence = $1 WHERE tenant = $2 AND id = $3", ledger.Confidence(a.Candidates), tenant, a.IncidentID)
		return err
	}
	rc := a.RootCause
	_, confidence, _ := a.Effective()
	_, err := tx.Exec(ctx, `UPDATE incidents SET category = $1, kind = $2, service = $3, component = $4, operation = $5, confidence = $6
		WHERE tenant = $7 AND id = $8 AND NOT ungrouped`,
		rc.Category, rc.Kind, textOf(rc.Service), textOf(rc.Component), textOf(rc.Operation), confidence, tenant, a.IncidentID)
	return err
}

// FailAnalysis implements store.Incidents.
func (s *Store) FailAnalysis(ctx context.Context, claim store.Claim, reason string, retryAt time.Time) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		if err := holds(ctx, tx, claim); err != nil {
			return err
		}
		retry, err := byDatabase(ctx, tx, retryAt)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE incidents SET retry_at = $1, dead = $2, last_problem = $3, lease_owner = '', lease_until = '-infinity'
			WHERE tenant = $4 AND id = $5`, retry, retryAt.IsZero(), textOf(reason), claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// ReleaseIncident implements store.Incidents.
func (s *Store) ReleaseIncident(ctx context.Context, claim store.Claim, until time.Time) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		if err := holds(ctx, tx, claim); err != nil {
			return err
		}
		retry, err := byDatabase(ctx, tx, until)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE incidents SET retry_at = $1, attempts = greatest(attempts - 1, 0), lease_owner = '', lease_until = '-infinity'
			WHERE tenant = $2 AND id = $3`, retry, claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// RequestAnalysis implements store.Incidents.
func (s *Store) RequestAnalysis(ctx context.Context, tenant, id string) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		in, err := lockIncident(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		if in.MergedInto != "" {
			return record.NotFound("incident %q", id)
		}
		in.Want(incident.ReasonRequested, time.Time{})
		_, err = tx.Exec(ctx, `UPDATE incidents SET wanted = $1, agents_wanted = $1, want_reason = $2, want_due = $3,
				attempts = CASE WHEN dead THEN 0 ELSE attempts END, dead = false, retry_at = '-infinity'
			WHERE tenant = $4 AND id = $5`, in.Wanted, in.WantReason, instant(in.WantDue), tenant, in.ID)
		return err
	})
}
