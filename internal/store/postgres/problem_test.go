package postgres

import (
	"net"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestWhyThereIsNoConnection(t *testing.T) {
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	database := servertest.Database(t)
	u, err := url.Parse(database)
	require.NoError(t, err)
	missing := *u
	missing.Path = "/nowhere"
	u.RawQuery = "sslmode=require"
	u.User = url.UserPassword("someone", "top-secret")
	standby := database + "&default_transaction_read_only=on&target_session_attrs=read-write"
	for name, test := range map[string]struct{ url, want string }{
		"no primary":     {standby, "PostgreSQL cannot be reached: no host that answers takes writes"},
		"nobody listens": {"postgres://someone:top-secret@" + closed.Addr().String() + "/db?sslmode=disable", "PostgreSQL cannot be reached: connection refused"},
		"no such host":   {"postgres://someone:top-secret@database.invalid/db?sslmode=disable", "PostgreSQL cannot be reached: its host name cannot be resolved"},
		"no TLS":         {u.String(), "PostgreSQL cannot be reached: it offers no TLS, which the URL's sslmode demands"},
		"no database":    {missing.String(), "the database does not exist: create it, or correct its name in the URL (SQLSTATE 3D000)"},
		"no socket":      {"postgres://someone:top-secret@/db?host=/nowhere", "PostgreSQL cannot be reached: its socket does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			pool, err := newPool(test.url, 0)
			require.NoError(t, err)
			defer pool.Close()
			err = unavailable(t.Context(), pool.Ping(t.Context()))
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "top-secret")
		})
	}
}

// TestRefusedDataIsNoOutage has the database refuse what is to be saved: trying again is no use.
func TestRefusedDataIsNoOutage(t *testing.T) {
	s := openStore(t, servertest.Database(t), Options{})
	_, err := s.pool.Exec(t.Context(), "ALTER TABLE agents_info ADD CONSTRAINT taste CHECK (body->>'reason' <> 'refused')")
	require.NoError(t, err)
	err = s.ReportAgents(t.Context(), store.AgentsInfo{Reason: "refused"})
	require.ErrorContains(t, err, "taste")
	assert.NotErrorIs(t, err, store.ErrUnavailable)
}

// TestDamagedDataIsNoOutage: whatever waited for it would keep others from their turn.
func TestDamagedDataIsNoOutage(t *testing.T) {
	s := openStore(t, servertest.Database(t), Options{})
	err := s.write(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "DO $$ BEGIN RAISE 'invalid page in block 0' USING ERRCODE = 'XX001'; END $$")
		return err
	})
	require.ErrorContains(t, err, "data is damaged: invalid page in block 0 (SQLSTATE XX001)")
	assert.NotErrorIs(t, err, store.ErrUnavailable)
}

// TestMixedUpPreparedStatementsNameTheCure has two sessions be one for the server, as a pooler in transaction mode may.
func TestMixedUpPreparedStatementsNameTheCure(t *testing.T) {
	s := openStore(t, servertest.Database(t), Options{})
	err := s.write(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "PREPARE one AS SELECT 1; PREPARE one AS SELECT 1")
		return err
	})
	require.ErrorContains(t, err, "add default_query_exec_mode=cache_describe to the URL (SQLSTATE 42P05)")
	err = s.write(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "EXECUTE another")
		return err
	})
	require.ErrorContains(t, err, "add default_query_exec_mode=cache_describe to the URL (SQLSTATE 26000)")
}
