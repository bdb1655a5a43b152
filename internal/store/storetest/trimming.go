package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

var trimming = map[string]func(*testing.T, store.Store){
	"OldFailuresOfOpenIncidentsAreTrimmed": oldFailuresOfOpenIncidentsAreTrimmed,
	"TrimmedCountsFollowTheirRoot":         trimmedCountsFollowTheirRoot,
	"SupersededAnalysesAreDropped":         supersededAnalysesAreDropped,
	"WaitingFailuresOutliveTheirIncident":  waitingFailuresOutliveTheirIncident,
	"FailuresOfTwoIncidentsOutliveOne":     failuresOfTwoIncidentsOutliveOne,
	"MergedIncidentsAreDropped":            mergedIncidentsAreDropped,
	"BudgetsOutliveRetention":              budgetsOutliveRetention,
	"SignalsBeyondTheirSizeAreDropped":     signalsBeyondTheirSizeAreDropped,
	"ResolvedIncidentsGoFirst":             resolvedIncidentsGoFirst,
	"LargeIncidentsAreTrimmed":             largeIncidentsAreTrimmed,
}

// retainIncidents keeps incidents for a month, a month and a day later.
func retainIncidents(t *testing.T, s store.Store) {
	t.Helper()
	_, err := s.Retain(t.Context(), store.Retention{Incidents: 30 * day}, time.Now().Add(31*day))
	require.NoError(t, err)
}

// resolveAll resolves all incidents.
func resolveAll(t *testing.T, s store.Store) {
	t.Helper()
	_, err := s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
}

func oldFailuresOfOpenIncidentsAreTrimmed(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	open(t, s, "b", root("r", "payment"))
	analyse(t, s, "first")
	before := incidentOf(t, s, id)
	retainIncidents(t, s)
	assert.Equal(t, before, incidentOf(t, s, id), "it says what it said")
	assert.Empty(t, keysIn(t, s, id))
	keys, total, err := s.IncidentKeys(t.Context(), tenant, id, 10)
	require.NoError(t, err)
	assert.Empty(t, keys)
	assert.Equal(t, 2, total)
	_, err = s.Failure(t.Context(), tenant, keyOf("a"))
	require.ErrorIs(t, err, store.ErrNotFound)

	assert.Equal(t, id, open(t, s, "c", root("r", "payment")))
	retainIncidents(t, s)
	assert.Equal(t, id, open(t, s, "d", root("r", "payment")))
	in := incidentOf(t, s, id)
	assert.Equal(t, 4, in.FailingTraces)
	assert.Equal(t, 8, in.ErrorSignals)
	assert.Equal(t, []string{keyOf("d")}, keysIn(t, s, id))
	reclassify(t, s, policy, "d", root("other", "payment"))
	assert.Equal(t, 3, incidentOf(t, s, id).FailingTraces, "counted again")
}

func trimmedCountsFollowTheirRoot(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	younger := open(t, s, "b", root("r2", "payment"))
	open(t, s, "c", root("r2", "payment"))
	before, beforeOlder := incidentOf(t, s, younger), incidentOf(t, s, older)
	retainIncidents(t, s)
	open(t, s, "d", root("r1", "payment"))
	merge(t, s, older, younger)
	in := incidentOf(t, s, older)
	assert.Equal(t, 4, in.FailingTraces)
	assert.Equal(t, 4, in.Errors)
	assert.Equal(t, 8, in.ErrorSignals)
	retainIncidents(t, s)
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto, "what a user said holds")

	_, err := s.SplitIncident(t.Context(), tenant, younger)
	require.NoError(t, err)
	assert.Equal(t, 2, incidentOf(t, s, older).FailingTraces)
	assert.Equal(t, beforeOlder.FirstSeen, incidentOf(t, s, older).FirstSeen)
	in = incidentOf(t, s, younger)
	assert.Equal(t, 2, in.FailingTraces)
	assert.Equal(t, before.ErrorSignals, in.ErrorSignals)
	assert.Equal(t, before.LastFailureAt, in.LastFailureAt)
}

