package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var classifying = map[string]func(*testing.T, store.Store){
	"ClassificationOpensAnIncident":     classificationOpensAnIncident,
	"SameRootJoins":                     sameRootJoins,
	"RootsThatTellLessAreTaken":         rootsThatTellLessAreTaken,
	"SharedCausesAreMerged":             sharedCausesAreMerged,
	"NearDuplicatesAreJoined":           nearDuplicatesAreJoined,
	"NearDuplicatesAreSplit":            nearDuplicatesAreSplit,
	"NearDuplicatesAreJoinedOnce":       nearDuplicatesAreJoinedOnce,
	"ReclassificationChangesNoCount":    reclassificationChangesNoCount,
	"TwoCausesAreTwoIncidents":          twoCausesAreTwoIncidents,
	"DismissedFailuresAreUnlinked":      dismissedFailuresAreUnlinked,
	"WithdrawnIncidentOpensAgain":       withdrawnIncidentOpensAgain,
	"GrowthTriggers":                    growthTriggers,
	"NewScopeTriggers":                  newScopeTriggers,
	"QuietIncidentsResolveAndRegress":   quietIncidentsResolveAndRegress,
	"WaitingFailuresMayBelongToAnyone":  waitingFailuresMayBelongToAnyone,
	"LateSignalsTriggerOnceAMinute":     lateSignalsTriggerOnceAMinute,
	"RepeatedDeliveryIsNoLateSignal":    repeatedDeliveryIsNoLateSignal,
	"NoLateTriggerBeyondTheWindow":      noLateTriggerBeyondTheWindow,
	"MovedRootRekeys":                   movedRootRekeys,
	"MovedRootMergesIntoTheOlder":       movedRootMergesIntoTheOlder,
	"RedirectsEndAtTheSurvivor":         redirectsEndAtTheSurvivor,
	"MovedRootSurvivesInTheOlder":       movedRootSurvivesInTheOlder,
	"RekeyedIncidentLosesItsLease":      rekeyedIncidentLosesItsLease,
	"MovedFailureLeavesOthers":          movedFailureLeavesOthers,
	"FloodIsUngrouped":                  floodIsUngrouped,
	"TimeoutsJoinTheUnavailable":        timeoutsJoinTheUnavailable,
	"MissingParentIsProvisional":        missingParentIsProvisional,
	"SeverityIsTheWorst":                severityIsTheWorst,
	"SeverityIsOfNow":                   severityIsOfNow,
	"KeysAreSpreadEvenly":               keysAreSpreadEvenly,
	"TenantsHaveTheirOwnIncidents":      tenantsHaveTheirOwnIncidents,
	"IncidentsAreListedAndFiltered":     incidentsAreListedAndFiltered,
	"IncidentListingPages":              incidentListingPages,
	"FailuresOfAnIncidentPage":          failuresOfAnIncidentPage,
	"ConcurrentClassificationsGroupOne": concurrentClassificationsGroupOne,
}

func classificationOpensAnIncident(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	assert.Len(t, id, 32)
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.StatusOpen, in.Status)
	assert.Equal(t, incident.SeverityHigh, in.Severity)
	assert.Equal(t, incident.CategoryCodeException, in.Category)
	assert.Equal(t, incident.RootSummary{
		Service: "payment", Component: "payment", Operation: "POST /pay", Category: incident.CategoryCodeException, Kind: incident.KindCode,
	}, in.RootCause)
	assert.Equal(t, root("r1", "payment").Parts, in.SignatureParts)
	assert.Equal(t, "r1", in.RootSignature)
	assert.Equal(t, 1, in.FailingTraces)
	assert.Equal(t, 2, in.ErrorSignals)
	assert.Equal(t, 1, in.Errors)
	assert.Equal(t, "Exception in payment", in.Title)
	assert.Equal(t, []string{"gateway"}, in.Services)
	assert.Equal(t, []string{"prod"}, in.Environments)
	assert.Equal(t, incident.AnalysisPending, in.AnalysisState)
	assert.True(t, in.Provisional)
	assert.True(t, eventTime.Equal(in.FirstSeen))
	assert.True(t, eventTime.Add(time.Second).Equal(in.LastSeen))
	assert.WithinDuration(t, time.Now(), in.OpenedAt, time.Minute)
	assert.Nil(t, in.ResolvedAt)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureClassified, f.State)
	assert.Equal(t, incident.OutcomeFailed, f.Outcome)
	assert.Equal(t, "gateway", f.EntryService)
	assert.Equal(t, []string{id}, f.Incidents)
}

func sameRootJoins(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	r.Onset = signal.NanosOf(eventTime.Add(-time.Hour))
	assert.Equal(t, id, open(t, s, "b", r))
	in := incidentOf(t, s, id)
	assert.Equal(t, 2, in.FailingTraces)
	assert.Equal(t, 4, in.ErrorSignals)
	assert.Equal(t, 2, in.Errors)
	assert.True(t, eventTime.Add(-time.Hour).Equal(in.FirstSeen))
	assert.Len(t, incidents(t, s), 1)
}

