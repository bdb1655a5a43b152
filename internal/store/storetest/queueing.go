package storetest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

var queueing = map[string]func(*testing.T, store.Store){
	"FailureNeedsAnErrorSignal":     failureNeedsAnErrorSignal,
	"UpsertChangesNothingTwice":     upsertChangesNothingTwice,
	"ClaimsAreComplete":             claimsAreComplete,
	"LeasedFailuresAreNotClaimed":   leasedFailuresAreNotClaimed,
	"ExpiredLeasesCountAttempts":    expiredLeasesCountAttempts,
	"NeighboursAreNoAttempts":       neighboursAreNoAttempts,
	"PostponedFailuresWait":         postponedFailuresWait,
	"UrgentFailuresAreDue":          urgentFailuresAreDue,
	"NewRecordsMakeItWaitAgain":     newRecordsMakeItWaitAgain,
	"MovedVersionStaysWaiting":      movedVersionStaysWaiting,
	"LostLeaseIsSkipped":            lostLeaseIsSkipped,
	"ClaimsAreDisjoint":             claimsAreDisjoint,
	"UntracedFailureWaitsAgain":     untracedFailureWaitsAgain,
	"ManyErrorSignalsOfOneKey":      manyErrorSignalsOfOneKey,
	"OrphansAreFound":               orphansAreFound,
	"OrphansSkipNothing":            orphansSkipNothing,
	"OrphansLeaveYoungSignalsAlone": orphansLeaveYoungSignalsAlone,
}

func failureNeedsAnErrorSignal(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("healthy", "op", "payment"), failing("a", "op", "payment")))
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: keyOf("healthy")}, {Key: keyOf("forged")}, {Key: keyOf("a")}})
	require.NoError(t, err)
	assert.Equal(t, []int{2}, accepted)
	_, err = s.Failure(t.Context(), tenant, keyOf("healthy"))
	require.ErrorIs(t, err, store.ErrNotFound)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureWaiting, f.State)
	assert.Equal(t, traceID("a"), f.TraceID)
	assert.True(t, eventTime.Equal(f.FirstError))
}

func upsert(t *testing.T, s store.Store, h store.FailureHint) {
	t.Helper()
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{h})
	require.NoError(t, err)
	require.Equal(t, []int{0}, accepted)
}

func upsertChangesNothingTwice(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	classify(t, s, policy, map[string][]incident.Root{keyOf("a"): {root("r", "payment")}})
	upsert(t, s, store.FailureHint{Key: keyOf("a")})
	upsert(t, s, store.FailureHint{Key: keyOf("a"), Urgent: true})
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureClassified, f.State)
	assert.Empty(t, claim(t, s, "w"))
}

// claimsAreComplete claims everything that is due, a few at a time.
func claimsAreComplete(t *testing.T, s store.Store) {
	for i := range 5 {
		fail(t, s, strconv.Itoa(i), "payment")
	}
	first, err := s.ClaimFailures(t.Context(), "w", lease, 3)
	require.NoError(t, err)
	rest, err := s.ClaimFailures(t.Context(), "w", lease, 3)
	require.NoError(t, err)
	var got []string
	for _, f := range append(first, rest...) {
		got = append(got, f.Key)
		assert.Equal(t, "w", f.Lease.Owner)
		assert.Equal(t, 1, f.ErrorSignals)
		assert.Zero(t, f.Attempts)
		assert.False(t, f.Urgent)
		assert.WithinDuration(t, time.Now(), f.FirstError, time.Minute)
		assert.Equal(t, f.FirstError, f.WaitingSince)
		assert.False(t, f.LastReceived.Before(f.LastError))
	}
	assert.ElementsMatch(t, []string{keyOf("0"), keyOf("1"), keyOf("2"), keyOf("3"), keyOf("4")}, got)
	empty, err := s.ClaimFailures(t.Context(), "w", lease, 3)
	require.NoError(t, err)
	assert.Empty(t, empty)
}

func leasedFailuresAreNotClaimed(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	require.Len(t, claim(t, s, "one"), 1)
	assert.Empty(t, claim(t, s, "two"))
	assert.Empty(t, claim(t, s, "one"), "not even by its owner")
}

