package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
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

// TestIdleStoreKnowsItsCondition makes no call at all.
func TestIdleStoreKnowsItsCondition(t *testing.T) {
	proxy, database := stallable(t, servertest.Database(t))
	told := make(chan store.Condition, 10)
	s := openStore(t, database, Options{OnCondition: func(c store.Condition) { told <- c }})
	assert.Equal(t, store.StateOK, s.Condition().State)
	proxy.Stall()
	assert.Contains(t, awaitState(t, s, store.StateUnavailable).Problem, "PostgreSQL did not answer within 3s")
	proxy.Resume()
	awaitState(t, s, store.StateOK)
	require.Len(t, told, 2, "once each")
	assert.Equal(t, store.StateUnavailable, (<-told).State)
}

func TestStoreThatWasNeverReachedSaysSo(t *testing.T) {
	s := openStore(t, "postgres://nobody:secret@127.0.0.1:1/nowhere", Options{})
	c := s.Condition()
	assert.Equal(t, store.StateUnavailable, c.State, "from the beginning")
	assert.Contains(t, c.Problem, "connection refused")
	assert.NotContains(t, c.Problem, "secret")
}

// A write that failed for want of room, as other processes' do, is tried for its own sake.
func TestRoomIsFoundByItself(t *testing.T) {
	s := openStore(t, servertest.Database(t), Options{})
	_ = s.tracker.Wrote(store.ErrFull)
	_, err := s.ClaimFailures(t.Context(), "w", time.Minute, 1)
	require.NoError(t, err)
	assert.Equal(t, store.StateFull, s.Condition().State, "nothing was written")
	awaitState(t, s, store.StateOK)
}
