package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// Failures of incidents are trimmed: dropped with their links, while what they counted for stays in
// trimmed_failures. One that waits keeps its links, since its next classification compares with them.

// trimOld drops the failures of incidents whose newest record is so old.
func (w *retaining) trimOld(ctx context.Context, before time.Time) error {
	return w.inBatches(ctx, retainRows, func(c *conn) (int, error) {
		return c.trim("", `SELECT f.tenant, f.key FROM failures f
			WHERE first_received < ? AND last_record < ? AND state <> 'waiting'
				AND EXISTS (SELECT 1 FROM incident_failures l WHERE l.tenant = f.tenant AND l.key = f.key)
			ORDER BY first_received LIMIT ?`, before, before, retainRows)
	})
}

// trimIncident drops up to so many failures of an incident, the oldest first.
func (w *retaining) trimIncident(ctx context.Context, in incidentID, limit int) (n int, err error) {
	err = w.write(ctx, func(c *conn) error {
		n, err = c.trim(in.id, `SELECT l.tenant, l.key FROM incident_failures l CROSS JOIN failures f ON f.tenant = l.tenant AND f.key = l.key
			WHERE l.tenant = ? AND l.incident_id = ? AND f.state <> 'waiting' ORDER BY l.first_error, l.key LIMIT ?`, in.tenant, in.id, limit)
		return err
	})
	w.done.Dropped += n
	return n, err
}

// trim drops the links of the failures that a query selects, to one incident or all, and the failures
// that have none left.
func (c *conn) trim(incidentID, sql string, args ...any) (int, error) {
	var old []tenantKey
	err := c.query(sql, func(r *row) error {
		old = append(old, tenantKey{r.text(), r.text()})
		return nil
	}, args...)
	if err != nil {
		return 0, err
	}
	for _, f := range old {
		_, err := c.exec(`INSERT INTO trimmed_failures
			SELECT l.tenant, l.incident_id, iif(i.ungrouped, i.root_signature, l.root_signature), 1, l.errors, l.error_signals, l.first_error, l.last_error, l.last_received, l.severity
			FROM incident_failures l CROSS JOIN incidents i ON i.tenant = l.tenant AND i.id = l.incident_id
			WHERE l.tenant = ?1 AND l.key = ?2 AND ?3 IN ('', l.incident_id)`+addToTrimmed, f.tenant, f.key, incidentID)
		if err != nil {
			return 0, err
		}
		if _, err := c.exec("DELETE FROM incident_failures WHERE tenant = ?1 AND key = ?2 AND ?3 IN ('', incident_id)", f.tenant, f.key, incidentID); err != nil {
			return 0, err
		}
		_, err = c.exec(`DELETE FROM failures WHERE tenant = ?1 AND key = ?2
			AND NOT EXISTS (SELECT 1 FROM incident_failures WHERE tenant = ?1 AND key = ?2)`, f.tenant, f.key)
		if err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// addToTrimmed ends an INSERT … SELECT … WHERE ….
var addToTrimmed = ` ON CONFLICT (tenant, incident_id, root_signature) DO UPDATE SET
	failing_traces = failing_traces + excluded.failing_traces,
	errors = errors + excluded.errors, error_signals = error_signals + excluded.error_signals,
	first_error = min(first_error, excluded.first_error), last_error = max(last_error, excluded.last_error),
	last_received = max(last_received, excluded.last_received), severity = max(` +
	ledger.KnownSeverity("trimmed_failures.severity", "excluded.tenant", "excluded.incident_id") + `, ` + ledger.KnownSeverity("excluded.severity", "excluded.tenant", "excluded.incident_id") + `)`