// claimSoon claims as soon as something is due.
func claimSoon(t *testing.T, s store.Store, owner string) (claimed []store.Failure) {
	t.Helper()
	require.Eventually(t, func() bool {
		claimed = claim(t, s, owner)
		return len(claimed) > 0
	}, 10*time.Second, 5*time.Millisecond)
	return claimed
}

func expiredLeasesCountAttempts(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	for attempts := range 3 {
		var claimed []store.Failure
		require.Eventually(t, func() bool {
			var err error
			claimed, err = s.ClaimFailures(t.Context(), "crashing", time.Millisecond, 10)
			return assert.NoError(t, err) && len(claimed) == 1
		}, 10*time.Second, 5*time.Millisecond)
		assert.Equal(t, attempts, claimed[0].Attempts)
	}
	again := claimSoon(t, s, "w")
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: again[0], Until: time.Now()}}))
	again = claimSoon(t, s, "w")
	assert.Equal(t, 3, again[0].Attempts, "giving it up is no attempt")
	_, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: again[0], Classification: classified(keyOf("a"))}}, policy)
	require.NoError(t, err)
	appendAll(t, s, requestOf(tenant, failing("a", "again", "payment")))
	assert.Zero(t, claimSoon(t, s, "w")[0].Attempts, "a result ends the count")
}

// neighboursAreNoAttempts has a worker die with several failures, of which one may be the reason: each is
// claimed by itself then, and only what runs out alone counts.
func neighboursAreNoAttempts(t *testing.T, s store.Store) {
	for _, trace := range []string{"a", "b", "c"} {
		fail(t, s, trace, "payment")
	}
	died, err := s.ClaimFailures(t.Context(), "dies", time.Millisecond, 10)
	require.NoError(t, err)
	require.Len(t, died, 3)
	for range 2 { // the first of them stops its worker again and again
		claimed := claimUntil(t, s, time.Millisecond)
		require.Len(t, claimed, 1, "alone")
	}
	attempts := 0
	for range 3 {
		claimed := claimUntil(t, s, lease)
		require.Len(t, claimed, 1, "alone")
		attempts += claimed[0].Attempts
	}
	assert.Equal(t, 2, attempts, "two leases ran out alone")

	// One that gave a result is claimed with others again.
	fail(t, s, "d", "payment")
	fail(t, s, "e", "payment")
	assert.Len(t, claimUntil(t, s, lease), 2)
}

// claimUntil claims as soon as something is due.
func claimUntil(t *testing.T, s store.Store, lease time.Duration) (claimed []store.Failure) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		claimed, err = s.ClaimFailures(t.Context(), "w", lease, 10)
		return assert.NoError(t, err) && len(claimed) > 0
	}, 10*time.Second, 2*time.Millisecond)
	return claimed
}

func postponedFailuresWait(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	f := claim(t, s, "w")[0]
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: f, Until: time.Now().Add(time.Hour)}}))
	assert.Empty(t, claim(t, s, "w"))
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: f, Until: time.Now()}}), "nothing to give up")
	assert.Empty(t, claim(t, s, "w"), "the lease was given up already")
	appendAll(t, s, requestOf(tenant, span("a", "late", "payment")))
	assert.Empty(t, claim(t, s, "w"), "new records do not cut the wait short")
}

func urgentFailuresAreDue(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	fail(t, s, "b", "payment")
	for _, f := range claim(t, s, "w") {
		require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: f, Until: time.Now().Add(time.Hour)}}))
	}
	upsert(t, s, store.FailureHint{Key: keyOf("b"), Urgent: true})
	claimed := claim(t, s, "w")
	require.Len(t, claimed, 1)
	assert.Equal(t, keyOf("b"), claimed[0].Key)
	assert.True(t, claimed[0].Urgent)
	_, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: classified(keyOf("b"))}}, policy)
	require.NoError(t, err)
	appendAll(t, s, requestOf(tenant, failing("b", "again", "payment")))
	assert.False(t, claimSoon(t, s, "w")[0].Urgent, "it was answered")

	// One that becomes urgent while a worker holds it is not put off by that worker.
	fail(t, s, "c", "payment")
	held := claim(t, s, "w")[0]
	upsert(t, s, store.FailureHint{Key: keyOf("c"), Urgent: true})
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: held, Until: time.Now().Add(time.Hour)}}))
	claimed = claim(t, s, "w")
	require.Len(t, claimed, 1)
	assert.True(t, claimed[0].Urgent)
}

