package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var taking = map[string]func(*testing.T, store.Store){
	"NewestAndOldestAreTaken":       newestAndOldestAreTaken,
	"ServicesTakeTurns":             servicesTakeTurns,
	"SourcesTakeTurns":              sourcesTakeTurns,
	"PostponedFailuresTakeNoTurn":   postponedFailuresTakeNoTurn,
	"LostFailuresTakeTurns":         lostFailuresTakeTurns,
	"UrgentFailuresTakeNoTurn":      urgentFailuresTakeNoTurn,
	"IncidentsOfATenantAreBounded":  incidentsOfATenantAreBounded,
	"ServicesShareATenantsBoundary": servicesShareATenantsBoundary,
}

// flood stores so many failing traces of a source, each of the service that of names, and records them.
func flood(t *testing.T, s store.Store, source, name string, n int, of func(int) string) {
	t.Helper()
	b := store.Batch{Source: source}
	var hints []store.FailureHint
	for i := range n {
		trace := name + " " + strconv.Itoa(i)
		one := requestOf(tenant, failing(trace, "op", of(i)))
		b.Spans, b.Errors = append(b.Spans, one.Spans...), append(b.Errors, one.Errors...)
		hints = append(hints, store.FailureHint{Key: keyOf(trace)})
	}
	appendAll(t, s, b)
	accepted, err := s.UpsertFailures(t.Context(), hints)
	require.NoError(t, err)
	require.Len(t, accepted, n)
}

// always names one service.
func always(service string) func(int) string { return func(int) string { return service } }

// taken claims once, and reports how many of the named traces it took.
func taken(t *testing.T, s store.Store, limit int, names ...string) (n int) {
	t.Helper()
	claimed, err := s.ClaimFailures(t.Context(), "w", lease, limit)
	require.NoError(t, err)
	for _, f := range claimed {
		if slices.ContainsFunc(names, func(name string) bool { return keyOf(name) == f.Key }) {
			n++
		}
	}
	return n
}

// newestAndOldestAreTaken has a new failure behind a backlog of its own service.
func newestAndOldestAreTaken(t *testing.T, s store.Store) {
	fail(t, s, "first", "payment")
	flood(t, s, "", "backlog", 300, always("payment"))
	fail(t, s, "last", "payment")
	assert.Equal(t, 2, taken(t, s, 10, "first", "last"))
}

// servicesTakeTurns has one failure of other services in the middle of a flood of one.
func servicesTakeTurns(t *testing.T, s store.Store) {
	flood(t, s, "", "before", 200, always("flooded"))
	others := []string{"a", "b", "c", "d"}
	for _, name := range others {
		flood(t, s, "", name, 1, always(name))
	}
	flood(t, s, "", "after", 200, always("flooded"))
	names := make([]string, len(others))
	for i, name := range others {
		names[i] = name + " 0"
	}
	// Names that fall into the flooded one's bucket wait with it: rarely one, and hardly ever two.
	assert.GreaterOrEqual(t, taken(t, s, 32, names...), len(others)-1)
}

// sourcesTakeTurns has a source that makes up services, and others that do not.
func sourcesTakeTurns(t *testing.T, s store.Store) {
	madeUp := func(i int) string { return fmt.Sprint("made up ", i) }
	flood(t, s, "attacker", "before", 300, madeUp)
	const others = 6
	var names []string
	for i := range others {
		source := fmt.Sprint("10.0.0.", i)
		flood(t, s, source, source, 1, always("payment"))
		names = append(names, source+" 0")
	}
	flood(t, s, "attacker", "after", 300, madeUp)
	assert.GreaterOrEqual(t, taken(t, s, 32, names...), others-2, "but for those in the attacker's bucket")
}

// postponedFailuresTakeNoTurn has nothing but one due beside many that are not.
func postponedFailuresTakeNoTurn(t *testing.T, s store.Store) {
	flood(t, s, "", "waiting for quiet", 100, func(i int) string { return strconv.Itoa(i % 50) })
	var given []store.Postponed
	for _, f := range claim(t, s, "w") {
		given = append(given, store.Postponed{Failure: f, Until: time.Now().Add(time.Hour)})
	}
	require.Len(t, given, 100)
	require.NoError(t, s.Postpone(t.Context(), given))
	for i := range 5 {
		name := fmt.Sprint("due ", i)
		fail(t, s, name, "payment")
		assert.Equal(t, 1, taken(t, s, 2, name))
	}
}

// lostFailuresTakeTurns has the sweep bring failures back that nobody reported.
func lostFailuresTakeTurns(t *testing.T, s store.Store) {
	b := store.Batch{}
	for i := range 200 {
		one := requestOf(tenant, failing(fmt.Sprint("lost ", i), "op", "flooded"))
		b.Spans, b.Errors = append(b.Spans, one.Spans...), append(b.Errors, one.Errors...)
	}
	other := requestOf(tenant, failing("other", "op", "payment"))
	another := requestOf(tenant, failing("another", "op", "inventory"))
	appendAll(t, s, b, other, another, store.Batch{})
	found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 1000)
	require.NoError(t, err)
	require.Equal(t, 202, found)
	assert.GreaterOrEqual(t, taken(t, s, 32, "other", "another"), 1)
}

// urgentFailuresTakeNoTurn has a user ask for the middle of a backlog.
func urgentFailuresTakeNoTurn(t *testing.T, s store.Store) {
	flood(t, s, "", "backlog", 300, always("payment"))
	upsert(t, s, store.FailureHint{Key: keyOf("backlog 150"), Urgent: true})
	assert.Equal(t, 1, taken(t, s, 1, "backlog 150"))
}

// openMany opens so many incidents of the services that of names, each of a root of its own.
func openMany(t *testing.T, s store.Store, p incident.Policy, name string, n int, of func(int) string) {
	t.Helper()
	flood(t, s, "", name, n, of)
	roots := map[string][]incident.Root{}
	for i := range n {
		roots[keyOf(name+" "+strconv.Itoa(i))] = []incident.Root{root(name+" root "+strconv.Itoa(i), of(i))}
	}
	classify(t, s, p, roots)
}

// incidentsOfATenantAreBounded makes up services, each with a cause of its own.
func incidentsOfATenantAreBounded(t *testing.T, s store.Store) {
	p := incident.Policy{MaxNewIncidents: 3, MaxNewIncidentsOfTenant: 20}
	openMany(t, s, p, "flood", 50, func(i int) string { return fmt.Sprint("made up ", i) })
	all := incidents(t, s)
	assert.Len(t, all, 11, "half of the tenant's, and the one for the rest")
	traces := 0
	for _, in := range all {
		traces += in.FailingTraces
		if in.Ungrouped {
			assert.Equal(t, 40, in.FailingTraces)
		}
	}
	assert.Equal(t, 50, traces, "none is lost")

	fail(t, s, "again", "made up 0")
	classify(t, s, p, map[string][]incident.Root{keyOf("again"): {root("flood root 0", "made up 0")}})
	assert.Len(t, incidents(t, s), 11, "a known cause is known")
}

// servicesShareATenantsBoundary has one service reach its own bound, and another one the tenant's.
func servicesShareATenantsBoundary(t *testing.T, s store.Store) {
	p := incident.Policy{MaxNewIncidents: 3, MaxNewIncidentsOfTenant: 20}
	openMany(t, s, p, "one", 20, always("flooded"))
	require.Len(t, incidents(t, s), 4, "three and the service's own for the rest")
	openMany(t, s, p, "others", 5, func(i int) string { return fmt.Sprint("service ", i) })
	assert.Len(t, incidents(t, s), 9, "others open theirs")
}
