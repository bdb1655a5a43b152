package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// SaveClassifications implements store.Failures.
func (s *Store) SaveClassifications(ctx context.Context, results []store.Classified, policy incident.Policy) ([]store.IncidentChange, error) {
	var changes ledger.Changes
	err := s.write(ctx, func(c *conn) error {
		changes = ledger.Changes{}
		for _, result := range results {
			save := classifying{conn: c, now: s.now(), policy: policy, result: result, changes: &changes}
			if err := save.run(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changes.List, nil
}

// classifying saves one classification.
type classifying struct {
	*conn
	now     time.Time
	policy  incident.Policy
	result  store.Classified
	changes *ledger.Changes
}

func (s *classifying) run() error {
	before, err := s.recordsBefore()
	if err != nil {
		return err
	}
	if mine, err := s.saveFailure(); !mine || err != nil {
		return err
	}
	situation, err := s.situation()
	if err != nil {
		return err
	}
	f := s.result.Failure
	decision := situation.Apply(incident.Occurrence{
		Classification: s.result.Classification, FirstReceived: f.FirstError, LastReceived: f.LastError, Source: f.Source,
		Repeated: ledger.Repeated(before, s.result),
	}, s.policy, s.now.UTC(), ledger.NewIncidentID)
	return s.save(decision)
}

// recordsBefore is the digest of the records by which the failure was classified before.
func (s *classifying) recordsBefore() (records string, err error) {
	err = s.query("SELECT records FROM failures WHERE tenant = ? AND key = ?", func(r *row) error {
		records = r.text()
		return nil
	}, s.result.Failure.Tenant, s.result.Failure.Key)
	return records, err
}

// saveFailure stores the failure's state, unless the lease is another's.
func (s *classifying) saveFailure() (mine bool, err error) {
	f, c := s.result.Failure, s.result.Classification
	rows, err := s.exec(`UPDATE failures SET
			state = CASE version WHEN ? THEN ? ELSE 'waiting' END,
			waiting_since = CASE version WHEN ? THEN waiting_since ELSE coalesce(moved_at, waiting_since) END,
			due_at = 0, urgent = 0, attempts = 0, lease_owner = '', lease_until = 0, moved_at = NULL,
			reason = ?, outcome = ?, entry_service = ?, entry_operation = ?,
			first_error = iif(? > 0, ?, first_error), last_error = iif(? > 0, ?, last_error),
			missing_parent = ?, late_until = first_received + ?, records = ?, linked = ?
		WHERE tenant = ? AND key = ? AND lease_owner = ? AND lease_owner <> ''`,
		f.Version, c.State, f.Version,
		c.Reason, c.Outcome, c.EntryService, c.EntryOperation,
		c.FirstError, c.FirstError, c.LastError, c.LastError,
		c.MissingParent && c.State == incident.FailureClassified, int64(s.policy.LateWindow), s.result.Records, len(c.Roots) > 0,
		f.Tenant, f.Key, f.Lease.Owner)
	return rows > 0, err
}

// situation loads what the failure's placement depends on.
func (s *classifying) situation() (incident.Situation, error) {
	f := s.result.Failure
	situation := incident.Situation{Opened: incident.NewOpenings(), Joined: map[string]string{}}
	links, err := s.links()
	if err != nil {
		return situation, err
	}
	situation.Links = links
	var ids []string
	for _, l := range links {
		ids = append(ids, l.IncidentID)
	}
	occurrence := incident.Occurrence{Classification: s.result.Classification}
	signatures, err := json.Marshal(append(occurrence.Signatures(), incident.TenantUngrouped))
	if err != nil {
		return situation, err
	}
	err = s.query(`SELECT a.signature, iif(i.merged_into = '', i.id, i.merged_into) FROM incident_signatures a
			JOIN incidents i ON i.tenant = a.tenant AND i.id = a.incident_id AND (i.merged_into = '' OR i.joined = 1)
			WHERE a.tenant = ?1 AND a.signature IN (SELECT value FROM json_each(?2))
		UNION ALL
		SELECT root_signature, merged_into FROM incidents
			WHERE tenant = ?1 AND joined = 1 AND root_signature IN (SELECT value FROM json_each(?2))`, func(r *row) error {
		signature, into := r.text(), r.text()
		situation.Joined[signature] = into
		ids = append(ids, into)
		return nil
	}, f.Tenant, string(signatures))
	if err != nil {
		return situation, err
	}
	similar, living, err := s.similar(occurrence)
	if err != nil {
		return situation, err
	}
	situation.Similar = similar
	idList, err := json.Marshal(append(ids, living...))
	if err != nil {
		return situation, err
	}
	found, err := s.incidents(s.now, `tenant = ? AND merged_into = '' AND (id IN (SELECT value FROM json_each(?))
		OR root_signature IN (SELECT value FROM json_each(?)))`, f.Tenant, string(idList), string(signatures))
	if err != nil {
		return situation, err
	}
	for i := range found {
		situation.Incidents = append(situation.Incidents, &found[i])
	}
	return situation, s.opened(situation.Opened, occurrence)
}

// opened counts what was opened within the last hour.
func (s *classifying) opened(o *incident.Openings, occurrence incident.Occurrence) error {
	tenant, since := s.result.Failure.Tenant, s.now.Add(-ledger.FloodWindow)
	for _, r := range occurrence.Roots {
		n, err := s.number("SELECT count(*) FROM incidents WHERE tenant = ? AND service = ? AND opened_at > ? AND ungrouped = 0", tenant, r.Service, since)
		if err != nil {
			return err
		}
		o.ByService[r.Service] = int(n)
	}
	if s.policy.MaxNewIncidentsOfTenant == 0 {
		return nil
	}
	return s.query("SELECT source, count(*) FROM incidents INDEXED BY incidents_opened_at WHERE tenant = ? AND opened_at > ? AND ungrouped = 0 GROUP BY source", func(r *row) error {
		source, n := r.int32(), r.count()
		o.BySource[source] = n
		o.Total += n
		return nil
	}, tenant, since)
}

func (s *classifying) links() (links []incident.Link, err error) {
	err = s.query(`SELECT incident_id, root_signature, outcome, first_error, last_error, errors, error_signals
		FROM incident_failures WHERE tenant = ? AND key = ? ORDER BY incident_id`, func(r *row) error {
		links = append(links, incident.Link{
			IncidentID: r.text(), RootSignature: r.text(), Outcome: incident.Outcome(r.text()),
			FirstError: r.nanos(), LastError: r.nanos(), Errors: r.count(), ErrorSignals: r.count(),
		})
		return nil
	}, s.result.Failure.Tenant, s.result.Failure.Key)
	return links, err
}

// save carries the decision out.
func (s *classifying) save(d incident.Decision) error {
	f := s.result.Failure
	change := identityChange{conn: s.conn, tenant: f.Tenant, now: s.now}
	if err := change.saveIncidents(d); err != nil {
		return err
	}
	if err := s.replaceLinks(d.Links); err != nil {
		return err
	}
	if err := change.save(d); err != nil {
		return err
	}
	s.changes.Add(f.Tenant, d)
	return nil
}

func (s *classifying) replaceLinks(links []incident.Link) error {
	f := s.result.Failure
	if _, err := s.exec("DELETE FROM incident_failures WHERE tenant = ? AND key = ?", f.Tenant, f.Key); err != nil {
		return err
	}
	for _, l := range links {
		_, err := s.exec(`INSERT INTO incident_failures (tenant, key, incident_id, root_signature, outcome, severity, first_error, last_error, last_received, errors, error_signals)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			f.Tenant, f.Key, l.IncidentID, l.RootSignature, l.Outcome, ledger.SeverityNumber(l.Severity), l.FirstError, l.LastError, f.LastError, l.Errors, l.ErrorSignals)
		if err != nil {
			return err
		}
	}
	return nil
}