func newRecordsMakeItWaitAgain(t *testing.T, s store.Store) {
	named := logOf("", "late line that names its trace", "gateway", 9)
	named.Attributes = signal.Map{{Key: "trace_id", Value: signal.Value{Data: keyOf("a named log")}}}
	for name, late := range map[string]any{
		"named log": named,
		"error":     failing("a", "second error", "payment"),
		"span":      span("a", "late parent", "gateway"),
		"log":       logOf("a", "late line", "gateway", 9),
	} {
		t.Run(name, func(t *testing.T) {
			trace := "a " + name
			switch late := late.(type) {
			case *signal.Span:
				late.TraceID = traceID(trace)
			case *signal.Log:
				if late != named {
					late.TraceID = traceID(trace)
				}
			}
			fail(t, s, trace, "payment")
			classify(t, s, policy, map[string][]incident.Root{keyOf(trace): {root("r "+name, "payment")}})
			appendAll(t, s, requestOf(tenant, span("another trace", "op", "payment")))
			require.Empty(t, claim(t, s, "w"), "classified")
			before := time.Now()
			appendAll(t, s, requestOf(tenant, late))
			claimed := claim(t, s, "w")
			require.Len(t, claimed, 1)
			assert.Equal(t, keyOf(trace), claimed[0].Key)
			assert.WithinRange(t, claimed[0].WaitingSince, before, time.Now(), "since the record that woke it")
			assert.WithinRange(t, claimed[0].LastReceived, before, time.Now())
			assert.True(t, claimed[0].FirstError.Before(before))
			_, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: classified(keyOf(trace))}}, policy)
			require.NoError(t, err)
		})
	}
}

func untracedFailureWaitsAgain(t *testing.T, s store.Store) {
	const key = "untraced:payment"
	appendAll(t, s, requestOf(tenant, logOf("", "boom", "payment", signal.SeverityError)))
	upsert(t, s, store.FailureHint{Key: key})
	classify(t, s, policy, map[string][]incident.Root{key: {root("r", "payment")}})
	appendAll(t, s, requestOf(tenant, logOf("", "fine", "payment", 9)))
	require.Empty(t, claim(t, s, "w"))
	appendAll(t, s, requestOf(tenant, logOf("", "boom again", "payment", signal.SeverityError)))
	claimed := claim(t, s, "w")
	require.Len(t, claimed, 1)
	assert.True(t, claimed[0].TraceID.IsZero())
	assert.Equal(t, 2, claimed[0].ErrorSignals)
}

func movedVersionStaysWaiting(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	f := claim(t, s, "w")[0]
	before := time.Now()
	appendAll(t, s, requestOf(tenant, span("a", "came meanwhile", "gateway")))
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: classified(f.Key, root("r", "payment"))}}, policy)
	require.NoError(t, err)
	require.Len(t, changes, 1, "its result is stored all the same")
	assert.True(t, incidentOf(t, s, changes[0].ID).Provisional)
	again := claim(t, s, "w")
	require.Len(t, again, 1)
	assert.NotEqual(t, f.Version, again[0].Version)
	assert.WithinRange(t, again[0].WaitingSince, before, time.Now(), "since the record no classification has seen")
}

func lostLeaseIsSkipped(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	lost, err := s.ClaimFailures(t.Context(), "slow", time.Millisecond, 1)
	require.NoError(t, err)
	taken := claimSoon(t, s, "fast")
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: lost[0], Classification: classified(keyOf("a"), root("slow", "payment"))}}, policy)
	require.NoError(t, err)
	assert.Empty(t, changes)
	assert.Empty(t, incidents(t, s))
	changes, err = s.SaveClassifications(t.Context(), []store.Classified{{Failure: taken[0], Classification: classified(keyOf("a"), root("fast", "payment"))}}, policy)
	require.NoError(t, err)
	assert.Len(t, changes, 1)
}

