package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var racing = map[string]func(*testing.T, store.Store){
	"ManyWorkersCountAsOne":        manyWorkersCountAsOne,
	"OneBatchCountsAsMany":         oneBatchCountsAsMany,
	"SweepsAtOnceAdoptOnce":        sweepsAtOnceAdoptOnce,
	"UpsertsAndAppendsMissNothing": upsertsAndAppendsMissNothing,
}

// history is what becomes of failures in a test: the roots of each before and after its late
// signals.
type history struct {
	tenant       string
	first, final map[string][]incident.Root
}

// newHistory draws failures of overlapping roots; some turn out to be none.
func newHistory(random *rand.Rand, failures int) history {
	h := history{tenant: fmt.Sprint("tenant ", random.Uint64()), first: map[string][]incident.Root{}, final: map[string][]incident.Root{}}
	draw := func(most int) (roots []incident.Root) {
		for _, i := range random.Perm(8)[:random.IntN(most+1)] {
			r := root(fmt.Sprint("r", i), fmt.Sprint("service ", i%3))
			r.Errors, r.ErrorSignals = 1+random.IntN(3), 4+random.IntN(3)
			roots = append(roots, r)
		}
		return roots
	}
	for range failures {
		trace := strconv.FormatUint(random.Uint64(), 16)
		h.first[trace], h.final[trace] = draw(3), draw(2)
	}
	return h
}

// sorted has the traces in an order of their own.
func (h history) sorted() (traces []string) {
	for trace := range h.first {
		traces = append(traces, trace)
	}
	slices.Sort(traces)
	return traces
}

func (h history) begin(t *testing.T, s store.Store) {
	t.Helper()
	var hints []store.FailureHint
	for _, trace := range h.sorted() {
		appendAll(t, s, requestOf(h.tenant, failing(trace, "POST /pay", "payment")))
		hints = append(hints, store.FailureHint{Tenant: h.tenant, Key: keyOf(trace)})
	}
	accepted, err := s.UpsertFailures(t.Context(), hints)
	require.NoError(t, err)
	require.Len(t, accepted, len(hints))
}

// classify saves the classification of the failures that are due, up to limit, and reports whether
// there were any. Signals that came since change what a failure is.
func (h history) classify(t *testing.T, s store.Store, owner string, limit int) bool {
	claimed, err := s.ClaimFailures(t.Context(), owner, lease, limit)
	if !assert.NoError(t, err) { //nolint:testifylint // not the test's goroutine
		return false
	}
	var results []store.Classified
	for _, f := range claimed {
		roots := h.first
		if f.Version > 1 {
			roots = h.final
		}
		for trace, r := range roots {
			if keyOf(trace) == f.Key {
				results = append(results, store.Classified{Failure: f, Classification: classified(f.Key, r...)})
			}
		}
	}
	_, err = s.SaveClassifications(t.Context(), results, incident.Policy{LateWindow: time.Hour})
	return assert.NoError(t, err) && len(claimed) > 0
}

// late brings the signals that make each failure what it is in the end.
func (h history) late(t *testing.T, s store.Store) {
	for _, trace := range h.sorted() {
		_, err := s.Append(t.Context(), []store.Batch{requestOf(h.tenant, span(trace, "late", "gateway"))})
		assert.NoError(t, err)
	}
}

// check compares what is stored with what the final classifications say.
func (h history) check(t *testing.T, s store.Store) {
	t.Helper()
	type sums struct {
		keys                 []string
		errors, errorSignals int
	}
	want := map[string]sums{}
	for trace, roots := range h.final {
		for _, r := range roots {
			w := want[r.Signature]
			want[r.Signature] = sums{append(w.keys, keyOf(trace)), w.errors + r.Errors, w.errorSignals + r.ErrorSignals}
		}
	}
	list, err := s.ListIncidents(t.Context(), h.tenant, store.IncidentFilter{}, store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Items, len(want))
	for _, in := range list.Items {
		w := want[in.RootSignature]
		failures, err := s.IncidentFailures(t.Context(), h.tenant, in.ID, store.Page{})
		require.NoError(t, err)
		var keys []string
		for _, f := range failures.Items {
			keys = append(keys, f.Key)
		}
		assert.ElementsMatch(t, w.keys, keys, in.RootSignature)
		assert.Equal(t, sums{nil, w.errors, w.errorSignals}, sums{nil, in.Errors, in.ErrorSignals}, in.RootSignature)
		assert.Equal(t, len(w.keys), in.FailingTraces, in.RootSignature)
	}
}

