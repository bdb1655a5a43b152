package sqlite

import (
	"context"
	"math"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// dropBeyond drops what incidents take beyond their bound: those resolved longest ago, then superseded
// revisions, then the oldest failures of those that have most.
func (w *retaining) dropBeyond(ctx context.Context) error {
	bound := w.policy.IncidentBytes
	if bound <= 0 {
		return nil
	}
	err := w.read(ctx, func(v *view) (err error) {
		w.done.IncidentBytes, err = v.incidentBytes()
		return err
	})
	if err != nil {
		return err
	}
	return ledger.Free(ctx, &w.done.IncidentBytes, bound, w.dropResolved, w.dropSuperseded, w.trimLargest)
}

// incidentBytes is about what incidents take, with their failures, analyses, cases and transcripts.
func (v *view) incidentBytes() (bytes int64, err error) {
	for sql, each := range map[string]int64{
		"SELECT count(*) FROM incident_failures":                                            ledger.FailureBytes,
		"SELECT (SELECT count(*) FROM incidents) + (SELECT count(*) FROM incident_history)": ledger.RowBytes,
		"SELECT (SELECT count(*) FROM analyses) + (SELECT count(*) FROM agent_runs)":        ledger.RowBytes,
		"SELECT coalesce(sum(length(body)), 0) FROM analyses":                               1,
		"SELECT coalesce(sum(length(body)), 0) FROM agent_runs":                             1,
		"SELECT coalesce(sum(length(zstd)), 0) FROM cases":                                  1,
		"SELECT coalesce(sum(length(zstd)), 0) FROM transcripts":                            1,
	} {
		n, err := v.number(sql)
		if err != nil {
			return 0, err
		}
		bytes += n * each
	}
	return bytes, nil
}

// dropResolved drops the incident resolved longest ago, its failures some a transaction.
func (w *retaining) dropResolved(ctx context.Context) (freed int64, err error) {
	var oldest []incidentID
	err = w.read(ctx, func(v *view) error {
		oldest, err = v.incidentIDs("SELECT tenant, id FROM incidents WHERE status = 'resolved' AND merged_into = '' ORDER BY resolved_at LIMIT 1")
		return err
	})
	if err != nil || len(oldest) == 0 {
		return 0, err
	}
	for n := retainRows; err == nil && n == retainRows; freed += int64(n) * ledger.FailureBytes {
		n, err = w.trimIncident(ctx, oldest[0], retainRows)
	}
	if err != nil {
		return freed, err
	}
	err = w.write(ctx, func(c *conn) error {
		n, size, err := c.deleteIncidents("tenant = ? AND id = ? AND status = 'resolved' AND merged_into = ''", oldest[0].tenant, oldest[0].id)
		w.done.Dropped += n
		freed += size
		return err
	})
	return freed, err
}

// dropSuperseded drops some of the oldest superseded revisions.
func (w *retaining) dropSuperseded(ctx context.Context) (freed int64, err error) {
	err = w.write(ctx, func(c *conn) error {
		var n int
		n, freed, err = c.deleteRevisions(time.Unix(0, math.MaxInt64))
		w.done.Dropped += n
		return err
	})
	return freed, err
}

// trimLargest drops some of the oldest failures of the incident that has most.
func (w *retaining) trimLargest(ctx context.Context) (freed int64, err error) {
	var largest incidentID
	surplus := 0
	err = w.read(ctx, func(v *view) error {
		return v.query(`SELECT tenant, incident_id, count(*) - ?1 FROM incident_failures
			GROUP BY tenant, incident_id HAVING count(*) > ?1 ORDER BY count(*) DESC, tenant, incident_id LIMIT 1`, func(r *row) error {
			largest, surplus = incidentID{r.text(), r.text()}, r.count()
			return nil
		}, ledger.KeptFailures)
	})
	for surplus > 0 && err == nil && w.done.IncidentBytes-freed > w.policy.IncidentBytes {
		var n int
		if n, err = w.trimIncident(ctx, largest, min(surplus, retainRows)); n == 0 {
			break
		}
		surplus -= n
		freed += int64(n) * ledger.FailureBytes
	}
	return freed, err
}