// rootsThatTellLessAreTaken checks the keys of failures that name less of an incident's cause, whichever was seen
// first.
func rootsThatTellLessAreTaken(t *testing.T, s store.Store) {
	named := rootOfStore("mongo-0", "mongodb of orders")
	less := root("mongodb of orders", "orders")
	id := open(t, s, "a", named)
	assert.Equal(t, id, open(t, s, "b", less))
	assert.Equal(t, 2, incidentOf(t, s, id).FailingTraces)
	assert.Len(t, incidents(t, s), 1)

	open(t, s, "c", rootOfStore("mongo-1", "mongodb of orders"))
	assert.Equal(t, id, open(t, s, "d", less), "it leads to the incident that it has led to before")

	first := open(t, s, "e", root("redis of cart", "cart"))
	assert.Equal(t, first, open(t, s, "f", rootOfStore("cart-cache", "redis of cart")), "what names less was seen first")
	assert.Equal(t, "cart-cache", incidentOf(t, s, first).RootSignature)
	assert.Equal(t, first, open(t, s, "g", root("redis of cart", "cart")))
	assert.Equal(t, 3, incidentOf(t, s, first).FailingTraces)
}

// rootOfStore is the root of a store that cannot be reached, of which some failures name less.
func rootOfStore(signature, less string) incident.Root {
	r := root(signature, "orders")
	r.Takes, r.KnownAs = []string{less}, []string{less}
	return r
}

// sharedCausesAreMerged checks that a failure which shows that two open incidents have one cause makes them one, and
// that a user can undo that.
func sharedCausesAreMerged(t *testing.T, s store.Store) {
	wait := root("nothing of payment", "payment")
	wait.KnownAs = []string{"wait for payment"}
	older := open(t, s, "a", wait)
	younger := open(t, s, "b", root("db", "payment"))
	bridge := root("db", "payment")
	bridge.Takes, bridge.KnownAs = []string{"wait for payment"}, []string{"behind db"}
	bridge.Parts.Kind = incident.KindDependency
	wait.Parts.Kind = incident.KindUnknown
	fail(t, s, "c", "payment")
	classify(t, s, policy, map[string][]incident.Root{keyOf("c"): {bridge}})
	in := incidentOf(t, s, older)
	assert.Empty(t, in.MergedInto)
	assert.Equal(t, "db", in.RootSignature, "the root that tells more")
	assert.Equal(t, 3, in.FailingTraces)
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	wait.Joins = []string{"behind db"}
	assert.Equal(t, older, open(t, s, "d", wait))
	assert.Equal(t, older, open(t, s, "e", bridge))

	_, err := s.SplitIncident(t.Context(), tenant, younger)
	require.NoError(t, err)
	assert.Equal(t, "nothing of payment", incidentOf(t, s, younger).RootSignature)
	assert.Equal(t, 2, incidentOf(t, s, younger).FailingTraces)
	assert.Equal(t, 3, incidentOf(t, s, older).FailingTraces)
	assert.Equal(t, younger, open(t, s, "f", wait), "a user keeps them apart")
	assert.Equal(t, older, open(t, s, "g", bridge))
	assert.Len(t, incidents(t, s), 2)
}

// reclassify makes a failure wait and classifies it anew.
func reclassify(t *testing.T, s store.Store, p incident.Policy, trace string, roots ...incident.Root) []store.IncidentChange {
	t.Helper()
	appendAll(t, s, requestOf(tenant, span(trace, fmt.Sprint("late ", time.Now().UnixNano()), "gateway")))
	return classify(t, s, p, map[string][]incident.Root{keyOf(trace): roots})
}

func reclassificationChangesNoCount(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	before := incidentOf(t, s, id)
	for range 3 {
		reclassify(t, s, policy, "a", r)
	}
	in := incidentOf(t, s, id)
	assert.Equal(t, before.FailingTraces, in.FailingTraces)
	assert.Equal(t, before.ErrorSignals, in.ErrorSignals)
	assert.Equal(t, before.Errors, in.Errors)
	r.Errors, r.ErrorSignals = 3, 7
	reclassify(t, s, policy, "a", r)
	in = incidentOf(t, s, id)
	assert.Equal(t, 3, in.Errors, "what was found later counts")
	assert.Equal(t, 7, in.ErrorSignals)
	assert.Equal(t, 1, in.FailingTraces)
}

func twoCausesAreTwoIncidents(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("a"): {root("r1", "payment"), root("r2", "inventory")}})
	require.Len(t, changes, 2)
	assert.Len(t, incidents(t, s), 2)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{changes[0].ID, changes[1].ID}, f.Incidents)
}

func dismissedFailuresAreUnlinked(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	open(t, s, "b", r)
	reclassify(t, s, policy, "a")
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureDismissed, f.State)
	assert.Equal(t, incident.DismissRecovered, f.Reason)
	assert.Empty(t, f.Incidents)
	in := incidentOf(t, s, id)
	assert.Equal(t, 1, in.FailingTraces)
	assert.Equal(t, 2, in.ErrorSignals)
}

