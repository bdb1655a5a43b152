package rcaexporter

import (
	"context"
	"errors"
	"fmt"
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
	b := store.Batch{Tenant: name, Source: name, Spans: make([]*signal.Span, n)}
	for i := range b.Spans {
		b.Spans[i] = &signal.Span{SpanID: signal.SpanID{byte(i >> 8), byte(i)}}
	}
	signal.IdentifySpans(name, b.Spans)
	return b
}

// send submits a batch of n spans, each at the cost of one byte, in the background. Each name is a source.
func send(ctx context.Context, c *committer, name string, n int) <-chan error {
	return sendBatch(ctx, c, spansOf(name, n))
}

func sendBatch(ctx context.Context, c *committer, b store.Batch) <-chan error {
	answer := make(chan error, 1)
	go func() {
		cost := int64(len(b.Spans))
		if _, err := c.reserve(ctx, b.Source, cost); err != nil {
			answer <- err
			return
		}
		answer <- c.submit(ctx, b, cost)
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

// sizesOf has the names of batches with their numbers of spans.
func sizesOf(batches []store.Batch) []string {
	var sizes []string
	for _, b := range batches {
		sizes = append(sizes, fmt.Sprintf("%s %d", b.Tenant, len(b.Spans)))
	}
	return sizes
}

var roomy = limits{inFlight: 1000, rows: 100, cost: 100, timeout: time.Minute, patience: 5 * time.Minute}

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

func TestCommitterBoundsACommit(t *testing.T) {
	tests := map[string]struct {
		sizes []int
		want  [][]string
	}{
		"up to the bound":                 {sizes: []int{25, 25, 25, 25}, want: [][]string{{"0 25", "1 25", "2 25", "3 25"}}},
		"beyond the bound":                {sizes: []int{25, 25, 25, 24, 2}, want: [][]string{{"0 25", "1 25", "2 25", "3 24"}, {"4 2"}}},
		"a large one, in portions":        {sizes: []int{250}, want: [][]string{{"0 100"}, {"0 100"}, {"0 50"}}},
		"small ones pass a large one":     {sizes: []int{150, 20, 20}, want: [][]string{{"1 20", "2 20", "0 60"}, {"0 90"}}},
		"a quarter is for large ones":     {sizes: []int{40, 25, 25, 25, 25}, want: [][]string{{"1 25", "2 25", "3 25", "0 25"}, {"4 25", "0 15"}}},
		"large ones take turns":           {sizes: []int{150, 150}, want: [][]string{{"0 100"}, {"1 100"}, {"0 50", "1 50"}}},
		"what a large one leaves is used": {sizes: []int{30, 80}, want: [][]string{{"0 30", "1 70"}, {"1 10"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := startCommitter(t, roomy)
				send(t.Context(), c, "blocker", 1)
				<-s.calls
				var answers []<-chan error
				for i, n := range tt.sizes {
					answers = append(answers, send(t.Context(), c, strconv.Itoa(i), n))
				}
				for _, want := range tt.want {
					s.answers <- nil
					assert.Equal(t, want, sizesOf(<-s.calls))
				}
				s.answers <- nil
				for _, answer := range answers {
					require.NoError(t, <-answer)
				}
				assert.Zero(t, c.size())
			})
		})
	}
}

func TestCommitterTakesTurnsBySource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		send(t.Context(), c, "blocker", 1)
		<-s.calls
		for range 10 {
			send(t.Context(), c, "flood", 20)
		}
		send(t.Context(), c, "other", 20)
		s.answers <- nil
		assert.Equal(t, []string{"flood", "other", "flood", "flood", "flood"}, namesOf(<-s.calls))
		for range 2 {
			s.answers <- nil
			<-s.calls
		}
		s.answers <- nil
	})
}

// A large request that fails half-way is answered with an error: sent again, what was stored counts once.
func TestCommitterAnswersAPartialCommitWithItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		large := send(t.Context(), c, "large", 250)
		<-s.calls
		s.answers <- nil
		<-s.calls
		broken := errors.New("disk full")
		s.answers <- broken
		require.ErrorIs(t, <-large, broken)
		assert.Empty(t, s.calls, "the rest is not tried")
		assert.Zero(t, c.size())

		again := send(t.Context(), c, "large", 250)
		for range 3 {
			<-s.calls
			s.answers <- nil
		}
		require.NoError(t, <-again)
	})
}

func TestCommitterFinishesALargeRequestThatItsSenderGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := startCommitter(t, roomy)
		giveUp, cancel := context.WithCancel(t.Context())
		first := send(giveUp, c, "large", 250)
		<-s.calls
		cancel()
		require.ErrorIs(t, <-first, context.Canceled)
		require.ErrorIs(t, <-send(t.Context(), c, "large", 250), errRepeated)
		for range 2 {
			s.answers <- nil
			<-s.calls
		}
		s.answers <- nil
		synctest.Wait()
		assert.Zero(t, c.size())
		require.NoError(t, <-send(t.Context(), c, "large", 250), "it is stored")
		assert.Empty(t, s.calls)

		time.Sleep(2 * repeatsKept)
		other := send(t.Context(), c, "other", 100)
		<-s.calls
		s.answers <- nil
		require.NoError(t, <-other)
		send(t.Context(), c, "large", 250)
		assert.Len(t, s.calls, 1, "what was stored long ago is not remembered")
	})
}

func TestCommitterRefusesWhatWouldComeTooLate(t *testing.T) {
	hasty := roomy
	hasty.patience = 5 * time.Second
	t.Run("behind others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := startCommitter(t, hasty)
			send(t.Context(), c, "first", 100)
			<-s.calls
			time.Sleep(2 * time.Second) // 100 spans in 2 s
			s.answers <- nil
			large := send(t.Context(), c, "large", 100)
			<-s.calls
			queued := send(t.Context(), c, "queued", 300)
			require.ErrorIs(t, <-send(t.Context(), c, "late", 100), errBusy, "300 take 6 s")
			small := send(t.Context(), c, "small", 1)
			patient, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			last := send(patient, c, "told to be patient", 100)
			for range 6 {
				s.answers <- nil
				synctest.Wait()
			}
			for _, answer := range []<-chan error{large, queued, small, last} {
				require.NoError(t, <-answer)
			}
		})
	})
	t.Run("behind a store that hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := startCommitter(t, hasty)
			send(t.Context(), c, "hanging", 1)
			time.Sleep(4 * time.Second)
			second := send(t.Context(), c, "second", 1)
			time.Sleep(2 * time.Second)
			require.ErrorIs(t, <-send(t.Context(), c, "third", 1), errBusy)
			s.answers <- nil
			s.answers <- nil
			require.NoError(t, <-second)
			send(t.Context(), c, "fourth", 1)
			assert.Len(t, s.calls, 3)
		})
	})
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
		large := send(t.Context(), c, "larger than the bound", 2000)
		<-s.calls
		require.ErrorIs(t, <-send(t.Context(), c, "larger than the bound", 1), errBusy, "it has its share")
		require.ErrorIs(t, <-send(t.Context(), c, "another large one", 2000), errBusy)
		small := send(t.Context(), c, "another source", 1)

		s.answers <- nil
		assert.Equal(t, []string{"another source 1", "larger than the bound 99"}, sizesOf(<-s.calls), "the others' share is left")
		s.answers <- nil
		require.NoError(t, <-small)
		for range 19 {
			<-s.calls
			s.answers <- nil
		}
		require.NoError(t, <-large)
		assert.Zero(t, c.size())
		send(t.Context(), c, "larger than the bound", 1)
		assert.Len(t, s.calls, 1)
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
