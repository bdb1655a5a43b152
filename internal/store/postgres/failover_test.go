package postgres_test

import (
	"os"
	osexec "os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestFailoverToAServerThatLagsBehind has one server take the place of another without what came last,
// to which later signals refer.
func TestFailoverToAServerThatLagsBehind(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	s := open(t, server.Database())
	var data string
	require.NoError(t, connect(t, server.URL()).QueryRow(t.Context(), "SHOW data_directory").Scan(&data))
	server.Stop(false)
	require.NoError(t, osexec.CommandContext(t.Context(), "cp", "-a", data, data+".behind").Run()) //nolint:gosec // the server's own directory
	server.Start()
	storeSoon := func(trace string) {
		t.Helper()
		require.Eventually(t, func() bool {
			_, err := s.Append(t.Context(), []store.Batch{spansOf(trace, "op")})
			return err == nil
		}, 30*time.Second, 10*time.Millisecond)
	}
	storeSoon("lost with the server")
	server.Stop(true)
	require.NoError(t, os.RemoveAll(data))
	require.NoError(t, os.Rename(data+".behind", data))
	server.Start()

	storeSoon("acknowledged")
	found, err := s.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindSpan}, store.Page{})
	require.NoError(t, err)
	require.Len(t, found.Items, 1)
	assert.Equal(t, traceID("acknowledged"), found.Items[0].Span.TraceID)
	assert.Equal(t, "payment", found.Items[0].Span.Service())
}