func withdrawnIncidentOpensAgain(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	reclassify(t, s, policy, "a")
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.StatusResolved, in.Status)
	assert.Zero(t, in.FailingTraces)
	assert.Empty(t, incidents(t, s), "none of its failures was one")
	assert.Empty(t, analyse(t, s, "nothing to analyse"))
	assert.Equal(t, id, open(t, s, "b", r))
	in = incidentOf(t, s, id)
	assert.Equal(t, incident.StatusOpen, in.Status)
	assert.Nil(t, in.ResolvedAt)
	assert.Equal(t, incident.ReasonOpened, claimIncident(t, s, "w").Reason)
}

func growthTriggers(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "0", r)
	analyse(t, s, "one trace")
	for i := 1; i < 100; i++ {
		open(t, s, strconv.Itoa(i), r)
		claims := analyse(t, s, fmt.Sprint(i+1, " traces"))
		if i+1 == 10 || i+1 == 100 {
			require.Len(t, claims, 1, "%d traces", i+1)
			assert.Equal(t, incident.ReasonGrew, claims[0].Reason)
		} else {
			require.Empty(t, claims, "%d traces", i+1)
		}
	}
	assert.Equal(t, 100, incidentOf(t, s, id).FailingTraces)
}

func newScopeTriggers(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "0", r)
	analyse(t, s, "first")
	for name, widen := range map[string]func(*incident.Classification){
		"service":     func(c *incident.Classification) { c.Services = []string{"checkout", "gateway"} },
		"environment": func(c *incident.Classification) { c.Environments = []string{"staging"} },
		"version":     func(c *incident.Classification) { c.Versions = []string{"gateway@2"} },
	} {
		fail(t, s, name, "payment")
		f := claim(t, s, "w")[0]
		c := classified(f.Key, r)
		widen(&c)
		changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, policy)
		require.NoError(t, err)
		require.Equal(t, []store.IncidentChange{{ID: id, Triggered: true}}, changes)
		claims := analyse(t, s, name)
		require.Len(t, claims, 1)
		assert.Equal(t, incident.ReasonNewScope, claims[0].Reason, name)
	}
	in := incidentOf(t, s, id)
	assert.Equal(t, []string{"checkout", "gateway"}, in.Services)
	assert.Equal(t, []string{"prod", "staging"}, in.Environments)
	assert.Equal(t, []string{"gateway@1", "gateway@2"}, in.Versions)
}

func quietIncidentsResolveAndRegress(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	analyse(t, s, "first")
	changes, err := s.ResolveQuiet(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	assert.Empty(t, changes, "it failed a moment ago")
	changes, err = s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, []store.IncidentChange{{ID: id}}, changes)
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.StatusResolved, in.Status)
	require.NotNil(t, in.ResolvedAt)
	assert.WithinDuration(t, time.Now(), *in.ResolvedAt, time.Minute)
	changes, err = s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	assert.Empty(t, changes, "resolved once")

	reclassify(t, s, policy, "a", r)
	assert.Equal(t, incident.StatusResolved, incidentOf(t, s, id).Status, "an old failure is no regression")
	assert.Equal(t, id, open(t, s, "b", r))
	in = incidentOf(t, s, id)
	assert.Equal(t, incident.StatusRegressed, in.Status)
	assert.Nil(t, in.ResolvedAt)
	assert.Equal(t, incident.ReasonRegressed, claimIncident(t, s, "w").Reason)
	changes, err = s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	assert.Len(t, changes, 1, "a regressed one resolves too")
}

// waitingFailuresMayBelongToAnyone has failures wait long to be classified, as without workers.
func waitingFailuresMayBelongToAnyone(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	fail(t, s, "waits", "payment")
	held := claim(t, s, "slow")
	id := open(t, s, "a", r)
	analyse(t, s, "first")
	changes, err := s.ResolveQuiet(t.Context(), time.Now())
	require.NoError(t, err)
	assert.Empty(t, changes, "it is known no further than to the failure that waits")
	save := func(roots ...incident.Root) {
		t.Helper()
		_, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: held[0], Classification: classified(held[0].Key, roots...)}}, policy)
		require.NoError(t, err)
	}
	save()
	changes, err = s.ResolveQuiet(t.Context(), time.Now())
	require.NoError(t, err)
	assert.Len(t, changes, 1)

	fail(t, s, "b", "payment")
	held = claim(t, s, "slow")
	save(r)
	assert.Equal(t, incident.StatusRegressed, incidentOf(t, s, id).Status)
	analyse(t, s, "second")
	fail(t, s, "c", "payment")
	held = claim(t, s, "slow")
	changes, err = s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, changes, 1)
	save(r)
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.StatusRegressed, in.Status, "it failed once more than was known when it was resolved")
	assert.Nil(t, in.ResolvedAt)
	assert.Equal(t, incident.ReasonRegressed, claimIncident(t, s, "w").Reason)
}

