package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// awaitState waits until the store finds by itself that it is in a state.
func awaitState(t *testing.T, s *Store, want store.State) store.Condition {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		c := s.Condition()
		if c.State == want {
			return c
		}
		require.True(t, time.Now().Before(deadline), "want %s, is %+v", want, c)
	}
}

// What is written to a file that was removed is gone with the process, however well it is acknowledged.
func TestRemovedFileIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	require.NoError(t, appendTrace(t.Context(), s, 1))

	require.NoError(t, os.Rename(path, path+".away"))
	assert.Contains(t, awaitState(t, s, store.StateUnavailable).Problem, path+" was removed or replaced")
	require.ErrorIs(t, appendTrace(t.Context(), s, 2), store.ErrUnavailable)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.ErrorIs(t, appendTrace(t.Context(), s, 2), store.ErrUnavailable, "another file is not ours")

	require.NoError(t, os.Rename(path+".away", path))
	awaitState(t, s, store.StateOK)
	require.NoError(t, appendTrace(t.Context(), s, 2))
	read, err := spansRead(t.Context(), s, 2)
	require.NoError(t, err)
	assert.Equal(t, 300, read)
}

// A full disk is over when there is room, though nobody writes, and not because somebody found nothing to
// write.
func TestFullDiskIsOverByItself(t *testing.T) {
	s := opened(t)
	limitPages(t, s, 1)
	require.ErrorIs(t, appendTrace(t.Context(), s, 1), store.ErrFull)
	claims, err := s.ClaimFailures(t.Context(), "w", time.Minute, 1)
	require.NoError(t, err)
	require.Empty(t, claims)
	assert.Equal(t, store.StateFull, s.Condition().State)

	limitPages(t, s, 1_000_000)
	awaitState(t, s, store.StateOK)
}
