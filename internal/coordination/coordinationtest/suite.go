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
	// Peer makes the coordinator of another replica that shares all with the given one; the suite
	// closes it. It is nil for a backend that shares nothing.
	Peer func(t *testing.T, of coordination.Coordinator) coordination.Coordinator
	// Advance lets time pass for the windows of all coordinators made.
	Advance func(time.Duration)
}

const (
	window = time.Minute
	// soon is within which a wake-up or a change must arrive.
	soon = 10 * time.Second
)

type test func(*testing.T, coordination.Coordinator, Backend)

// Run runs the suite.
func Run(t *testing.T, b Backend) {
	for name, test := range map[string]test{
		"debounce opens one window":          debounceOpensOneWindow,
		"many keys are debounced in turn":    manyKeysAreDebouncedInTurn,
		"windows end":                        windowsEnd,
		"release closes a window":            releaseClosesAWindow,
		"release closes many windows":        releaseClosesManyWindows,
		"tenants and keys are apart":         tenantsAndKeysAreApart,
		"one of many callers is first":       oneOfManyCallersIsFirst,
		"wait times out":                     waitTimesOut,
		"wait ends with its context":         waitEndsWithItsContext,
		"a wake-up is not lost":              aWakeUpIsNotLost,
		"a wake-up wakes one waiter":         aWakeUpWakesOneWaiter,
		"wake-ups are taken in order":        wakeUpsAreTakenInOrder,
		"every wake-up wakes a waiter":       everyWakeUpWakesAWaiter,
		"queues are apart":                   queuesAreApart,
		"queues are bounded":                 queuesAreBounded,
		"status counts wake-ups":             statusCountsWakeUps,
		"all subscribers hear a change":      allSubscribersHearAChange,
		"a subscription ends":                aSubscriptionEnds,
		"a slow subscriber blocks nobody":    aSlowSubscriberBlocksNobody,
		"close ends subscriptions and waits": closeEndsSubscriptionsAndWaits,
	} {
		t.Run(name, func(t *testing.T) { run(t, b, test) })
	}
	if b.Peer == nil {
		return
	}
	for name, test := range map[string]test{
		"replicas share windows":             replicasShareWindows,
		"a replica releases only its own":    aReplicaReleasesOnlyItsOwn,
		"a wake-up goes to one replica":      aWakeUpGoesToOneReplica,
		"all replicas hear a change":         allReplicasHearAChange,
		"all replicas see the queue's depth": allReplicasSeeTheQueuesDepth,
	} {
		t.Run(name, func(t *testing.T) { run(t, b, test) })
	}
}

func run(t *testing.T, b Backend, test test) {
	c := b.New(t)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	test(t, c, b)
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

func manyKeysAreDebouncedInTurn(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.True(t, debounce(t, c, "t", "2"))
	firsts, err := c.DebounceAll(t.Context(), "t", []string{"1", "2", "3", "1"}, window)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false, true, false}, firsts)

	firsts, err = c.DebounceAll(t.Context(), "t", nil, window)
	require.NoError(t, err)
	assert.Empty(t, firsts)

	many := make([]string, 2500)
	for i := range many {
		many[i] = "many " + strconv.Itoa(i)
	}
	for _, want := range []bool{true, false} {
		firsts, err = c.DebounceAll(t.Context(), "t", many, window)
		require.NoError(t, err)
		require.Len(t, firsts, len(many))
		assert.NotContains(t, firsts, !want)
	}
}

func releaseClosesManyWindows(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.NoError(t, c.Release(t.Context(), "t"), "nothing to release")
	keys := []string{"1", "2", "3"}
	_, err := c.DebounceAll(t.Context(), "t", keys, window)
	require.NoError(t, err)
	require.NoError(t, c.Release(t.Context(), "t", "1", "never seen", "3"))
	firsts, err := c.DebounceAll(t.Context(), "t", keys, window)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false, true}, firsts)
}

func waitTimesOut(t *testing.T, c coordination.Coordinator, _ Backend) {
	ids, err := c.Wait(t.Context(), coordination.QueueFailures, 1, time.Millisecond)
	require.NoError(t, err)
	assert.Empty(t, ids)
}

func waitEndsWithItsContext(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Wait(ctx, coordination.QueueFailures, 1, time.Hour)
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	waiting := begin(ctx, c, coordination.QueueFailures, 1)
	cancel()
	assert.ErrorIs(t, receive(t, waiting).err, context.Canceled)
}