func supersededAnalysesAreDropped(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	for i, name := range []string{"first", "shared", "newest"} {
		if i > 0 {
			require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		}
		publish(t, s, withAgents(name, incident.AgentsPending))
		said := incident.Agents{State: incident.AgentsDone, Transcript: "talk about " + name}
		require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], store.AgentsRecord{Agents: said, Transcript: []byte("talk")}))
	}
	other := open(t, s, "b", root("r2", "payment"))
	analyse(t, s, "shared")
	retainIncidents(t, s)

	revisions, err := s.Revisions(t.Context(), tenant, id)
	require.NoError(t, err)
	require.Len(t, revisions, 1)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, 3, a.Revision)
	assert.Equal(t, "talk about newest", a.Agents.Transcript)
	_, err = s.Analysis(t.Context(), tenant, id, 1)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Analysis(t.Context(), tenant, other, 0)
	require.NoError(t, err)
	for name, kept := range map[string]bool{"first": false, "shared": true, "newest": true} {
		_, err := s.Case(t.Context(), tenant, analysisOf(name).Analysis.InputDigest)
		assert.Equal(t, kept, err == nil, name)
		_, err = s.Transcript(t.Context(), tenant, "talk about "+name)
		assert.Equal(t, name == "newest", err == nil, name)
	}
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	analyse(t, s, "after")
	a, err = s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, 4, a.Revision)
}

func waitingFailuresOutliveTheirIncident(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	open(t, s, "b", root("r", "payment"))
	resolveAll(t, s)
	appendAll(t, s, requestOf(tenant, span("a", "late", "gateway")))
	retainIncidents(t, s)
	_, err := s.Incident(t.Context(), tenant, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Failure(t.Context(), tenant, keyOf("b"))
	require.ErrorIs(t, err, store.ErrNotFound)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureWaiting, f.State)
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("a"): {root("r", "payment")}})
	require.Len(t, changes, 1, "it is still to be classified")
	assert.Equal(t, 1, incidentOf(t, s, changes[0].ID).FailingTraces)
}

func failuresOfTwoIncidentsOutliveOne(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("a"): {root("r1", "payment"), root("r2", "payment")}})
	require.Len(t, changes, 2)
	resolveAll(t, s)
	open(t, s, "b", root("r2", "payment"))
	_, err := s.Retain(t.Context(), store.Retention{IncidentBytes: 1}, time.Now())
	require.NoError(t, err)
	list := incidents(t, s)
	require.Len(t, list, 1, "the other one is resolved")
	assert.Equal(t, 2, list[0].FailingTraces)
	assert.ElementsMatch(t, []string{keyOf("a"), keyOf("b")}, keysIn(t, s, list[0].ID))
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, []string{list[0].ID}, f.Incidents)
}

func mergedIncidentsAreDropped(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("whole", "payment"))
	younger := open(t, s, "b", root("partial", "gateway"))
	reclassify(t, s, policy, "b", root("whole", "payment"))
	require.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	retainIncidents(t, s)
	_, err := s.Incident(t.Context(), tenant, younger)
	require.ErrorIs(t, err, store.ErrNotFound)
	assert.Equal(t, 2, incidentOf(t, s, older).FailingTraces)
}

func budgetsOutliveRetention(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	for range 3 {
		_, err := s.Reserve(t.Context(), tenant, id, store.Spend{Tokens: 10}, store.SpendLimits{})
		require.NoError(t, err)
	}
	done, err := s.Retain(t.Context(), store.Retention{}, time.Now().Add(2*day))
	require.NoError(t, err)
	assert.Zero(t, done.Dropped)
	_, err = s.Reserve(t.Context(), tenant, id, store.Spend{Tokens: 1}, store.SpendLimits{Incident: store.Spend{Tokens: 30}})
	require.ErrorAs(t, err, new(*store.BudgetError))
	_, err = s.Reserve(t.Context(), tenant, id, store.Spend{Tokens: 1}, store.SpendLimits{Incident: store.Spend{Tokens: 31}})
	require.NoError(t, err)
}