func claimsAreDisjoint(t *testing.T, s store.Store) {
	const failures, workers = 40, 8
	for i := range failures {
		fail(t, s, strconv.Itoa(i), "payment")
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for {
				list, err := s.ClaimFailures(t.Context(), fmt.Sprint("w", w), lease, 3)
				if err != nil || len(list) == 0 {
					assert.NoError(t, err)
					return
				}
				mu.Lock()
				for _, f := range list {
					claimed[f.Key]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Len(t, claimed, failures)
	for key, times := range claimed {
		assert.Equal(t, 1, times, key)
	}
}

// manyErrorSignalsOfOneKey has an error without a trace that goes on and on: the newest signals are
// counted and loaded, and what was first stays known.
func manyErrorSignalsOfOneKey(t *testing.T, s store.Store) {
	failure := store.FailureHint{Key: "untraced:payment"}
	appendAll(t, s, requestOf(tenant, logOf("", "the first", "payment", signal.SeverityError)))
	upsert(t, s, failure)
	first := claim(t, s, "w")
	require.Len(t, first, 1)
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: first[0], Until: time.Now().Add(-time.Hour)}}))
	const more = record.MostErrorSignals + 500
	var lines []any
	for i := range more {
		lines = append(lines, logOf("", "again "+strconv.Itoa(i), "payment", signal.SeverityError))
	}
	appendAll(t, s, requestOf(tenant, lines...))
	appendAll(t, s, requestOf(tenant, logOf("", "the last", "payment", signal.SeverityError)))

	claimed := claim(t, s, "w")
	require.Len(t, claimed, 1)
	assert.Equal(t, record.MostErrorSignals, claimed[0].ErrorSignals, "at least so many")
	assert.Equal(t, first[0].FirstError, claimed[0].FirstError)
	assert.True(t, claimed[0].LastError.After(claimed[0].FirstError))
	trace := loaded(t, s, tenant, failure.Key)
	assert.Len(t, trace.Logs, record.MostErrorSignals)
	bodies := map[string]bool{}
	for _, l := range trace.Logs {
		bodies[l.Body.Str()] = true
	}
	assert.True(t, bodies["the last"])
	assert.False(t, bodies["the first"])
	bounded, err := s.Traces(t.Context(), tenant, []string{failure.Key}, 100)
	require.NoError(t, err)
	assert.Len(t, bounded[0].Logs, 100)
	assert.Equal(t, record.MostErrorSignals-100, bounded[0].Truncated)
}

func orphansAreFound(t *testing.T, s store.Store) {
	appendAll(t, s,
		requestOf(tenant, failing("a", "op", "payment"), failing("a", "op2", "payment"), failing("b", "op", "payment")),
		requestOf("other", failing("a", "op", "payment")),
		requestOf(tenant, logOf("", "boom", "payment", signal.SeverityError)))
	upsert(t, s, store.FailureHint{Key: keyOf("b")})
	found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 100)
	require.NoError(t, err)
	assert.Equal(t, 3, found)
	assert.Len(t, claim(t, s, "w"), 4)
	found, err = s.Orphans(t.Context(), time.Now().Add(time.Second), 100)
	require.NoError(t, err)
	assert.Zero(t, found)
}

func orphansLeaveYoungSignalsAlone(t *testing.T, s store.Store) {
	before := time.Now()
	for i := range 5 {
		appendAll(t, s, requestOf(tenant, failing(strconv.Itoa(i), "op", "payment")))
	}
	found, err := s.Orphans(t.Context(), before, 100)
	require.NoError(t, err)
	assert.Zero(t, found)
	total := 0
	for {
		found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 2)
		require.NoError(t, err)
		assert.LessOrEqual(t, found, 2)
		if total += found; found < 2 {
			break
		}
	}
	assert.Equal(t, 5, total)
}

// orphansSkipNothing looks for orphans as close to now as can be while many append: a watermark
// that passes what is not committed yet would lose failures for good.
func orphansSkipNothing(t *testing.T, s store.Store) {
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := s.Append(t.Context(), []store.Batch{requestOf(tenant, failing(fmt.Sprint(w, "-", i), "op", "payment"))})
				assert.NoError(t, err)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	total := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 1000)
		require.NoError(t, err)
		total += found
	}
	assert.Equal(t, writers*each, total)
}