func aWakeUpIsNotLost(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a"))
	assert.Equal(t, []string{"a"}, wait(t, c, coordination.QueueFailures, 1), "announced before anyone waited")
}

func aWakeUpWakesOneWaiter(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	const waiters = 3
	done := make(chan taken, waiters)
	for range waiters {
		go func() { done <- <-begin(ctx, c, coordination.QueueFailures, 1) }()
	}
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a"))
	first := receive(t, done)
	require.NoError(t, first.err)
	require.Equal(t, []string{"a"}, first.ids)
	cancel()
	for range waiters - 1 {
		assert.ErrorIs(t, receive(t, done).err, context.Canceled, "one wake-up, one worker")
	}
}

func wakeUpsAreTakenInOrder(t *testing.T, c coordination.Coordinator, _ Backend) {
	require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents), "nobody to wake")
	require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents, "a", "b"))
	require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents, "b", "c"))
	var all []string
	for len(all) < 4 {
		ids := wait(t, c, coordination.QueueIncidents, 3)
		require.LessOrEqual(t, len(ids), 3)
		all = append(all, ids...)
	}
	assert.Equal(t, []string{"a", "b", "b", "c"}, all)
}

func everyWakeUpWakesAWaiter(t *testing.T, c coordination.Coordinator, _ Backend) {
	const waiters = 4
	done := make(chan taken, waiters)
	for range waiters {
		go func() { done <- <-begin(t.Context(), c, coordination.QueueFailures, 1) }()
	}
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "1", "2", "3", "4"))
	var all []string
	for range waiters {
		all = append(all, receive(t, done).ids...)
	}
	assert.ElementsMatch(t, []string{"1", "2", "3", "4"}, all)
}

func queuesAreApart(t *testing.T, c coordination.Coordinator, _ Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	incidents := begin(ctx, c, coordination.QueueIncidents, 1)
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a"))
	require.Equal(t, []string{"a"}, wait(t, c, coordination.QueueFailures, 1))
	cancel()
	assert.ErrorIs(t, receive(t, incidents).err, context.Canceled)
}

func queuesAreBounded(t *testing.T, c coordination.Coordinator, _ Backend) {
	const dropped = 100
	for from := 0; from < coordination.MaxQueued+dropped; from += 4 {
		ids := make([]string, 4)
		for i := range ids {
			ids[i] = strconv.Itoa(from + i)
		}
		require.NoError(t, c.Wake(t.Context(), coordination.QueueIncidents, ids...))
	}
	assert.EqualValues(t, coordination.MaxQueued, c.Status(t.Context()).Queued[coordination.QueueIncidents])
	assert.Equal(t, strconv.Itoa(dropped), wait(t, c, coordination.QueueIncidents, 1)[0], "the oldest are dropped")
}

func statusCountsWakeUps(t *testing.T, c coordination.Coordinator, _ Backend) {
	status := c.Status(t.Context())
	assert.NotEmpty(t, status.Backend)
	assert.True(t, status.Shared)
	assert.Empty(t, status.Problem)
	assert.Equal(t, Queued(coordination.QueueFailures, 0), status.Queued)
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a", "b"))
	assert.Equal(t, Queued(coordination.QueueFailures, 2), c.Status(t.Context()).Queued)
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
	waiting := begin(t.Context(), c, coordination.QueueFailures, 1)
	require.NoError(t, c.Close())
	drain(t, subscription)
	require.Error(t, receive(t, waiting).err)
	require.NoError(t, c.Close(), "closing again does nothing")
}

// Queued is what Status tells when so many wake-ups are in the queue and none in any other.
func Queued(q coordination.Queue, n int64) map[coordination.Queue]int64 {
	queued := make(map[coordination.Queue]int64, len(coordination.Queues))
	for _, other := range coordination.Queues {
		queued[other] = 0
	}
	queued[q] = n
	return queued
}

// taken is what a Wait returned.
type taken struct {
	ids []string
	err error
}

// begin waits in the background.
func begin(ctx context.Context, c coordination.Coordinator, q coordination.Queue, most int) <-chan taken {
	done := make(chan taken, 1)
	go func() {
		ids, err := c.Wait(ctx, q, most, time.Hour)
		done <- taken{ids, err}
	}()
	return done
}

func wait(t *testing.T, c coordination.Coordinator, q coordination.Queue, most int) []string {
	t.Helper()
	got := receive(t, begin(t.Context(), c, q, most))
	require.NoError(t, got.err)
	return got.ids
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