func lateSignalsTriggerOnceAMinute(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	reclassify(t, s, policy, "a", r)
	assert.Equal(t, incident.ReasonOpened, claimIncident(t, s, "w").Reason, "an analysis that has not begun will see them")

	other := open(t, s, "b", root("r2", "payment"))
	analyse(t, s, "first")
	changes := reclassify(t, s, policy, "b", root("r2", "payment"))
	require.Len(t, changes, 1)
	assert.False(t, changes[0].Triggered, "it is not due yet")
	in := incidentOf(t, s, other)
	assert.Equal(t, int64(1), in.Wanted-in.Done)
	assert.True(t, in.Provisional)
	assert.Equal(t, incident.ReasonLateSignals, in.WantReason)
	assert.WithinRange(t, in.WantDue, time.Now().Add(30*time.Second), time.Now().Add(time.Minute))
	assert.Empty(t, analyse(t, s, "too early"))
	reclassify(t, s, policy, "b", root("r2", "payment"))
	again := incidentOf(t, s, other)
	assert.Equal(t, in.Wanted, again.Wanted, "one waits already")

	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, other))
	c := claimIncident(t, s, "w")
	assert.Equal(t, other, c.Incident.ID, "a user need not wait")
	reclassify(t, s, policy, "b", root("r2", "payment"))
	_, err := s.SaveAnalysis(t.Context(), c, analysisOf("second"))
	require.NoError(t, err)
	in = incidentOf(t, s, other)
	assert.Equal(t, int64(1), in.Wanted-in.Done, "what came while it ran is not lost")
	assert.WithinRange(t, in.WantDue, time.Now().Add(90*time.Second), time.Now().Add(2*time.Minute))
	assert.NotEqual(t, id, other)
}

func repeatedDeliveryIsNoLateSignal(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	batch := requestOf(tenant, failing("a", "POST /pay", "payment"), logOf("a", "boom", "payment", signal.SeverityError))
	deliver := func(batch store.Batch, records string) {
		t.Helper()
		appendAll(t, s, batch)
		claimed := claimSoon(t, s, "w")
		result := store.Classified{Failure: claimed[0], Classification: classified(keyOf("a"), r), Records: records}
		_, err := s.SaveClassifications(t.Context(), []store.Classified{result}, policy)
		require.NoError(t, err)
	}
	appendAll(t, s, batch)
	upsert(t, s, store.FailureHint{Key: keyOf("a")})
	deliver(batch, "the first two")
	id := incidents(t, s)[0].ID
	analyse(t, s, "first")
	in := incidentOf(t, s, id)
	failed, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	report, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	require.False(t, report.Provisional)
	for range 5 {
		deliver(batch, "the first two")
		assert.Equal(t, in, incidentOf(t, s, id))
		again, err := s.Failure(t.Context(), tenant, keyOf("a"))
		require.NoError(t, err)
		assert.Equal(t, failed, again)
		same, err := s.Analysis(t.Context(), tenant, id, 0)
		require.NoError(t, err)
		assert.Equal(t, report, same)
	}
	deliver(requestOf(tenant, span("a", "late", "gateway")), "three now")
	assert.Equal(t, incident.ReasonLateSignals, incidentOf(t, s, id).WantReason)
	assert.Equal(t, 1, incidentOf(t, s, id).LateRuns, "repeats did not lengthen its wait")
}

func noLateTriggerBeyondTheWindow(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	analyse(t, s, "first")
	reclassify(t, s, incident.Policy{LateWindow: 0}, "a", r)
	in := incidentOf(t, s, id)
	assert.Equal(t, in.Wanted, in.Done)
	assert.False(t, in.Provisional)
}

func movedRootRekeys(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("partial", "gateway"))
	analyse(t, s, "first")
	changes := reclassify(t, s, policy, "a", root("whole", "payment"))
	assert.Equal(t, []store.IncidentChange{{ID: id, Triggered: true}}, changes)
	require.Len(t, incidents(t, s), 1)
	in := incidentOf(t, s, id)
	assert.Equal(t, "whole", in.RootSignature)
	assert.Equal(t, "payment", in.RootCause.Service)
	assert.Equal(t, 1, in.FailingTraces)
	assert.Equal(t, 2, in.ErrorSignals)
	c := claimIncident(t, s, "w")
	assert.Equal(t, id, c.Incident.ID)
	assert.Equal(t, incident.ReasonLateSignals, c.Reason)
	assert.NotEqual(t, id, open(t, s, "b", root("partial", "gateway")), "its old root is free")
}

func movedRootMergesIntoTheOlder(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("whole", "payment"))
	younger := open(t, s, "b", root("partial", "gateway"))
	analyse(t, s, "first")
	reclassify(t, s, policy, "b", root("whole", "payment"))
	list := incidents(t, s)
	require.Len(t, list, 1)
	assert.Equal(t, older, list[0].ID)
	assert.Equal(t, 2, list[0].FailingTraces)
	assert.Equal(t, 4, list[0].ErrorSignals)
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	f, err := s.Failure(t.Context(), tenant, keyOf("b"))
	require.NoError(t, err)
	assert.Equal(t, []string{older}, f.Incidents)
	assert.Equal(t, older, claimIncident(t, s, "w").Incident.ID, "the survivor's case changed")
}

