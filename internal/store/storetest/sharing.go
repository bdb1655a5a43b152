package storetest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

var sharing = map[string]func(*testing.T, store.Store){
	"SearchesHoldUpNobody":      searchesHoldUpNobody,
	"ReadersTakeTurns":          readersTakeTurns,
	"ReaderThatLeavesIsNoLoad":  readerThatLeavesIsNoLoad,
	"ReadersAreRefusedNotKept":  readersAreRefusedNotKept,
	"WorkIsNeverRefusedAsBusy":  workIsNeverRefusedAsBusy,
	"ReadersOfPagesAreAnswered": readersOfPagesAreAnswered,
}

// haystack is how many log records slowSearch goes through.
const haystack = 30_000

func fillHaystack(t *testing.T, s store.Store) {
	t.Helper()
	const perRequest = 5000
	body := strings.Repeat("straw ", 50)
	for first := 0; first < haystack; first += perRequest {
		var lines []any
		for i := range perRequest {
			lines = append(lines, logOf("", body+strconv.Itoa(first+i), "barn", 9))
		}
		appendAll(t, s, requestOf(tenant, lines...))
	}
}

// slowSearch finds nothing, after going through everything.
func slowSearch(ctx context.Context, s store.Store, peer string) error {
	_, err := s.SearchSignals(store.ForReader(ctx, peer), tenant,
		store.SignalFilter{Kind: store.KindLog, Query: "straw", Attributes: map[string]string{"needle": "yes"}}, store.Page{Limit: 1})
	return err
}

// attack keeps n slow searches of one peer under way until the returned function is called, which
// returns how many were answered.
func attack(t *testing.T, s store.Store, peer string, n int) (stop func() (answered int64)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var count atomic.Int64
	var searches sync.WaitGroup
	for range n {
		searches.Go(func() {
			for ctx.Err() == nil {
				switch err := slowSearch(ctx, s, peer); {
				case err == nil:
					count.Add(1)
				case errors.Is(err, store.ErrBusy):
					time.Sleep(time.Millisecond)
				default:
					assert.Error(t, ctx.Err(), "%v", err)
				}
			}
		})
	}
	return func() int64 {
		cancel()
		searches.Wait()
		return count.Load()
	}
}

// searchesHoldUpNobody has everything else go on while readers search as much as they can.
func searchesHoldUpNobody(t *testing.T, s store.Store) {
	fillHaystack(t, s)
	id := open(t, s, "before", root("r", "payment"))
	stop := attack(t, s, "attacker", 40)
	reader := store.ForReader(t.Context(), "person")
	begun := time.Now()
	const rounds = 10
	for i := range rounds {
		fail(t, s, "meanwhile "+strconv.Itoa(i), "payment") // written
		traces, err := s.Traces(t.Context(), tenant, []string{keyOf("before")}, 100)
		require.NoError(t, err)
		require.Len(t, traces[0].Spans, 1)
		classify(t, s, policy, nil)
		_, err = s.Incident(reader, tenant, id)
		require.NoError(t, err)
		_, err = s.ListIncidents(reader, tenant, store.IncidentFilter{}, store.Page{})
		require.NoError(t, err)
		_, err = s.Status(reader)
		require.NoError(t, err)
	}
	took := time.Since(begun)
	answered := stop()
	assert.Less(t, took, rounds*time.Second, "while %d searches were answered", answered)
}

// readersTakeTurns has a modest reader's searches answered while a greedy one has many.
func readersTakeTurns(t *testing.T, s store.Store) {
	fillHaystack(t, s)
	begun := time.Now()
	require.NoError(t, slowSearch(t.Context(), s, "modest"))
	alone := time.Since(begun)
	stop := attack(t, s, "greedy", 40)
	defer stop()
	begun = time.Now()
	const searches = 3
	for range searches {
		require.NoError(t, slowSearch(t.Context(), s, "modest"))
	}
	assert.Less(t, time.Since(begun), 10*searches*max(alone, 100*time.Millisecond), "alone one takes %s", alone)
}

// readerThatLeavesIsNoLoad has the searches of readers that are gone make room at once.
func readerThatLeavesIsNoLoad(t *testing.T, s store.Store) {
	fillHaystack(t, s)
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		begun := time.Now()
		_ = slowSearch(ctx, s, "impatient")
		cancel()
		assert.Less(t, time.Since(begun), 3*time.Second)
	}
	stop := attack(t, s, "impatient", 8)
	stop()
	require.NoError(t, slowSearch(t.Context(), s, "patient"))
}

// readersAreRefusedNotKept has a reader told that there are too many of its searches, some at once, others when
// they have waited for as long as a search may: how long that is, package fair tests.
func readersAreRefusedNotKept(t *testing.T, s store.Store) {
	fillHaystack(t, s)
	const searches = 60
	var refused atomic.Int64
	concurrently(searches, func(int) {
		if err := slowSearch(t.Context(), s, "greedy"); errors.Is(err, store.ErrBusy) {
			refused.Add(1)
		} else {
			assert.NoError(t, err)
		}
	})
	assert.Positive(t, refused.Load())
	assert.Less(t, refused.Load(), int64(searches), "some are answered")
	require.NoError(t, slowSearch(t.Context(), s, "greedy"), "once the others are")
}

// workIsNeverRefusedAsBusy has many calls of workers at once: they wait.
func workIsNeverRefusedAsBusy(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	concurrently(200, func(int) {
		_, err := s.Traces(t.Context(), tenant, []string{keyOf("a")}, 100)
		assert.NoError(t, err)
	})
}

// readersOfPagesAreAnswered has as many readers of pages as there are people at an incident.
func readersOfPagesAreAnswered(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	concurrently(100, func(i int) {
		in, err := s.Incident(store.ForReader(t.Context(), "person "+strconv.Itoa(i)), tenant, id)
		if assert.NoError(t, err) {
			assert.Equal(t, id, in.ID)
		}
	})
}
