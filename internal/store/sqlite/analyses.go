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

// ClaimIncidents implements store.Incidents.
func (s *Store) ClaimIncidents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Claim, error) {
	var claims []store.Claim
	err := s.write(ctx, func(c *conn) error {
		claims = nil
		now := s.now()
		due, err := c.incidents(now, `wanted > done AND dead = 0 AND merged_into = '' AND (want_due <= ? OR lease_reason <> '')
				AND retry_at <= ? AND lease_until <= ?
			ORDER BY `+ledger.OrderIncidents()+` LIMIT ?`, now, now, now, limit)
		if err != nil {
			return err
		}
		for _, in := range due {
			claim := store.Claim{Incident: in, Wanted: in.Wanted, Lease: store.Lease{Owner: owner, Until: record.TimeOf(now.Add(lease).UnixNano())}}
			if err := c.claim(&claim); err != nil {
				return err
			}
			claims = append(claims, claim)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claims, nil
}

// claim leases an incident. Its reason is that of the newest trigger, or the one an earlier
// attempt did not finish, which waits for nothing that came since.
func (c *conn) claim(claim *store.Claim) error {
	in := &claim.Incident
	in.AnalysisState = incident.AnalysisRunning
	in.WantReason, in.WantDue = "", time.Time{}
	return c.query(`UPDATE incidents SET lease_owner = ?, lease_until = ?, attempts = attempts + 1,
			lease_reason = iif(want_reason = '', lease_reason, want_reason), want_reason = '', want_due = 0
		WHERE tenant = ? AND id = ? RETURNING lease_reason, attempts, agents_wanted > done`, func(r *row) error {
		claim.Reason, claim.Attempts, claim.AskAgents = r.text(), r.count(), r.bool()
		return nil
	}, claim.Lease.Owner, claim.Lease.Until, in.Tenant, in.ID)
}

// holds reports whether a claim's lease is still its own.
func (c *conn) holds(claim store.Claim) error {
	n, err := c.number("SELECT count(*) FROM incidents WHERE tenant = ? AND id = ? AND lease_owner = ? AND lease_owner <> '' AND merged_into = ''",
		claim.Incident.Tenant, claim.Incident.ID, claim.Lease.Owner)
	if err == nil && n == 0 {
		err = fmt.Errorf("incident %s: %w", claim.Incident.ID, store.ErrLostLease)
	}
	return err
}

// RenewIncident implements store.Incidents.
func (s *Store) RenewIncident(ctx context.Context, claim store.Claim, lease time.Duration) error {
	return s.write(ctx, func(c *conn) error {
		if err := c.holds(claim); err != nil {
			return err
		}
		_, err := c.exec("UPDATE incidents SET lease_until = ? WHERE tenant = ? AND id = ?", s.now().Add(lease), claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// SaveAnalysis implements store.Incidents.
func (s *Store) SaveAnalysis(ctx context.Context, claim store.Claim, a store.AnalysisRecord) (revision int, err error) {
	compressed, err := zstd.Compress(a.Case)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(c *conn) error {
		if err := c.holds(claim); err != nil {
			return err
		}
		w := analysisWriter{conn: c, claim: claim, record: &a, now: s.now()}
		revision, err = w.save(compressed)
		return err
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

type analysisWriter struct {
	*conn
	claim  store.Claim
	record *store.AnalysisRecord
	now    time.Time
}

// save stores the next revision, unless there is nothing new to say.
func (w *analysisWriter) save(compressed []byte) (int, error) {
	tenant, id := w.claim.Incident.Tenant, w.claim.Incident.ID
	newest, same := 0, false
	err := w.query(`SELECT revision, input_digest = ? OR observations_digest = ? FROM analyses
		WHERE tenant = ? AND incident_id = ? ORDER BY revision DESC LIMIT 1`, func(r *row) error {
		newest, same = r.count(), r.bool()
		return nil
	}, w.record.Analysis.InputDigest, w.record.ObservationsDigest, tenant, id)
	if err != nil {
		return 0, err
	}
	if !same {
		a := w.record.Analysis
		a.IncidentID, a.Revision, a.Supersedes, a.CreatedAt, a.Provisional, a.Now, a.Agents = id, newest+1, newest, w.now.UTC(), false, nil, nil
		newest++
		if err := w.store(a, compressed); err != nil {
			return 0, err
		}
	}
	if err := w.askAgents(newest, same); err != nil {
		return 0, err
	}
	_, err = w.exec(`UPDATE incidents SET done = max(done, ?), revision = ?, analysed_at = ?, attempts = 0, retry_at = 0, dead = 0,
			last_error = '', lease_owner = '', lease_until = 0, lease_reason = ''
		WHERE tenant = ? AND id = ?`, w.claim.Wanted, newest, w.now, tenant, id)
	if err != nil {
		return 0, err
	}
	return newest, w.noteIncidents(w.now, tenant, id)
}

func (w *analysisWriter) store(a incident.Analysis, compressed []byte) error {
	tenant := w.claim.Incident.Tenant
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write analysis of incident %s: %w", a.IncidentID, err)
	}
	_, err = w.exec("INSERT OR IGNORE INTO cases (tenant, digest, size, zstd) VALUES (?, ?, ?, ?)", tenant, a.InputDigest, len(w.record.Case), compressed)
	if err != nil {
		return err
	}
	statement := ""
	if a.RootCause != nil {
		statement = a.RootCause.Statement
	}
	_, err = w.exec(`INSERT INTO analyses (tenant, incident_id, revision, supersedes, reason, engine_version, input_digest,
			observations_digest, created_at, verdict, statement, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		tenant, a.IncidentID, a.Revision, a.Supersedes, a.Reason, a.EngineVersion, a.InputDigest,
		w.record.ObservationsDigest, a.CreatedAt, a.Verdict, statement, string(body))
	if err != nil {
		return err
	}
	a.Agents = w.record.Agents
	return w.conclude(a)
}

// conclude lets the incident say what its newest analysis says; an ungrouped one, whose analysis is
// of one root among many, keeps its name.
func (w *analysisWriter) conclude(a incident.Analysis) error {
	tenant := w.claim.Incident.Tenant
	if a.Severity != "" {
		if _, err := w.exec("UPDATE incidents SET severity = ? WHERE tenant = ? AND id = ?", a.Severity, tenant, a.IncidentID); err != nil {
			return err
		}
	}
	if a.RootCause == nil {
		_, err := w.exec("UPDATE incidents SET confidence = ? WHERE tenant = ? AND id = ?", ledger.Confidence(a.Candidates), tenant, a.IncidentID)
		return err
	}
	rc := a.RootCause
	_, confidence, _ := a.Effective()
	_, err := w.exec(`UPDATE incidents SET category = ?, kind = ?, service = ?, component = ?, operation = ?, confidence = ?
		WHERE tenant = ? AND id = ? AND ungrouped = 0`,
		rc.Category, rc.Kind, rc.Service, rc.Component, rc.Operation, confidence, tenant, a.IncidentID)
	return err
}

// FailAnalysis implements store.Incidents.
func (s *Store) FailAnalysis(ctx context.Context, claim store.Claim, reason string, retryAt time.Time) error {
	return s.write(ctx, func(c *conn) error {
		if err := c.holds(claim); err != nil {
			return err
		}
		_, err := c.exec(`UPDATE incidents SET retry_at = ?, dead = ?, last_error = ?, lease_owner = '', lease_until = 0 WHERE tenant = ? AND id = ?`,
			retryAt, retryAt.IsZero(), reason, claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// ReleaseIncident implements store.Incidents.
func (s *Store) ReleaseIncident(ctx context.Context, claim store.Claim, until time.Time) error {
	return s.write(ctx, func(c *conn) error {
		if err := c.holds(claim); err != nil {
			return err
		}
		_, err := c.exec("UPDATE incidents SET retry_at = ?, attempts = max(attempts - 1, 0), lease_owner = '', lease_until = 0 WHERE tenant = ? AND id = ?",
			until, claim.Incident.Tenant, claim.Incident.ID)
		return err
	})
}

// RequestAnalysis implements store.Incidents.
func (s *Store) RequestAnalysis(ctx context.Context, tenant, id string) error {
	return s.write(ctx, func(c *conn) error {
		found, err := c.incidents(s.now(), "tenant = ? AND id = ? AND merged_into = ''", tenant, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return record.NotFound("incident %q", id)
		}
		in := found[0]
		in.Want(incident.ReasonRequested, time.Time{})
		_, err = c.exec(`UPDATE incidents SET wanted = ?, agents_wanted = ?, want_reason = ?, want_due = ?, attempts = iif(dead, 0, attempts), dead = 0, retry_at = 0
			WHERE tenant = ? AND id = ?`, in.Wanted, in.Wanted, in.WantReason, in.WantDue, tenant, id)
		return err
	})
}

// Analysis implements store.Incidents.
func (s *Store) Analysis(ctx context.Context, tenant, id string, revision int) (a incident.Analysis, err error) {
	err = s.read(ctx, func(v *view) error {
		found, err := v.settledIncidents(s.now(), "tenant = ? AND id = ?", tenant, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return record.NotFound("incident %q", id)
		}
		if revision == 0 {
			revision = found[0].Revision
		}
		err = record.NotFound("revision %d of incident %q", revision, id)
		if scanErr := v.query("SELECT body FROM analyses WHERE tenant = ? AND incident_id = ? AND revision = ?", func(r *row) error {
			err = json.Unmarshal(r.st.ColumnRawText(r.next()), &a)
			return err
		}, tenant, id, revision); scanErr != nil {
			return scanErr
		}
		if agentsErr := v.agents(&a, tenant, s.now()); agentsErr != nil {
			return agentsErr
		}
		a.Provisional, a.Now = found[0].Provisional && revision == found[0].Revision, found[0].Now()
		return err
	})
	return a, err
}

// Revisions implements store.Incidents.
func (s *Store) Revisions(ctx context.Context, tenant, id string) ([]store.RevisionView, error) {
	var list []store.RevisionView
	err := s.read(ctx, func(v *view) error {
		known, err := v.number("SELECT count(*) FROM incidents WHERE tenant = ? AND id = ?", tenant, id)
		if err == nil && known == 0 {
			err = record.NotFound("incident %q", id)
		}
		if err != nil {
			return err
		}
		return v.query(`SELECT revision, supersedes, reason, verdict, statement, engine_version, input_digest, created_at
			FROM analyses WHERE tenant = ? AND incident_id = ? ORDER BY revision DESC`, func(r *row) error {
			list = append(list, store.RevisionView{
				Revision: r.count(), Supersedes: r.count(), Reason: r.text(), Verdict: incident.Verdict(r.text()), Statement: r.text(),
				EngineVersion: r.text(), InputDigest: r.text(), CreatedAt: r.time(),
			})
			return nil
		}, tenant, id)
	})
	return list, err
}

// Case implements store.Incidents.
func (s *Store) Case(ctx context.Context, tenant, digest string) ([]byte, error) {
	var found []byte
	err := s.read(ctx, func(v *view) error {
		err := record.NotFound("case %q", digest)
		if scanErr := v.query("SELECT zstd FROM cases WHERE tenant = ? AND digest = ?", func(r *row) error {
			found, err = zstd.Decompress(r.raw())
			return err
		}, tenant, digest); scanErr != nil {
			return scanErr
		}
		return err
	})
	return found, err
}