func redirectsEndAtTheSurvivor(t *testing.T, s store.Store) {
	survivor := open(t, s, "a", root("r1", "payment"))
	middle := open(t, s, "b", root("r2", "payment"))
	last := open(t, s, "c", root("r3", "payment"))
	reclassify(t, s, policy, "c", root("r2", "payment"))
	require.Equal(t, middle, incidentOf(t, s, last).MergedInto)
	reclassify(t, s, policy, "c", root("r1", "payment"))
	reclassify(t, s, policy, "b", root("r1", "payment"))
	assert.Equal(t, survivor, incidentOf(t, s, middle).MergedInto)
	assert.Equal(t, survivor, incidentOf(t, s, last).MergedInto)
	assert.Equal(t, 3, incidentOf(t, s, survivor).FailingTraces)
}

func movedRootSurvivesInTheOlder(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("partial", "gateway"))
	younger := open(t, s, "b", root("whole", "payment"))
	open(t, s, "c", root("whole", "payment"))
	reclassify(t, s, policy, "a", root("whole", "payment"))
	list := incidents(t, s)
	require.Len(t, list, 1)
	in := list[0]
	assert.Equal(t, older, in.ID, "the older survives")
	assert.Equal(t, "whole", in.RootSignature, "under the root that is true")
	assert.Equal(t, "payment", in.RootCause.Service)
	assert.Equal(t, 3, in.FailingTraces)
	assert.Equal(t, 6, in.ErrorSignals)
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	assert.Equal(t, older, open(t, s, "d", root("whole", "payment")))
	assert.Equal(t, 4, incidentOf(t, s, older).FailingTraces)
	for _, c := range analyse(t, s, "merged") {
		assert.Equal(t, older, c.Incident.ID, "a merged incident is not analysed")
	}
}

func rekeyedIncidentLosesItsLease(t *testing.T, s store.Store) {
	open(t, s, "a", root("partial", "gateway"))
	c := claimIncident(t, s, "w")
	reclassify(t, s, policy, "a", root("whole", "payment"))
	_, err := s.SaveAnalysis(t.Context(), c, analysisOf("of the wrong root"))
	require.ErrorIs(t, err, store.ErrLostLease)
	assert.Equal(t, "whole", claimIncident(t, s, "w").Incident.RootSignature)
}

func movedFailureLeavesOthers(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	open(t, s, "b", root("r1", "payment"))
	reclassify(t, s, policy, "a", root("r2", "inventory"))
	list := incidents(t, s)
	require.Len(t, list, 2, "its other failure keeps its root")
	in := incidentOf(t, s, id)
	assert.Equal(t, "r1", in.RootSignature)
	assert.Equal(t, 1, in.FailingTraces)
}

func floodIsUngrouped(t *testing.T, s store.Store) {
	p := incident.Policy{MaxNewIncidents: 3, LateWindow: time.Minute}
	for i := range 10 {
		fail(t, s, strconv.Itoa(i), "payment")
		classify(t, s, p, map[string][]incident.Root{keyOf(strconv.Itoa(i)): {root(fmt.Sprint("r", i), "payment")}})
	}
	fail(t, s, "other", "inventory")
	classify(t, s, p, map[string][]incident.Root{keyOf("other"): {root("other", "inventory")}})
	var ungrouped []incident.Incident
	list := incidents(t, s)
	for _, in := range list {
		if in.Ungrouped {
			ungrouped = append(ungrouped, in)
		}
	}
	assert.Len(t, list, 3+1+1)
	require.Len(t, ungrouped, 1)
	assert.Equal(t, 7, ungrouped[0].FailingTraces)
	assert.Equal(t, "payment", ungrouped[0].RootCause.Service)
	analyse(t, s, "one of many roots")
	assert.Equal(t, "Many different new failures in payment", incidentOf(t, s, ungrouped[0].ID).Title)
	reclassify(t, s, p, "9", root("r9", "payment"))
	assert.Equal(t, 7, incidentOf(t, s, ungrouped[0].ID).FailingTraces, "it stays there")
	reclassify(t, s, p, "9", root("r0", "payment"))
	assert.Equal(t, 6, incidentOf(t, s, ungrouped[0].ID).FailingTraces, "its root has an incident now")
}

func timeoutsJoinTheUnavailable(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("db unavailable", "payment"))
	timeout := root("db timeout", "payment")
	timeout.Joins = []string{"db unavailable"}
	assert.Equal(t, id, open(t, s, "b", timeout))
	assert.Equal(t, 2, incidentOf(t, s, id).FailingTraces)
	apart := timeout
	apart.Onset = signal.NanosOf(eventTime.Add(24 * time.Hour))
	fail(t, s, "c", "payment")
	f := claim(t, s, "w")[0]
	c := classified(f.Key, apart)
	c.FirstError, c.LastError = apart.Onset, apart.Onset
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, policy)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.NotEqual(t, id, changes[0].ID, "another day's timeout is another matter")
}

