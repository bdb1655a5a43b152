package postgres

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

// stallable is a database behind a proxy that can stall, and its URL through the proxy.
func stallable(t *testing.T, database string) (*servertest.Proxy, string) {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	proxy := servertest.StartProxy(t, u.Host)
	u.Host = proxy.Addr
	return proxy, u.String()
}

func openStore(t *testing.T, database string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), database, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// TestAServerThatIsGoneWithoutAWordEndsCalls has calls without any deadline of their own.
func TestAServerThatIsGoneWithoutAWordEndsCalls(t *testing.T) {
	proxy, database := stallable(t, servertest.Database(t))
	s := openStore(t, database, Options{})
	calls := map[string]func(context.Context) error{
		"sweep":         func(ctx context.Context) error { _, err := s.Orphans(ctx, time.Now(), 10); return err },
		"resolve":       func(ctx context.Context) error { _, err := s.ResolveQuiet(ctx, time.Now()); return err },
		"report agents": func(ctx context.Context) error { return s.ReportAgents(ctx, store.AgentsInfo{}) },
		"claim agents":  func(ctx context.Context) error { _, err := s.ClaimAgents(ctx, "w", time.Minute, 1); return err },
		"upsert": func(ctx context.Context) error {
			_, err := s.UpsertFailures(ctx, []store.FailureHint{{Key: "k"}})
			return err
		},
		"retain": func(ctx context.Context) error { _, err := s.Retain(ctx, store.Retention{}, time.Now()); return err },
		"read":   func(ctx context.Context) error { _, _, err := s.Spent(ctx); return err },
	}
	for name, call := range calls {
		require.NoError(t, call(t.Context()), name)
		proxy.Stall()
		s.patience = 200 * time.Millisecond
		require.ErrorIs(t, call(t.Context()), store.ErrUnavailable, name)
		s.patience = longestTransaction
		proxy.Resume()
		require.Eventually(t, func() bool { return call(t.Context()) == nil }, 20*time.Second, 10*time.Millisecond, name)
	}
}

// TestAReplicaThatStallsIsLeftAlone has lists and searches answered by the primary, and asks the
// replica again later.
func TestAReplicaThatStallsIsLeftAlone(t *testing.T) {
	database := servertest.Database(t)
	proxy, replica := stallable(t, database)
	var news []error
	s := openStore(t, database, Options{ReadURL: replica + "&application_name=the-replica", OnReplica: func(problem error) { news = append(news, problem) }})
	list := func() time.Duration {
		begun := time.Now()
		_, err := s.ListIncidents(t.Context(), "", store.IncidentFilter{}, store.Page{})
		require.NoError(t, err)
		return time.Since(begun)
	}
	list()
	assert.Empty(t, news)
	proxy.Stall()
	begun := time.Now()
	_, err := s.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindLog}, store.Page{})
	require.NoError(t, err)
	assert.Less(t, time.Since(begun), share.Searches.Limit())
	assert.False(t, s.replicaRests.over())
	assert.Less(t, list(), replicaPatience, "the replica is not asked meanwhile")

	s.replicaRests.until.Store(time.Now().UnixNano())
	list()
	require.Len(t, news, 1, "it is said once")
	require.ErrorIs(t, news[0], store.ErrUnavailable)

	proxy.Resume()
	s.replicaRests.until.Store(time.Now().UnixNano())
	list()
	assert.True(t, s.replicaRests.over())
	require.Len(t, news, 2)
	require.NoError(t, news[1])
	asked := 0
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the-replica' AND datname = current_database()").Scan(&asked))
	assert.NotZero(t, asked)
}
