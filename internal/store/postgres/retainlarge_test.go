package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// insertLarge inserts an incident that was resolved in 2020 with 12,000 failures.
func insertLarge(t *testing.T, c *pgx.Conn) {
	t.Helper()
	_, err := c.Exec(t.Context(), `
		INSERT INTO incidents (tenant, id, root_signature, signature_parts, title, status, severity, category, kind, service, component,
			operation, first_seen, last_seen, opened_at, resolved_at, last_failure_at, failing_traces, error_signals, errors, services,
			environments, versions, ungrouped, confidence, wanted, done, want_reason, want_due, late_runs, analysed_at, analysed_traces)
		VALUES ('', 'large', 'r', '{}', 'Large', 'resolved', 'high', 'unknown', 'code', 's', 's', '', 1, 12000, '2020-01-01', '2020-01-01',
			'2020-01-01', 12000, 12000, 12000, '[]', '[]', '[]', false, 0, 0, 0, '', '-infinity', 0, '-infinity', 0);
		INSERT INTO failures (tenant, key, trace_id, state, first_error, last_error, error_signals, first_received, last_received, last_record, waiting_since, linked)
		SELECT '', 'key ' || n, '', 'classified', n, n, 1, '2020-01-01', '2020-01-01', '2020-01-01', '2020-01-01', true FROM generate_series(1, 12000) n;
		INSERT INTO incident_failures (tenant, key, incident_id, root_signature, outcome, first_error, last_error, last_received, errors, error_signals)
		SELECT '', 'key ' || n, 'large', 'r', 'failed', n, n, '2020-01-01', 1, 1 FROM generate_series(1, 12000) n;
		ANALYZE failures, incident_failures`)
	require.NoError(t, err)
}

// TestALargeIncidentIsDroppedLittleByLittle refuses a statement that deletes many rows.
func TestALargeIncidentIsDroppedLittleByLittle(t *testing.T) {
	for name, policy := range map[string]store.Retention{"by age": {Incidents: time.Hour}, "by size": {IncidentBytes: 1}} {
		t.Run(name, func(t *testing.T) {
			database := servertest.Database(t)
			s := open(t, database)
			c := connect(t, database)
			insertLarge(t, c)
			_, err := c.Exec(t.Context(), `
				CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN
					IF (SELECT count(*) FROM gone) > 5000 THEN
						RAISE EXCEPTION 'too many rows of % at once', TG_TABLE_NAME;
					END IF;
					RETURN NULL;
				END $$;
				CREATE TRIGGER few AFTER DELETE ON failures REFERENCING OLD TABLE AS gone EXECUTE FUNCTION few();
				CREATE TRIGGER few AFTER DELETE ON incident_failures REFERENCING OLD TABLE AS gone EXECUTE FUNCTION few()`)
			require.NoError(t, err)
			_, err = s.Retain(t.Context(), policy, time.Now())
			require.NoError(t, err)
			for _, table := range []string{"incidents", "failures", "incident_failures", "trimmed_failures"} {
				assert.Zero(t, number(t, c, "SELECT count(*) FROM "+table), table)
			}
		})
	}
}

// TestOldFailuresAreFoundByTheirIndex looks for failures without an incident among many with one.
func TestOldFailuresAreFoundByTheirIndex(t *testing.T) {
	database := servertest.Database(t)
	open(t, database)
	c := connect(t, database)
	insertLarge(t, c)
	for _, condition := range []string{"NOT linked AND first_received < now() AND last_record < now()", "linked AND first_received < '2019-01-01' AND state <> 'waiting'"} {
		rows, err := c.Query(t.Context(), "EXPLAIN SELECT tenant, key FROM failures WHERE "+condition+" ORDER BY first_received LIMIT 5000")
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		assert.Contains(t, strings.Join(plan, "\n"), "failures_old", condition)
	}
}
