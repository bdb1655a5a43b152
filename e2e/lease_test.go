package e2e

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// A worker killed in the middle of an analysis costs min_age and one interval at most: its lease is
// renewed while it lives, and no longer.
func TestAnalysisOfAKilledWorkerIsTakenUpInTime(t *testing.T) {
	t.Parallel()
	const minAge, interval = 8 * time.Second, time.Second
	f := NewFleet(t, append(hasty[:len(hasty):len(hasty)], "--set=exporters.rca.sweep.min_age="+minAge.String(), "--set=exporters.rca.sweep.interval="+interval.String())...)
	gateway := f.Start("gateway.yaml", []string{storeOnly})
	db := f.connect()
	one := func(sql string) (answer string) {
		t.Helper()
		require.NoError(t, db.QueryRow(t.Context(), sql).Scan(&answer), sql)
		return answer
	}

	require.True(t, gateway.sendTraces(analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans()))
	first := f.Start("workers.yaml", nil)
	gateway.awaitIncidents(t, 1, incidentWait)
	first.Stop()

	// While nobody can read which failures an incident has, its next analysis does not get on.
	blocked, err := f.connect().Begin(t.Context())
	require.NoError(t, err)
	_, err = blocked.Exec(t.Context(), "LOCK TABLE incident_failures IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), "UPDATE incidents SET wanted = wanted + 1, want_reason = 'requested'")
	require.NoError(t, err)
	victim := f.Start("workers.yaml", nil)
	require.Eventually(t, func() bool { return one("SELECT count(*)::text FROM incidents WHERE lease_owner <> ''") == "1" },
		incidentWait, pollInterval, "the incident is being analysed")
	f.Start("workers.yaml", nil)

	owner, until := one("SELECT lease_owner FROM incidents"), one("SELECT lease_until::text FROM incidents")
	require.Eventually(t, func() bool {
		return one("SELECT (lease_until > '"+until+"'::timestamptz + interval '8 seconds')::text FROM incidents") == "true"
	},
		incidentWait, pollInterval, "its lease is renewed, over and over")
	require.Equal(t, owner, one("SELECT lease_owner FROM incidents"), "the other worker leaves it alone")

	victim.Kill()
	killed := time.Now()
	require.NoError(t, blocked.Rollback(t.Context()))
	require.Eventually(t, func() bool { return one("SELECT (done = wanted)::text FROM incidents") == "true" }, minAge+interval, pollInterval, "another finishes it")
	t.Logf("analysed %s after the kill", time.Since(killed).Round(time.Millisecond))
}

// connect opens a connection of the test's own to the fleet's database.
func (f *Fleet) connect() *pgx.Conn {
	f.t.Helper()
	c, err := pgx.Connect(f.t.Context(), f.database)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = c.Close(f.t.Context()) })
	return c
}
