package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// retainIncidents bounds how many incidents or revisions one transaction deletes: their cases are big.
const retainIncidents = 20

type incidentID struct{ tenant, id string }

// dropOld drops what is too old of incidents: first failures and superseded revisions, of all of them,
// so that little is left of those that are then deleted at once.
func (w *retaining) dropOld(ctx context.Context) error {
	if w.policy.Incidents <= 0 {
		return nil
	}
	old := w.now.Add(-w.policy.Incidents)
	if err := w.trimOld(ctx, old); err != nil {
		return err
	}
	err := w.inBatches(ctx, retainIncidents, func(c *conn) (n int, err error) {
		n, _, err = c.deleteRevisions(old)
		return n, err
	})
	if err != nil {
		return err
	}
	for _, these := range []string{
		"status = 'resolved' AND resolved_at < ? AND merged_into = '' ORDER BY resolved_at",
		"merged_into <> '' AND joined = 0 AND last_failure_at < ?",
	} {
		err := w.inBatches(ctx, retainIncidents, func(c *conn) (n int, err error) {
			n, _, err = c.deleteIncidents(these, old)
			return n, err
		})
		if err != nil {
			return err
		}
	}
	return w.write(ctx, func(c *conn) error { // the failures a merge moved are gone
		_, err := c.exec("UPDATE incident_history SET moved_keys = '[]' WHERE at < ? AND moved_keys <> '[]'", old)
		return err
	})
}

// deleteIncidents deletes some of the incidents that a condition selects, those merged into them and
// all that is theirs, and tells how many and about how many bytes went.
func (c *conn) deleteIncidents(these string, args ...any) (n int, freed int64, err error) {
	gone, err := c.incidentIDs("SELECT tenant, id FROM incidents WHERE "+these+" LIMIT ?", append(args, retainIncidents)...)
	if err != nil {
		return 0, 0, err
	}
	n = len(gone)
	for i := 0; i < len(gone); i++ { // which grows
		if _, err := c.exec("DELETE FROM incidents WHERE tenant = ? AND id = ?", gone[i].tenant, gone[i].id); err != nil {
			return 0, 0, err
		}
		merged, err := c.incidentIDs("SELECT tenant, id FROM incidents WHERE tenant = ? AND merged_into = ?", gone[i].tenant, gone[i].id)
		if err != nil {
			return 0, 0, err
		}
		gone = append(gone, merged...)
		size, err := c.deleteOfIncident(gone[i])
		if err != nil {
			return 0, 0, err
		}
		freed += size + ledger.RowBytes
	}
	return n, freed, nil
}

func (c *conn) incidentIDs(sql string, args ...any) (ids []incidentID, err error) {
	err = c.query(sql, func(r *row) error {
		ids = append(ids, incidentID{r.text(), r.text()})
		return nil
	}, args...)
	return ids, err
}

// deleteOfIncident deletes what belonged to an incident that is gone. A failure stays while it waits
// or another incident has it.
func (c *conn) deleteOfIncident(in incidentID) (freed int64, err error) {
	_, err = c.exec(`DELETE FROM failures AS f WHERE f.tenant = ?1 AND f.key IN (SELECT key FROM incident_failures WHERE tenant = ?1 AND incident_id = ?2)
		AND f.state <> 'waiting' AND NOT EXISTS (
			SELECT 1 FROM incident_failures o JOIN incidents i ON i.tenant = o.tenant AND i.id = o.incident_id WHERE o.tenant = f.tenant AND o.key = f.key)`, in.tenant, in.id)
	if err != nil {
		return 0, err
	}
	for table, each := range map[string]int64{"incident_failures": ledger.FailureBytes, "trimmed_failures": 0, "incident_history": ledger.RowBytes, "incident_signatures": 0, "near_duplicates": 0, "incident_notices": 0, "deliveries": 0} {
		n, err := c.exec("DELETE FROM "+table+" WHERE tenant = ? AND incident_id = ?", in.tenant, in.id)
		if err != nil {
			return 0, err
		}
		freed += n * each
	}
	size, err := c.deleteAnalyses("tenant = ? AND incident_id = ?", in.tenant, in.id)
	return freed + size, err
}

// deleteRevisions deletes some analyses that were superseded and are so old, with what belongs to
// them, and tells how many and about how many bytes went.
func (c *conn) deleteRevisions(before time.Time) (n int, freed int64, err error) {
	type revision struct {
		incidentID
		number int64
	}
	var old []revision
	err = c.query(`SELECT a.tenant, a.incident_id, a.revision FROM analyses a CROSS JOIN incidents i ON i.tenant = a.tenant AND i.id = a.incident_id
		WHERE a.created_at < ? AND a.revision < i.revision ORDER BY a.created_at LIMIT ?`, func(r *row) error {
		old = append(old, revision{incidentID{r.text(), r.text()}, r.int()})
		return nil
	}, before, retainIncidents)
	for _, a := range old {
		if err != nil {
			return 0, 0, err
		}
		var size int64
		size, err = c.deleteAnalyses("tenant = ? AND incident_id = ? AND revision = ?", a.tenant, a.id, a.number)
		freed += size
	}
	return len(old), freed, err
}

// deleteAnalyses deletes the analyses that a condition selects, what agents have to do with them or
// said of them, and the cases and transcripts that no other refers to. It tells about how many bytes
// went.
func (c *conn) deleteAnalyses(these string, args ...any) (freed int64, err error) {
	for _, t := range []struct{ table, refers, to string }{
		{"analyses", "input_digest", "cases"},
		{"agent_runs", "transcript", "transcripts"},
	} {
		var referred []tenantKey
		err := c.query("DELETE FROM "+t.table+" WHERE "+these+" RETURNING tenant, "+t.refers+", length(body)", func(r *row) error {
			referred = append(referred, tenantKey{r.text(), r.text()})
			freed += r.int() + ledger.RowBytes
			return nil
		}, args...)
		if err != nil {
			return 0, err
		}
		for _, blob := range referred {
			err := c.query("DELETE FROM "+t.to+" WHERE tenant = ?1 AND digest = ?2 AND NOT EXISTS (SELECT 1 FROM "+t.table+
				" WHERE tenant = ?1 AND "+t.refers+" = ?2) RETURNING length(zstd)", func(r *row) error {
				freed += r.int()
				return nil
			}, blob.tenant, blob.key)
			if err != nil {
				return 0, err
			}
		}
	}
	return freed, nil
}
