package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestSuccessNeedsTheSynchronousStandby has a server give up waiting for a standby that is gone.
func TestSuccessNeedsTheSynchronousStandby(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{Settings: map[string]string{
		"synchronous_standby_names": "gone", "synchronous_commit": "local",
	}})
	database := server.Database()
	c := connect(t, database)
	appended := func(s store.Store) error {
		_, err := s.Append(t.Context(), []store.Batch{spansOf("a", "op")})
		return err
	}
	require.NoError(t, appended(open(t, database)))
	s := open(t, database+"&synchronous_commit=on&client_min_messages=error")
	for name, write := range map[string]func() error{
		"signals": func() error { return appended(s) },
		"state":   func() error { return s.ReportAgents(t.Context(), store.AgentsInfo{}) },
	} {
		written := make(chan error, 1)
		go func() { written <- write() }()
		var err error
		require.Eventually(t, func() bool {
			_, cancelled := c.Exec(t.Context(), "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
			require.NoError(t, cancelled)
			select {
			case err = <-written:
				return true
			default:
				return false
			}
		}, 15*time.Second, 10*time.Millisecond, name) // less than the bounds of an append
		require.ErrorIs(t, err, store.ErrUnavailable, name)
		assert.ErrorContains(t, err, "synchronous_standby_names", name)
	}
}
