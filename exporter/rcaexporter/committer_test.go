package rcaexporter

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// sink is where the committer under test appends to: each call waits for its answer.
type sink struct {
	calls   chan []store.Batch
	answers chan error
}

func newSink() *sink {
	return &sink{calls: make(chan []store.Batch, 100), answers: make(chan error)}
}

func (s *sink) append(ctx context.Context, batches []store.Batch) ([]store.AppendResult, error) {
	s.calls <- batches
	select {
	case err := <-s.answers:
		return make([]store.AppendResult, len(batches)), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func startCommitter(t *testing.T, l limits) (*committer, *sink) {
	t.Helper()
	return startCommitters(t, l, 1)
}

// startCommitters starts a committer of so many commits side by side.
func startCommitters(t *testing.T, l limits, sides int) (*committer, *sink) {
	t.Helper()
	s := newSink()
	c := newCommitter(t.Context(), l, sides, s.append, func(context.Context, commit) {})
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		c.shutdown(ended)
	})
	return c, s
}

// spansOf is a batch of n spans that can be told from others by its tenant.
func spansOf(name string, n int) store.Batch {
	return store.Batch{Tenant: name, Spans: make([]*signal.Span, n)}
}

// send submits a batch of n spans, one byte each, in the background.
func send(ctx context.Context, c *committer, name string, n int) <-chan error {
	answer := make(chan error, 1)
	go func() {
		if err := c.reserve(int64(n)); err != nil {
			answer <- err
			return
		}
		answer <- c.submit(ctx, spansOf(name, n), int64(n))
	}()
	synctest.Wait()
	return answer
}

func namesOf(batches []store.Batch) []string {
	var names []string
	for _, b := range batches {
		names = append(names, b.Tenant)
	}
	return names
}

var roomy = limits{inFlight: 1000, rows: 100, bytes: 100, timeout: time.Minute}

func TestCommitterMergesWhatGathersDuringACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		first := send(t.Context(), c, "first", 1)
		assert.Equal(t, []string{"first"}, namesOf(<-s.calls), "an idle store adds no delay")

		second, third := send(t.Context(), c, "second", 1), send(t.Context(), c, "third", 1)
		assert.Empty(t, s.calls, "one commit at a time")
		s.answers <- nil
		require.NoError(t, <-first)
		assert.Equal(t, []string{"second", "third"}, namesOf(<-s.calls))

		broken := errors.New("disk full")
		s.answers <- broken
		require.ErrorIs(t, <-second, broken)
		require.ErrorIs(t, <-third, broken)
	})
}

func TestCommitterBoundsACommitAndSplitsNoRequest(t *testing.T) {
	tests := map[string]struct {
		sizes []int
		want  [][]string
	}{
		"up to the bound":         {sizes: []int{50, 50}, want: [][]string{{"0", "1"}}},
		"beyond the bound":        {sizes: []int{50, 51}, want: [][]string{{"0"}, {"1"}}},
		"one larger than allowed": {sizes: []int{300, 1}, want: [][]string{{"0"}, {"1"}}},
		"order is kept":           {sizes: []int{60, 60, 1}, want: [][]string{{"0"}, {"1", "2"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := startCommitter(t, roomy)
				send(t.Context(), c, "blocker", 1)
				<-s.calls
				for i, n := range tt.sizes {
					send(t.Context(), c, strconv.Itoa(i), n)
				}
				for _, want := range tt.want {
					s.answers <- nil
					assert.Equal(t, want, namesOf(<-s.calls))
				}
				s.answers <- nil
			})
		})
	}
}

func TestCommitterRunsAsManyCommitsAsTheStoreGainsFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitters(t, roomy, 2)
		first, second := send(t.Context(), c, "first", 1), send(t.Context(), c, "second", 1)
		assert.Equal(t, []string{"first"}, namesOf(<-s.calls))
		assert.Equal(t, []string{"second"}, namesOf(<-s.calls), "beside the first")

		third, fourth := send(t.Context(), c, "third", 1), send(t.Context(), c, "fourth", 1)
		assert.Empty(t, s.calls, "two at a time")
		s.answers <- nil
		assert.Equal(t, []string{"third", "fourth"}, namesOf(<-s.calls), "what has gathered, in one")
		s.answers <- nil
		s.answers <- nil
		for _, answer := range []<-chan error{first, second, third, fourth} {
			require.NoError(t, <-answer)
		}
		assert.Zero(t, c.size())
	})
}