// manyWorkersCountAsOne lets workers classify at once, while signals come that move failures to
// other incidents, re-key and merge them.
func manyWorkersCountAsOne(t *testing.T, s store.Store) {
	for seed := range uint64(3) {
		h := newHistory(rand.New(rand.NewPCG(seed, 1)), 40)
		h.begin(t, s)
		var wg sync.WaitGroup
		wg.Go(func() { h.late(t, s) })
		for worker := range 5 {
			wg.Go(func() {
				for h.classify(t, s, fmt.Sprint("worker ", worker), 1+worker*2) {
				}
			})
		}
		wg.Wait()
		for h.classify(t, s, "the last", 7) {
		}
		h.check(t, s)
	}
}

// oneBatchCountsAsMany moves failures between incidents within one call.
func oneBatchCountsAsMany(t *testing.T, s store.Store) {
	for seed := range uint64(5) {
		h := newHistory(rand.New(rand.NewPCG(seed, 2)), 25)
		h.begin(t, s)
		for h.classify(t, s, "w", 1000) {
		}
		h.late(t, s)
		for h.classify(t, s, "w", 1000) {
		}
		h.check(t, s)
	}
}

func sweepsAtOnceAdoptOnce(t *testing.T, s store.Store) {
	const failures, sweepers = 60, 5
	for i := range failures {
		appendAll(t, s, requestOf(tenant, failing(strconv.Itoa(i), "op", "payment")))
	}
	var mu sync.Mutex
	total := 0
	concurrently(sweepers, func(int) {
		for {
			found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 10)
			assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
			mu.Lock()
			total += found
			mu.Unlock()
			if found == 0 {
				return
			}
		}
	})
	rest, err := s.Orphans(t.Context(), time.Now().Add(time.Second), failures)
	require.NoError(t, err)
	assert.Equal(t, failures, total+rest)
	assert.Len(t, claim(t, s, "w"), failures)
}

// upsertsAndAppendsMissNothing records failures while signals of their traces are appended: what a
// failure does not count, or know to have come, would stay unseen.
func upsertsAndAppendsMissNothing(t *testing.T, s store.Store) {
	const traces, each = 6, 8
	for i := range traces {
		appendAll(t, s, requestOf(tenant, failing(strconv.Itoa(i), "first", "payment")))
	}
	var wg sync.WaitGroup
	for i := range traces {
		trace := strconv.Itoa(i)
		wg.Go(func() {
			for n := range each {
				_, err := s.Append(t.Context(), []store.Batch{requestOf(tenant, failing(trace, fmt.Sprint("op ", n), "payment"))})
				assert.NoError(t, err)
			}
		})
		wg.Go(func() {
			_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: keyOf(trace)}})
			assert.NoError(t, err)
		})
	}
	classifiedAs := map[string]int{} // error signals that the last classification of a failure saw
	classifyAll := func() {
		for {
			claimed := claim(t, s, "w")
			if len(claimed) == 0 {
				return
			}
			var results []store.Classified
			for _, f := range claimed {
				classifiedAs[f.Key] = f.ErrorSignals
				results = append(results, store.Classified{Failure: f, Classification: classified(f.Key, root("r", "payment"))})
			}
			_, err := s.SaveClassifications(t.Context(), results, policy)
			require.NoError(t, err)
		}
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		classifyAll()
	}
	classifyAll()
	assert.Len(t, classifiedAs, traces)
	for key, seen := range classifiedAs {
		assert.Equal(t, 1+each, seen, key)
	}
}
