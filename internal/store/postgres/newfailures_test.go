package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestNewFailuresKeepAppendsWaitingBriefly has an append under way while its failure is recorded: what
// is stored is summed before the appends are waited for, and what they bring is not missed.
func TestNewFailuresKeepAppendsWaitingBriefly(t *testing.T) {
	s, err := Open(t.Context(), servertest.Database(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	const insert = `INSERT INTO error_signals (tenant, key, received_at, kind, ref, time, ordinal)
		VALUES ('', 'k', clock_timestamp(), 'log', $1, 0, 0) RETURNING received_at`
	_, err = s.pool.Exec(t.Context(), insert, "log:1")
	require.NoError(t, err)
	underWay, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = underWay.Exec(t.Context(), "SELECT pg_advisory_xact_lock_shared($1)", lockFailures)
	require.NoError(t, err)
	var newest time.Time
	require.NoError(t, underWay.QueryRow(t.Context(), insert, "log:2").Scan(&newest))

	done := make(chan error, 1)
	go func() {
		_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: "k"}})
		done <- err
	}()
	require.Eventually(t, func() bool {
		var inserted bool
		err := s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks w JOIN pg_locks f ON f.pid = w.pid
			WHERE w.locktype = 'advisory' AND NOT w.granted AND f.relation = 'failures'::regclass AND f.mode = 'RowExclusiveLock')`).Scan(&inserted)
		return err == nil && inserted
	}, 20*time.Second, 10*time.Millisecond, "it was summed and inserted before the lock was asked for")
	require.NoError(t, underWay.Commit(t.Context()))
	require.NoError(t, <-done)
	var received, record time.Time
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT last_received, last_record FROM failures WHERE key = 'k'").Scan(&received, &record))
	assert.Equal(t, newest, received)
	assert.Equal(t, newest, record)
}