func missingParentIsProvisional(t *testing.T, s store.Store) {
	save := func(trace string, p incident.Policy) string {
		fail(t, s, trace, "payment")
		f := claim(t, s, "w")[0]
		c := classified(f.Key, root("root of "+trace, "payment"))
		c.MissingParent = true
		changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, p)
		require.NoError(t, err)
		require.Len(t, changes, 1)
		return changes[0].ID
	}
	young := save("young", policy)
	old := save("old", incident.Policy{LateWindow: 0})
	analyse(t, s, "first")
	assert.True(t, incidentOf(t, s, young).Provisional, "its parent may still come")
	assert.False(t, incidentOf(t, s, old).Provisional)
	for _, in := range incidents(t, s) {
		assert.Equal(t, in.ID == young, in.Provisional)
	}
	a, err := s.Analysis(t.Context(), tenant, young, 0)
	require.NoError(t, err)
	assert.True(t, a.Provisional)

	appendAll(t, s, requestOf(tenant, failing("old", "again", "payment")))
	assert.True(t, incidentOf(t, s, old).Provisional, "its failure waits")
}

func severityIsTheWorst(t *testing.T, s store.Store) {
	r := root("r", "payment")
	var id string
	for i, step := range []struct {
		outcome incident.Outcome
		says    incident.Severity // of its root, where the failure alone says more
		want    incident.Severity
	}{
		{incident.OutcomeDegraded, "", incident.SeverityLow},
		{incident.OutcomeUnknown, incident.SeverityLow, incident.SeverityLow},
		{incident.OutcomeUnknown, "", incident.SeverityMedium},
		{incident.OutcomeFailed, "", incident.SeverityHigh},
		{incident.OutcomeDegraded, "", incident.SeverityHigh},
	} {
		fail(t, s, strconv.Itoa(i), "payment")
		f := claim(t, s, "w")[0]
		r.Severity = step.says
		c := classified(f.Key, r)
		c.Outcome = step.outcome
		changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, policy)
		require.NoError(t, err)
		id = changes[0].ID
		assert.Equal(t, step.want, incidentOf(t, s, id).Severity, "after %s", step.outcome)
	}
}

// failWith makes a failing trace, has it classified as one of an outcome, and returns its incident.
func failWith(t *testing.T, s store.Store, trace string, outcome incident.Outcome) string {
	t.Helper()
	appendAll(t, s, requestOf(tenant, failing(trace, "POST /pay", "payment")))
	upsert(t, s, store.FailureHint{Tenant: tenant, Key: keyOf(trace)})
	f := claim(t, s, "w")[0]
	c := classified(f.Key, root("r", "payment"))
	c.Outcome = outcome
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, policy)
	require.NoError(t, err)
	return changes[0].ID
}

// UnknownSeverities checks that failures of which it is not known what they make of their incident, as those that an
// earlier version saved, make it no less severe than that version said, trimmed or not. exec runs SQL.
func UnknownSeverities(t *testing.T, s store.Store, exec func(sql string)) {
	id := failWith(t, s, "a", incident.OutcomeFailed)
	failWith(t, s, "b", incident.OutcomeDegraded)
	was := func(severity incident.Severity) { exec("UPDATE incidents SET severity = '" + string(severity) + "'") }
	requireSeverity := func(want incident.Severity, why string) {
		t.Helper()
		require.Equal(t, want, incidentOf(t, s, id).Severity, why)
	}
	exec("UPDATE incident_failures SET severity = 0 WHERE key = '" + keyOf("a") + "'")
	for _, severity := range []incident.Severity{incident.SeverityLow, incident.SeverityMedium, incident.SeverityCritical, incident.SeverityHigh} {
		was(severity)
		requireSeverity(severity, "as the earlier version said")
	}
	retainIncidents(t, s)
	requireSeverity(incident.SeverityHigh, "trimmed together with one of which it is known")
	exec("UPDATE trimmed_failures SET severity = 0")
	failWith(t, s, "c", incident.OutcomeDegraded)
	requireSeverity(incident.SeverityHigh, "trimmed by the earlier version")
	retainIncidents(t, s)
	requireSeverity(incident.SeverityHigh, "trimmed by the earlier version, and others since")
	was(incident.SeverityLow)
	failWith(t, s, "d", incident.OutcomeFailed)
	requireSeverity(incident.SeverityHigh, "of what came since")
	exec("UPDATE incident_failures SET severity = 1; UPDATE trimmed_failures SET severity = 1")
	was(incident.SeverityHigh)
	requireSeverity(incident.SeverityLow, "once it is known of all")
}

