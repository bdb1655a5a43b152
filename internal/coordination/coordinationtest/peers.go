package coordinationtest

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

func peer(t *testing.T, c coordination.Coordinator, b Backend) coordination.Coordinator {
	t.Helper()
	p := b.Peer(t, c)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p
}

func replicasShareWindows(t *testing.T, c coordination.Coordinator, b Backend) {
	p := peer(t, c, b)
	assert.True(t, debounce(t, c, "t", "1"))
	firsts, err := p.DebounceAll(t.Context(), "t", []string{"1", "2"}, window)
	require.NoError(t, err)
	assert.Equal(t, []bool{false, true}, firsts)
	assert.False(t, debounce(t, c, "t", "2"))
	b.Advance(window)
	assert.True(t, debounce(t, p, "t", "1"))
	assert.False(t, debounce(t, c, "t", "1"))
}

func aReplicaReleasesOnlyItsOwn(t *testing.T, c coordination.Coordinator, b Backend) {
	p := peer(t, c, b)
	require.True(t, debounce(t, c, "", "k"))
	require.NoError(t, p.Release(t.Context(), "", "k"))
	assert.False(t, debounce(t, p, "", "k"), "opened by the other")
	require.NoError(t, c.Release(t.Context(), "", "k"))
	assert.True(t, debounce(t, p, "", "k"))
}

func aWakeUpGoesToOneReplica(t *testing.T, c coordination.Coordinator, b Backend) {
	p := peer(t, c, b)
	ctx, cancel := context.WithCancel(t.Context())
	const waiters, wakeUps = 6, 4
	done := make(chan taken, waiters)
	for i := range waiters {
		replica := []coordination.Coordinator{c, p}[i%2]
		go func() { done <- <-begin(ctx, replica, coordination.QueueIncidents, 1) }()
	}
	var want, got []string
	for i := range wakeUps {
		want = append(want, strconv.Itoa(i))
		require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents, want[i]))
	}
	for range wakeUps {
		got = append(got, receive(t, done).ids...)
	}
	assert.ElementsMatch(t, want, got)
	cancel()
	for range waiters - wakeUps {
		assert.ErrorIs(t, receive(t, done).err, context.Canceled)
	}
}

func allReplicasHearAChange(t *testing.T, c coordination.Coordinator, b Backend) {
	p := peer(t, c, b)
	here, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	there, err := p.Subscribe(t.Context())
	require.NoError(t, err)
	for i, announcer := range []coordination.Coordinator{c, p, c} {
		change := coordination.Change{Tenant: "t", IncidentID: strconv.Itoa(i)}
		require.NoError(t, announcer.Announce(t.Context(), change))
		assert.Equal(t, change, receive(t, here), "once each, in order")
		assert.Equal(t, change, receive(t, there), "once each, in order")
	}
}

func allReplicasSeeTheQueuesDepth(t *testing.T, c coordination.Coordinator, b Backend) {
	p := peer(t, c, b)
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a", "b"))
	assert.EqualValues(t, 2, p.Status(t.Context()).Queued[coordination.QueueFailures])
	assert.Equal(t, "a", wait(t, p, coordination.QueueFailures, 1)[0])
	assert.EqualValues(t, 1, c.Status(t.Context()).Queued[coordination.QueueFailures])
}