func TestCommitterLosesNoRequestBetweenItsSides(t *testing.T) {
	for _, sides := range []int{1, 2, 5} {
		t.Run(strconv.Itoa(sides), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := startCommitters(t, roomy, sides)
				var answers []<-chan error
				for n := range 40 {
					answers = append(answers, send(t.Context(), c, strconv.Itoa(n), 1+n%20))
				}
				var stored []string
				close(s.answers)
				for _, answer := range answers {
					require.NoError(t, <-answer)
				}
				for len(s.calls) > 0 {
					stored = append(stored, namesOf(<-s.calls)...)
				}
				assert.Len(t, stored, len(answers))
			})
		})
	}
}

func TestCommitterPushesBackAtItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		first := send(t.Context(), c, "larger than the bound, alone", 2000)
		<-s.calls
		require.ErrorIs(t, <-send(t.Context(), c, "second", 1), errBusy)

		s.answers <- nil
		require.NoError(t, <-first)
		assert.Zero(t, c.size())
		send(t.Context(), c, "third", 1)
		assert.Equal(t, []string{"third"}, namesOf(<-s.calls))
		s.answers <- nil
	})
}

func TestCommitterDropsACancelledRequestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		giveUp, cancel := context.WithCancel(t.Context())
		begun := send(giveUp, c, "begun", 1)
		<-s.calls
		queued, neighbour := send(giveUp, c, "queued", 1), send(t.Context(), c, "neighbour", 1)
		cancel()
		require.ErrorIs(t, <-begun, context.Canceled)
		require.ErrorIs(t, <-queued, context.Canceled)

		s.answers <- nil
		assert.Equal(t, []string{"neighbour"}, namesOf(<-s.calls))
		s.answers <- nil
		require.NoError(t, <-neighbour)
		assert.Zero(t, c.size())
	})
}

func TestCommitterAnswersNothingOnceForAnEmptyBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		require.NoError(t, <-send(t.Context(), c, "empty", 0))
		assert.Empty(t, s.calls)
	})
}

func TestCommitterLooksWhetherTheStoreIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		only := send(t.Context(), c, "only", 1)
		<-s.calls
		for range 2 {
			s.answers <- errors.New("away")
			time.Sleep(probeInterval - time.Nanosecond)
			assert.Empty(t, s.calls)
			time.Sleep(time.Nanosecond)
			assert.Empty(t, <-s.calls)
		}
		s.answers <- nil
		time.Sleep(time.Hour)
		assert.Empty(t, s.calls, "it is")
		require.Error(t, <-only)
	})
}

func TestCommitterShutdown(t *testing.T) {
	t.Run("stores what was accepted and refuses the rest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := startCommitter(t, roomy)
			first, second := send(t.Context(), c, "first", 1), send(t.Context(), c, "second", 1)
			var down sync.WaitGroup
			down.Go(func() { c.shutdown(t.Context()) })
			synctest.Wait()
			require.ErrorIs(t, <-send(t.Context(), c, "late", 1), errStopping)
			s.answers <- nil
			s.answers <- nil
			down.Wait()
			require.NoError(t, <-first)
			require.NoError(t, <-second)
		})
	})
	t.Run("ends idle sides", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := startCommitters(t, roomy, 3)
			only := send(t.Context(), c, "only", 1)
			var down sync.WaitGroup
			down.Go(func() { c.shutdown(t.Context()) })
			synctest.Wait()
			s.answers <- nil
			down.Wait()
			require.NoError(t, <-only)
		})
	})
	t.Run("gives up a store that hangs when its time is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := startCommitter(t, roomy)
			hanging := send(t.Context(), c, "hanging", 1)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			c.shutdown(ctx)
			require.ErrorIs(t, <-hanging, context.Canceled)
		})
	})
}

func TestCommitterBoundsTheTimeOfACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := startCommitter(t, roomy)
		begun := time.Now()
		require.ErrorIs(t, <-send(t.Context(), c, "hanging", 1), context.DeadlineExceeded)
		assert.Equal(t, roomy.timeout, time.Since(begun))
	})
}
