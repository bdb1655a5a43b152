package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestClaimsNeedNoStandby has workers look for work while the synchronous standby is away: a claim that
// is committed, but not told, would count as an attempt.
func TestClaimsNeedNoStandby(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	c := connect(t, server.URL())
	s := open(t, server.Database())
	b := failingTrace("a")
	_, err := s.Append(t.Context(), []store.Batch{b})
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: b.Errors[0].Key}})
	require.NoError(t, err)
	exec(t, c, "ALTER SYSTEM SET synchronous_standby_names = 'gone'")
	exec(t, c, "SELECT pg_reload_conf()")
	reported := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		return s.ReportAgents(ctx, store.AgentsInfo{})
	}
	require.Eventually(t, func() bool { return reported() != nil }, 10*time.Second, 10*time.Millisecond)
	for range 3 {
		claimed, err := s.ClaimFailures(t.Context(), "w", time.Hour, 10)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		assert.Zero(t, claimed[0].Attempts)
		require.NoError(t, s.RenewFailures(t.Context(), claimed, time.Hour))
		require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: claimed[0], Until: time.Time{}}}))
	}
	require.Error(t, reported(), "it is still away")
}
