package fairshare_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
)

// hold takes a place until the returned function is called.
func hold(t *testing.T, s *fairshare.Semaphore, key string) (release func()) {
	t.Helper()
	release, err := s.Acquire(t.Context(), key)
	require.NoError(t, err)
	return release
}

func TestCallersTakeTurnsByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fairshare.New(fairshare.Limits{Places: 1})
		release := hold(t, s, "greedy")
		var mu sync.Mutex
		var served []string
		var callers sync.WaitGroup
		for _, key := range []string{"greedy", "greedy", "greedy", "greedy", "modest", "shy"} {
			callers.Go(func() {
				release, err := s.Acquire(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				mu.Lock()
				defer mu.Unlock()
				served = append(served, key)
			})
			synctest.Wait()
		}
		release()
		callers.Wait()
		assert.Equal(t, []string{"greedy", "modest", "shy", "greedy", "greedy", "greedy"}, served)
		assert.False(t, s.Full())
	})
}

func TestWaitsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fairshare.New(fairshare.Limits{Places: 2, Waiting: 3, WaitingPerKey: 2, Patience: 5 * time.Second})
		first, second := hold(t, s, "a"), hold(t, s, "a")
		require.True(t, s.Full())
		begun := time.Now()
		var callers sync.WaitGroup
		for _, key := range []string{"a", "a", "b"} {
			callers.Go(func() {
				_, err := s.Acquire(t.Context(), key)
				if !errors.Is(err, fairshare.ErrBusy) {
					t.Errorf("after too long a wait: %v", err)
				}
				assert.Equal(t, 5*time.Second, time.Since(begun))
			})
			synctest.Wait()
		}
		for _, key := range []string{"a", "b"} { // a has two that wait, and there are three in all
			_, err := s.Acquire(t.Context(), key)
			require.ErrorIs(t, err, fairshare.ErrBusy)
			assert.Zero(t, time.Since(begun), "refused at once")
		}
		callers.Wait()
		first()
		first() // once is enough
		hold(t, s, "b")
		require.True(t, s.Full())
		second()
		hold(t, s, "b")
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fairshare.New(fairshare.Limits{Places: 1})
		release := hold(t, s, "a")
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := s.Acquire(ctx, "b")
			gone <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
		_, err := s.Acquire(ctx, "b")
		require.ErrorIs(t, err, context.Canceled)
		release()
		hold(t, s, "c")()
		assert.False(t, s.Full())
	})
}

// TestNoPlaceIsLost has many callers come, give up and leave at the same time.
func TestNoPlaceIsLost(t *testing.T) {
	const places = 3
	s := fairshare.New(fairshare.Limits{Places: places, Patience: time.Millisecond})
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			for n := range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((i+n)%4)*300*time.Microsecond)
				if release, err := s.Acquire(ctx, string(rune('a'+i%5))); err == nil {
					time.Sleep(time.Duration(n%3) * 50 * time.Microsecond)
					release()
				}
				cancel()
			}
		})
	}
	callers.Wait()
	for range places {
		hold(t, s, "last")
	}
	assert.True(t, s.Full())
}
