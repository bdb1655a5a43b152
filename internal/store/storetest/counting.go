package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var counting = map[string]func(*testing.T, store.Store){
	"RequestsAreCountedOnce":         requestsAreCountedOnce,
	"FailingTracesAreCounted":        failingTracesAreCounted,
	"CountedOperationsAreBounded":    countedOperationsAreBounded,
	"LongNamesAreCounted":            longNamesAreCounted,
	"OnlyWholeMinutesCount":          onlyWholeMinutesCount,
	"CountsAreDroppedWithSignals":    countsAreDroppedWithSignals,
	"CountingStartsWithTheGivenTime": countingStartsWithTheGivenTime,
}

// count counts what was received since a test began.
func count(t *testing.T, s store.Store) {
	t.Helper()
	since := time.Now().Add(-10 * time.Minute)
	require.NoError(t, s.CountRequests(t.Context(), since))
	require.NoError(t, s.CountFailing(t.Context(), since))
}

// shareOf sums what is counted of an operation and an error up to now.
func shareOf(t *testing.T, s store.Store, tenant, service, operation, signature string) (sum incident.ShareWindow) {
	t.Helper()
	shares, err := s.Shares(t.Context(), tenant, []store.ShareQuery{
		{Service: "nobody", Operation: "GET /", Until: time.Now()}, // answers come in the order of queries
		{Service: service, Operation: operation, Signature: signature, Until: time.Now().Add(2 * time.Minute)},
	})
	require.NoError(t, err)
	require.Len(t, shares, 2)
	assert.Equal(t, "nobody", shares[0].Service)
	assert.Empty(t, shares[0].Windows)
	assert.Equal(t, []string{service, operation, signature}, []string{shares[1].Service, shares[1].Operation, shares[1].Signature})
	for _, w := range shares[1].Windows {
		sum.Add(int64(w.Requests), int64(w.Failing), int64(w.Failed))
	}
	return sum
}

// childOf makes a span below another one.
func childOf(parent *signal.Span, name string) *signal.Span {
	s := span("", name, parent.Service())
	s.TraceID, s.ParentSpanID = parent.TraceID, parent.SpanID
	return s
}

func requestsAreCountedOnce(t *testing.T, s store.Store) {
	entry := span("a", "GET /items", "shop")
	request := requestOf(tenant, entry, childOf(entry, "GET /items"), span("b", "GET /items", "shop"), span("c", "GET /cart", "shop"), span("d", "GET /items", "stock"))
	appendAll(t, s, request, request)
	appendAll(t, s, requestOf(tenant, span("b", "GET /items", "shop")), requestOf("other", span("a", "GET /items", "shop")))
	for range 2 {
		count(t, s)
		assert.Equal(t, incident.ShareWindow{Requests: 2}, shareOf(t, s, tenant, "shop", "GET /items", ""))
		assert.Equal(t, incident.ShareWindow{Requests: 1}, shareOf(t, s, tenant, "shop", "GET /cart", ""))
		assert.Equal(t, incident.ShareWindow{Requests: 1}, shareOf(t, s, tenant, "stock", "GET /items", ""))
		assert.Equal(t, incident.ShareWindow{Requests: 1}, shareOf(t, s, "other", "shop", "GET /items", ""))
	}
	shares, err := s.Shares(t.Context(), tenant, nil)
	require.NoError(t, err)
	assert.Empty(t, shares)
}