func signalsBeyondTheirSizeAreDropped(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	id := open(t, s, "b", root("r", "payment"))
	for _, days := range []time.Duration{0, 1} {
		done, err := s.Retain(t.Context(), store.Retention{SignalBytes: 1}, time.Now().Add(days*day))
		require.NoError(t, err)
		assert.Zero(t, done.Dropped, "neither today's nor yesterday's go")
		assert.Greater(t, done.SignalBytes, int64(1))
	}
	done, err := s.Retain(t.Context(), store.Retention{SignalBytes: 1 << 40}, time.Now().Add(5*day))
	require.NoError(t, err)
	assert.Zero(t, done.Dropped)
	assert.Less(t, done.SignalBytes, int64(1<<40))
	require.Len(t, loaded(t, s, tenant, keyOf("a")).Spans, 1)

	done, err = s.Retain(t.Context(), store.Retention{SignalBytes: 1}, time.Now().Add(5*day))
	require.NoError(t, err)
	assert.Positive(t, done.Dropped)
	assert.Empty(t, loaded(t, s, tenant, keyOf("a")).Spans)
	incidentOf(t, s, id)
	appendAll(t, s, requestOf(tenant, failing("c", "op", "payment")))
	assert.Len(t, loaded(t, s, tenant, keyOf("c")).Spans, 1)
}

func resolvedIncidentsGoFirst(t *testing.T, s store.Store) {
	first := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	resolveAll(t, s)
	second := open(t, s, "b", root("r2", "payment"))
	analyse(t, s, "second")
	resolveAll(t, s)
	third := open(t, s, "c", root("r3", "payment"))
	analyse(t, s, "third")
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, third))
	analyse(t, s, "fourth")
	policy := store.Retention{IncidentBytes: 1 << 40}
	all, err := s.Retain(t.Context(), policy, time.Now())
	require.NoError(t, err)
	assert.Zero(t, all.Dropped)
	require.Positive(t, all.IncidentBytes)

	ids := func() (ids []string) {
		for _, in := range incidents(t, s) {
			ids = append(ids, in.ID)
		}
		return ids
	}
	policy.IncidentBytes = all.IncidentBytes - 1
	less, err := s.Retain(t.Context(), policy, time.Now())
	require.NoError(t, err)
	assert.Less(t, less.IncidentBytes, all.IncidentBytes)
	assert.ElementsMatch(t, []string{second, third}, ids(), "the one resolved longest ago goes, and no more")
	_, err = s.Analysis(t.Context(), tenant, first, 0)
	require.ErrorIs(t, err, store.ErrNotFound)

	least, err := s.Retain(t.Context(), store.Retention{IncidentBytes: 1}, time.Now())
	require.NoError(t, err)
	assert.Equal(t, []string{third}, ids(), "open ones stay")
	revisions, err := s.Revisions(t.Context(), tenant, third)
	require.NoError(t, err)
	require.Len(t, revisions, 1, "with their newest analysis")
	_, err = s.Case(t.Context(), tenant, revisions[0].InputDigest)
	require.NoError(t, err)
	again, err := s.Retain(t.Context(), store.Retention{IncidentBytes: 1}, time.Now())
	require.NoError(t, err)
	assert.Equal(t, store.Retained{IncidentBytes: least.IncidentBytes}, again, "what went was counted as it was measured")
}

// largeIncidentsAreTrimmed has an incident with more failures than one keeps, and one with few.
func largeIncidentsAreTrimmed(t *testing.T, s store.Store) {
	const failures = ledger.KeptFailures + 20
	small := open(t, s, "small", root("other", "payment"))
	roots, records, hints := map[string][]incident.Root{}, []any{}, []store.FailureHint{}
	for i := range failures {
		name := fmt.Sprint("trace ", i)
		r := root("r", "payment")
		r.Onset += signal.Nanos(i)
		records = append(records, failing(name, "op", "payment"))
		hints = append(hints, store.FailureHint{Tenant: tenant, Key: keyOf(name)})
		roots[keyOf(name)] = []incident.Root{r}
	}
	appendAll(t, s, requestOf(tenant, records...))
	_, err := s.UpsertFailures(t.Context(), hints)
	require.NoError(t, err)
	var large string
	for range 2 { // one claim takes a thousand
		large = classify(t, s, policy, roots)[0].ID
	}
	require.Equal(t, failures, incidentOf(t, s, large).FailingTraces)
	_, err = s.Retain(t.Context(), store.Retention{IncidentBytes: 1}, time.Now())
	require.NoError(t, err)
	keys, total, err := s.IncidentKeys(t.Context(), tenant, large, failures)
	require.NoError(t, err)
	assert.Equal(t, failures, total)
	require.Len(t, keys, ledger.KeptFailures)
	assert.Equal(t, keyOf("trace 20"), keys[0], "the oldest went")
	assert.Equal(t, failures, incidentOf(t, s, large).FailingTraces)
	assert.Len(t, keysIn(t, s, small), 1)
}