// severityIsOfNow: what a failure made of its incident before it was classified again counts no more, nor does
// what an analysis said then, but that many failed requests are critical.
func severityIsOfNow(t *testing.T, s store.Store) {
	say := func(trace string, outcome incident.Outcome) string {
		t.Helper()
		return failWith(t, s, trace, outcome)
	}
	report := func(severity incident.Severity) {
		record := analysisOf("says " + string(severity))
		record.Analysis.Severity = severity
		_, err := s.SaveAnalysis(t.Context(), claimIncident(t, s, "w"), record)
		require.NoError(t, err)
	}
	requireSeverity := func(id string, want incident.Severity, why string) {
		t.Helper()
		require.Equal(t, want, incidentOf(t, s, id).Severity, why)
		list, err := s.ListIncidents(t.Context(), tenant, store.IncidentFilter{Severity: want}, store.Page{})
		require.NoError(t, err)
		require.Len(t, list.Items, 1, why)
		require.Equal(t, want, list.Items[0].Severity, why)
	}
	id := say("a", incident.OutcomeUnknown)
	requireSeverity(id, incident.SeverityMedium, "only its logs came")
	report(incident.SeverityMedium)
	say("a", incident.OutcomeDegraded)
	requireSeverity(id, incident.SeverityLow, "its spans show that the request was answered well")

	say("b", incident.OutcomeFailed)
	requireSeverity(id, incident.SeverityHigh, "whatever was reported before")
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	report(incident.SeverityCritical)
	requireSeverity(id, incident.SeverityCritical, "many requests failed, as the analysis counted")
	a, err := s.Analysis(t.Context(), tenant, id, 1)
	require.NoError(t, err)
	assert.Equal(t, incident.SeverityMedium, a.Severity, "a report says what was known at its revision")
	assert.Equal(t, &incident.Now{Severity: incident.SeverityCritical, FailingTraces: 2, ErrorSignals: 4, Errors: 2}, a.Now, "and beside it stands what is now")

	retainIncidents(t, s)
	requireSeverity(id, incident.SeverityCritical, "what retention dropped counts")
	say("c", incident.OutcomeDegraded)
	requireSeverity(id, incident.SeverityCritical, "what retention dropped counts")

	say("d", incident.OutcomeDegraded)
	reclassify(t, s, policy, "d", root("other", "payment"))
	for _, in := range incidents(t, s) {
		if in.ID != id {
			assert.Equal(t, incident.SeverityHigh, in.Severity, "of its own failures")
			merge(t, s, id, in.ID)
		}
	}
	requireSeverity(id, incident.SeverityCritical, "of both, once they are one")
}

func keysAreSpreadEvenly(t *testing.T, s store.Store) {
	const n = 21
	var id string
	for i := range n {
		r := root("r", "payment")
		r.Onset = signal.NanosOf(eventTime.Add(time.Duration(n-i) * time.Minute)) // the last received failed first
		id = open(t, s, strconv.Itoa(i), r)
	}
	keys, total, err := s.IncidentKeys(t.Context(), tenant, id, 5)
	require.NoError(t, err)
	assert.Equal(t, n, total)
	assert.Equal(t, []string{keyOf("20"), keyOf("15"), keyOf("10"), keyOf("5"), keyOf("0")}, keys)
	again, _, err := s.IncidentKeys(t.Context(), tenant, id, 5)
	require.NoError(t, err)
	assert.Equal(t, keys, again)
	all, _, err := s.IncidentKeys(t.Context(), tenant, id, 100)
	require.NoError(t, err)
	assert.Len(t, all, n)
	one, _, err := s.IncidentKeys(t.Context(), tenant, id, 1)
	require.NoError(t, err)
	assert.Equal(t, []string{keyOf("20")}, one)
}

func tenantsHaveTheirOwnIncidents(t *testing.T, s store.Store) {
	for _, tenant := range []string{"a", "b"} {
		appendAll(t, s, requestOf(tenant, failing("t", "op", "payment")))
		upsert(t, s, store.FailureHint{Tenant: tenant, Key: keyOf("t")})
	}
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("t"): {root("r", "payment")}})
	require.Len(t, changes, 2)
	assert.NotEqual(t, changes[0].ID, changes[1].ID)
	for _, c := range changes {
		list, err := s.ListIncidents(t.Context(), c.Tenant, store.IncidentFilter{}, store.Page{})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		assert.Equal(t, c.ID, list.Items[0].ID)
		assert.Equal(t, c.Tenant, list.Items[0].Tenant)
	}
	assert.Empty(t, incidents(t, s))
}