func failingTracesAreCounted(t *testing.T, s store.Store) {
	for _, name := range []string{"a", "b", "c"} {
		appendAll(t, s, requestOf(tenant, span(name, "POST /order", "gateway")))
		fail(t, s, name, "payment")
	}
	appendAll(t, s, requestOf(tenant, logOf("", "bad", "payment", signal.SeverityError)))
	_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Tenant: tenant, Key: "untraced:payment"}})
	require.NoError(t, err)
	save := func(outcomes map[string]incident.Outcome) {
		t.Helper()
		var results []store.Classified
		for _, f := range claim(t, s, "w") {
			c := classified(f.Key)
			if outcomes[f.Key] != "" {
				c = classified(f.Key, root("r", "payment"))
				c.Outcome = outcomes[f.Key]
			}
			results = append(results, store.Classified{Failure: f, Classification: c})
		}
		_, err := s.SaveClassifications(t.Context(), results, policy)
		require.NoError(t, err)
	}
	save(map[string]incident.Outcome{
		keyOf("a"): incident.OutcomeFailed, keyOf("b"): incident.OutcomeDegraded, keyOf("c"): incident.OutcomeUnknown, "untraced:payment": incident.OutcomeUnknown,
	})
	for range 2 {
		count(t, s)
		assert.Equal(t, incident.ShareWindow{Requests: 3, Failing: 3, Failed: 1}, shareOf(t, s, tenant, "gateway", "POST /order", "r"))
		assert.Equal(t, incident.ShareWindow{Requests: 3}, shareOf(t, s, tenant, "gateway", "POST /order", "another"))
		assert.Zero(t, shareOf(t, s, "other", "gateway", "POST /order", "r"))
	}
	fail(t, s, "a", "payment")
	save(nil) // what was classified before is no failure any more
	count(t, s)
	assert.Equal(t, incident.ShareWindow{Requests: 3, Failing: 2}, shareOf(t, s, tenant, "gateway", "POST /order", "r"))
}

func countedOperationsAreBounded(t *testing.T, s store.Store) {
	const most, surplus = 500, 10
	var spans []any
	var queries []store.ShareQuery
	for i := range most + surplus {
		operation := fmt.Sprintf("GET /%03d", i)
		spans = append(spans, span(operation, operation, "shop"))
		queries = append(queries, store.ShareQuery{Service: "shop", Operation: operation, Until: time.Now().Add(2 * time.Minute)})
	}
	spans = append(spans, span("again", "GET /509", "shop")) // has two requests
	appendAll(t, s, requestOf(tenant, spans...))
	count(t, s)
	shares, err := s.Shares(t.Context(), tenant, queries)
	require.NoError(t, err)
	counted := 0
	for _, share := range shares {
		if len(share.Windows) > 0 {
			counted++
		}
	}
	assert.Equal(t, most, counted)
	assert.Equal(t, incident.ShareWindow{Requests: 2}, shareOf(t, s, tenant, "shop", "GET /509", ""), "those with most are counted")
}

func longNamesAreCounted(t *testing.T, s store.Store) {
	long := "GET /" + strings.Repeat("é", 5000)
	appendAll(t, s, requestOf(tenant, span("a", long, "shop")))
	count(t, s)
	assert.Equal(t, incident.ShareWindow{Requests: 1}, shareOf(t, s, tenant, "shop", long, ""))
}

func onlyWholeMinutesCount(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("a", "GET /", "shop")))
	count(t, s)
	for until, want := range map[time.Duration]int{-time.Minute: 0, 2 * time.Minute: 1} {
		shares, err := s.Shares(t.Context(), tenant, []store.ShareQuery{{Service: "shop", Operation: "GET /", Until: time.Now().Add(until)}})
		require.NoError(t, err)
		assert.Len(t, shares[0].Windows, want, "what is before the first request is left out")
	}
}

func countsAreDroppedWithSignals(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("a", "POST /order", "gateway")))
	open(t, s, "a", root("r", "payment"))
	count(t, s)
	kept := store.Retention{Signals: 24 * time.Hour}
	_, err := s.Retain(t.Context(), kept, time.Now())
	require.NoError(t, err)
	require.Equal(t, incident.ShareWindow{Requests: 1, Failing: 1, Failed: 1}, shareOf(t, s, tenant, "gateway", "POST /order", "r"))
	_, err = s.Retain(t.Context(), kept, time.Now().Add(4*24*time.Hour))
	require.NoError(t, err)
	assert.Zero(t, shareOf(t, s, tenant, "gateway", "POST /order", "r"))
}

func countingStartsWithTheGivenTime(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("a", "POST /order", "gateway")))
	open(t, s, "a", root("r", "payment"))
	later := time.Now().Add(2 * time.Minute)
	require.NoError(t, s.CountRequests(t.Context(), later))
	require.NoError(t, s.CountFailing(t.Context(), later))
	assert.Zero(t, shareOf(t, s, tenant, "gateway", "POST /order", "r"))
	count(t, s)
	require.NoError(t, s.CountRequests(t.Context(), later))
	require.NoError(t, s.CountFailing(t.Context(), later))
	assert.Equal(t, incident.ShareWindow{Requests: 1, Failing: 1, Failed: 1}, shareOf(t, s, tenant, "gateway", "POST /order", "r"), "what was counted before stays")
}
