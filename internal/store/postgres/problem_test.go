package postgres

import (
	"net"
	"net/url"
	"testing"

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
	for name, test := range map[string]struct{ url, want string }{
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