func incidentsAreListedAndFiltered(t *testing.T, s store.Store) {
	payment := open(t, s, "a", root("r1", "payment"))
	odd := root("r2", "inventory")
	odd.Category, odd.Title = incident.CategoryDatabaseLock, `100% of "rows_locked"`
	odd.Routine = &incident.Routine{Failing: 5, Requests: 300, Since: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	inventory := open(t, s, "b", odd)
	assert.Equal(t, odd.Routine, incidentOf(t, s, inventory).Routine)
	assert.Nil(t, incidentOf(t, s, payment).Routine)
	routine, others := true, false
	for name, test := range map[string]struct {
		filter store.IncidentFilter
		want   []string
	}{
		"all":              {store.IncidentFilter{}, []string{payment, inventory}},
		"open":             {store.IncidentFilter{Status: incident.StatusOpen}, []string{payment, inventory}},
		"resolved":         {store.IncidentFilter{Status: incident.StatusResolved}, nil},
		"severity":         {store.IncidentFilter{Severity: incident.SeverityHigh}, []string{payment}},
		"routine":          {store.IncidentFilter{Routine: &routine}, []string{inventory}},
		"no routine":       {store.IncidentFilter{Routine: &others}, []string{payment}},
		"root service":     {store.IncidentFilter{Service: "inventory"}, []string{inventory}},
		"affected service": {store.IncidentFilter{Service: "gateway"}, []string{payment, inventory}},
		"category":         {store.IncidentFilter{Category: incident.CategoryDatabaseLock}, []string{inventory}},
		"title":            {store.IncidentFilter{Query: "EXCEPTION in"}, []string{payment}},
		"wildcards":        {store.IncidentFilter{Query: `0% of "rows_`}, []string{inventory}},
		"no wildcard":      {store.IncidentFilter{Query: "rows%locked"}, nil},
		"from":             {store.IncidentFilter{From: eventTime.Add(time.Hour)}, nil},
		"to":               {store.IncidentFilter{To: eventTime}, nil},
		"around":           {store.IncidentFilter{From: eventTime, To: eventTime.Add(time.Hour)}, []string{payment, inventory}},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := s.ListIncidents(t.Context(), tenant, test.filter, store.Page{})
			require.NoError(t, err)
			var got []string
			for _, in := range list.Items {
				got = append(got, in.ID)
			}
			assert.ElementsMatch(t, test.want, got)
		})
	}
}

func incidentListingPages(t *testing.T, s store.Store) {
	const n = 7
	for i := range n {
		open(t, s, strconv.Itoa(i), root(fmt.Sprint("r", i), "payment"))
	}
	seen := map[string]bool{}
	page := store.Page{Limit: 2}
	var last time.Time
	for {
		list, err := s.ListIncidents(t.Context(), tenant, store.IncidentFilter{}, page)
		require.NoError(t, err)
		for _, in := range list.Items {
			require.NotContains(t, seen, in.ID)
			seen[in.ID] = true
			require.False(t, !last.IsZero() && in.LastSeen.After(last), "newest first")
			last = in.LastSeen
		}
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
		assert.Len(t, list.Items, 2)
	}
	assert.Len(t, seen, n)
	_, err := s.ListIncidents(t.Context(), tenant, store.IncidentFilter{}, store.Page{Cursor: "made up"})
	require.ErrorIs(t, err, store.ErrInvalidCursor)
}

func failuresOfAnIncidentPage(t *testing.T, s store.Store) {
	const n = 5
	var id string
	for i := range n {
		r := root("r", "payment")
		r.Onset = signal.NanosOf(eventTime.Add(time.Duration(i) * time.Minute))
		id = open(t, s, strconv.Itoa(i), r)
	}
	var got []string
	page := store.Page{Limit: 2}
	for {
		list, err := s.IncidentFailures(t.Context(), tenant, id, page)
		require.NoError(t, err)
		for _, f := range list.Items {
			got = append(got, f.Key)
			assert.Equal(t, []string{id}, f.Incidents)
		}
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
	}
	assert.Equal(t, []string{keyOf("4"), keyOf("3"), keyOf("2"), keyOf("1"), keyOf("0")}, got)
	_, err := s.IncidentFailures(t.Context(), tenant, id, store.Page{Cursor: "%"})
	require.ErrorIs(t, err, store.ErrInvalidCursor)
}

// classifyConcurrently has the workers of several processes classify all failures that wait, side by side; rootOf
// is the root of the failure with a key.
func classifyConcurrently(t *testing.T, s store.Store, rootOf func(key string) incident.Root) {
	t.Helper()
	concurrently(6, func(worker int) {
		for {
			list, err := s.ClaimFailures(t.Context(), strconv.Itoa(worker), lease, 2)
			if err != nil || len(list) == 0 {
				assert.NoError(t, err)
				return
			}
			var results []store.Classified
			for _, f := range list {
				results = append(results, store.Classified{Failure: f, Classification: classified(f.Key, rootOf(f.Key))})
			}
			_, err = s.SaveClassifications(t.Context(), results, policy)
			assert.NoError(t, err)
		}
	})
}

func concurrentClassificationsGroupOne(t *testing.T, s store.Store) {
	const n = 30
	for i := range n {
		fail(t, s, strconv.Itoa(i), "payment")
	}
	classifyConcurrently(t, s, func(string) incident.Root { return root("r", "payment") })
	list := incidents(t, s)
	require.Len(t, list, 1)
	assert.Equal(t, n, list[0].FailingTraces)
}
