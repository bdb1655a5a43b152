// Package coordinationtest is the contract of coordination.Coordinator as a test suite. Every
// backend passes it.
package coordinationtest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// Backend is what the suite needs of a backend.
type Backend struct {
	// New makes an empty coordinator; the suite closes it.
	New func(t *testing.T) coordination.Coordinator
	// Advance lets time pass for the windows of all coordinators made.
	Advance func(time.Duration)
}

const (
	window = time.Minute
	// soon is within which a wake-up or a change must arrive.
	soon = 10 * time.Second
)

// Run runs the suite.
func Run(t *testing.T, b Backend) {
	for name, test := range map[string]func(*testing.T, coordination.Coordinator, Backend){
		"debounce opens one window":          debounceOpensOneWindow,
		"windows end":                        windowsEnd,
		"release closes a window":            releaseClosesAWindow,
		"tenants and keys are apart":         tenantsAndKeysAreApart,
		"one of many callers is first":       oneOfManyCallersIsFirst,
		"wait times out":                     waitTimesOut,
		"wait ends with its context":         waitEndsWithItsContext,
		"a wake-up is not lost":              aWakeUpIsNotLost,
		"a wake-up wakes one waiter":         aWakeUpWakesOneWaiter,
		"queues are apart":                   queuesAreApart,
		"wake never blocks":                  wakeNeverBlocks,
		"all subscribers hear a change":      allSubscribersHearAChange,
		"a subscription ends":                aSubscriptionEnds,
		"a slow subscriber blocks nobody":    aSlowSubscriberBlocksNobody,
		"close ends subscriptions and waits": closeEndsSubscriptionsAndWaits,
	} {
		t.Run(name, func(t *testing.T) {
			c := b.New(t)
			t.Cleanup(func() { assert.NoError(t, c.Close()) })
			test(t, c, b)
		})
	}
}

func debounce(t *testing.T, c coordination.Coordinator, tenant, key string) bool {
	t.Helper()
	first, err := c.Debounce(t.Context(), tenant, key, window)
	require.NoError(t, err)
	return first
}

func debounceOpensOneWindow(t *testing.T, c coordination.Coordinator, _ Backend) {
	assert.True(t, debounce(t, c, "", "k"))
	assert.False(t, debounce(t, c, "", "k"))
}

func windowsEnd(t *testing.T, c coordination.Coordinator, b Backend) {
	require.True(t, debounce(t, c, "", "k"))
	b.Advance(window - time.Second)
	assert.False(t, debounce(t, c, "", "k"), "a call within the window does not prolong it")
	b.Advance(time.Second)
	assert.True(t, debounce(t, c, "", "k"))
	assert.False(t, debounce(t, c, "", "k"))
}

func releaseClosesAWindow(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.NoError(t, c.Release(t.Context(), "", "never seen"))
	require.True(t, debounce(t, c, "", "k"))
	require.NoError(t, c.Release(t.Context(), "", "k"))
	assert.True(t, debounce(t, c, "", "k"))
}

func tenantsAndKeysAreApart(t *testing.T, c coordination.Coordinator, _ Backend) {
	for _, k := range [][2]string{{"", "k"}, {"", "k2"}, {"t", "k"}, {"tk", ""}, {"", "tk"}} {
		assert.True(t, debounce(t, c, k[0], k[1]), k)
	}
	require.NoError(t, c.Release(t.Context(), "t", "k"))
	assert.False(t, debounce(t, c, "", "k"))
	assert.True(t, debounce(t, c, "t", "k"))
}

func oneOfManyCallersIsFirst(t *testing.T, c coordination.Coordinator, _ Backend) {
	const callers = 20
	firsts := make(chan bool, callers)
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			first, err := c.Debounce(t.Context(), "", "k", window)
			assert.NoError(t, err)
			firsts <- first
		})
	}
	group.Wait()
	close(firsts)
	n := 0
	for first := range firsts {
		if first {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

func waitTimesOut(t *testing.T, c coordination.Coordinator, _ Backend) {
	assert.NoError(t, c.Wait(t.Context(), coordination.QueueFailures, time.Millisecond))
}

func waitEndsWithItsContext(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Wait(ctx, coordination.QueueFailures, time.Hour), context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Wait(ctx, coordination.QueueFailures, time.Hour) }()
	cancel()
	assert.ErrorIs(t, receive(t, done), context.Canceled)
}

func aWakeUpIsNotLost(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures))
	assert.NoError(t, wait(t, c, coordination.QueueFailures), "announced before anyone waited")
}

func aWakeUpWakesOneWaiter(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	const waiters = 3
	done := make(chan error, waiters)
	for range waiters {
		go func() { done <- c.Wait(ctx, coordination.QueueFailures, time.Hour) }()
	}
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures))
	require.NoError(t, receive(t, done))
	cancel()
	for range waiters - 1 {
		assert.ErrorIs(t, receive(t, done), context.Canceled, "one wake-up, one worker")
	}
}

func queuesAreApart(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	incidents := make(chan error, 1)
	go func() { incidents <- c.Wait(ctx, coordination.QueueIncidents, time.Hour) }()
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures))
	require.NoError(t, wait(t, c, coordination.QueueFailures))
	cancel()
	assert.ErrorIs(t, receive(t, incidents), context.Canceled)
}

func wakeNeverBlocks(t *testing.T, c coordination.Coordinator, _ Backend) {
	for range 10_000 {
		require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents))
	}
	assert.NoError(t, wait(t, c, coordination.QueueIncidents))
}

func allSubscribersHearAChange(t *testing.T, c coordination.Coordinator, _ Backend) {
	first, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	second, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	for _, change := range []coordination.Change{{Tenant: "t", IncidentID: "1"}, {IncidentID: "2"}} {
		require.NoError(t, c.Announce(t.Context(), change))
		assert.Equal(t, change, receive(t, first))
		assert.Equal(t, change, receive(t, second))
	}
}

func aSubscriptionEnds(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	ended, err := c.Subscribe(ctx)
	require.NoError(t, err)
	kept, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	cancel()
	drain(t, ended)
	change := coordination.Change{IncidentID: "1"}
	require.NoError(t, c.Announce(t.Context(), change))
	assert.Equal(t, change, receive(t, kept))
}

func aSlowSubscriberBlocksNobody(t *testing.T, c coordination.Coordinator, _ Backend) {
	_, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	for i := range 10_000 {
		require.NoError(t, c.Announce(t.Context(), coordination.Change{IncidentID: strconv.Itoa(i)}))
	}
	prompt, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	change := coordination.Change{IncidentID: "last"}
	require.NoError(t, c.Announce(t.Context(), change))
	assert.Equal(t, change, receive(t, prompt))
}

func closeEndsSubscriptionsAndWaits(t *testing.T, c coordination.Coordinator, _ Backend) {
	subscription, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- c.Wait(t.Context(), coordination.QueueFailures, time.Hour) }()
	require.NoError(t, c.Close())
	drain(t, subscription)
	require.Error(t, receive(t, done))
	require.NoError(t, c.Close(), "closing again does nothing")
}

func wait(t *testing.T, c coordination.Coordinator, q coordination.Queue) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.Wait(t.Context(), q, time.Hour) }()
	return receive(t, done)
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v, open := <-ch:
		require.True(t, open, "closed")
		return v
	case <-time.After(soon):
		require.Fail(t, "nothing arrived")
	}
	panic("unreachable")
}

// drain reads until the channel is closed.
func drain[T any](t *testing.T, ch <-chan T) {
	t.Helper()
	timeout := time.After(soon)
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
		case <-timeout:
			require.Fail(t, "not closed")
		}
	}
}
