package storetest

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var identifying = map[string]func(*testing.T, store.Store){
	"RequestedMergeKeepsTheOlder":      requestedMergeKeepsTheOlder,
	"MergedRootsFailuresJoin":          mergedRootsFailuresJoin,
	"MergeCountsFailuresOfBothOnce":    mergeCountsFailuresOfBothOnce,
	"SplitUndoesAMerge":                splitUndoesAMerge,
	"SplitUndoesOneOfSeveralMerges":    splitUndoesOneOfSeveralMerges,
	"SplitTakesAllThatCameWithIt":      splitTakesAllThatCameWithIt,
	"NoMergeOfWhatCannotBe":            noMergeOfWhatCannotBe,
	"NoSplitOfWhatIsOne":               noSplitOfWhatIsOne,
	"MergedIncidentLosesItsLease":      mergedIncidentLosesItsLease,
	"MergeAndClassificationDoNotClash": mergeAndClassificationDoNotClash,
}

func merge(t *testing.T, s store.Store, one, other string) {
	t.Helper()
	_, err := s.MergeIncidents(t.Context(), tenant, one, other)
	require.NoError(t, err)
}

// keysIn are the keys of an incident's failures.
func keysIn(t *testing.T, s store.Store, id string) (keys []string) {
	t.Helper()
	list, err := s.IncidentFailures(t.Context(), tenant, id, store.Page{})
	require.NoError(t, err)
	for _, f := range list.Items {
		keys = append(keys, f.Key)
	}
	return keys
}

func requestedMergeKeepsTheOlder(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	younger := open(t, s, "b", root("r2", "inventory"))
	analyse(t, s, "first")
	done, err := s.MergeIncidents(t.Context(), tenant, younger, older)
	require.NoError(t, err)
	assert.Equal(t, incident.Merge{From: younger, Into: older}, done)
	require.Len(t, incidents(t, s), 1)
	in := incidentOf(t, s, older)
	assert.Equal(t, "r1", in.RootSignature)
	assert.Equal(t, 2, in.FailingTraces)
	assert.Equal(t, 4, in.ErrorSignals)
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	assert.ElementsMatch(t, []string{keyOf("a"), keyOf("b")}, keysIn(t, s, older))
	c := claimIncident(t, s, "w")
	assert.Equal(t, older, c.Incident.ID, "its case changed")
	assert.Equal(t, incident.ReasonRequested, c.Reason)
}

func mergedRootsFailuresJoin(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	merge(t, s, older, open(t, s, "b", root("r2", "payment")))
	assert.Equal(t, older, open(t, s, "c", root("r2", "payment")), "what a user said holds from then on")
	reclassify(t, s, policy, "b", root("r2", "payment"))
	in := incidentOf(t, s, older)
	assert.Equal(t, 3, in.FailingTraces)
	assert.Equal(t, 6, in.ErrorSignals)
	fail(t, s, "d", "payment")
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("d"): {root("r1", "payment"), root("r2", "payment")}})
	require.Len(t, changes, 1, "both roots are of one incident")
	in = incidentOf(t, s, older)
	assert.Equal(t, 4, in.FailingTraces)
	assert.Equal(t, 5, in.Errors)
}

func mergeCountsFailuresOfBothOnce(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf("a"): {root("r1", "payment"), root("r2", "payment")}})
	require.Len(t, changes, 2)
	merge(t, s, changes[0].ID, changes[1].ID)
	list := incidents(t, s)
	require.Len(t, list, 1)
	assert.Equal(t, 1, list[0].FailingTraces)
	assert.Equal(t, 2, list[0].Errors)
	assert.Equal(t, 4, list[0].ErrorSignals)
	reclassify(t, s, policy, "a", root("r1", "payment"), root("r2", "payment"))
	again := incidentOf(t, s, list[0].ID)
	assert.Equal(t, 1, again.FailingTraces)
	assert.Equal(t, 2, again.Errors, "as a classification counts it")
}

func splitUndoesAMerge(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	younger := open(t, s, "b", root("r2", "payment"))
	before, beforeOlder := incidentOf(t, s, younger), incidentOf(t, s, older)
	merge(t, s, older, younger)
	open(t, s, "c", root("r2", "payment"))
	analyse(t, s, "merged")
	done, err := s.SplitIncident(t.Context(), tenant, younger)
	require.NoError(t, err)
	assert.Equal(t, incident.Split{From: older, To: younger}, done)
	in := incidentOf(t, s, younger)
	assert.Empty(t, in.MergedInto)
	assert.Equal(t, "r2", in.RootSignature)
	assert.Equal(t, before.Title, in.Title)
	assert.Equal(t, 2, in.FailingTraces, "what came since is its own as well")
	assert.ElementsMatch(t, []string{keyOf("b"), keyOf("c")}, keysIn(t, s, younger))
	assert.Equal(t, []string{keyOf("a")}, keysIn(t, s, older))
	assert.Equal(t, beforeOlder.FirstSeen, incidentOf(t, s, older).FirstSeen)
	assert.Equal(t, beforeOlder.ErrorSignals, incidentOf(t, s, older).ErrorSignals)
	assert.Equal(t, younger, open(t, s, "d", root("r2", "payment")))
	assert.Len(t, analyse(t, s, "split"), 2, "both have another case now")
}

func splitUndoesOneOfSeveralMerges(t *testing.T, s store.Store) {
	first := open(t, s, "a", root("r1", "payment"))
	second := open(t, s, "b", root("r2", "payment"))
	third := open(t, s, "c", root("r3", "payment"))
	merge(t, s, second, third)
	merge(t, s, first, second)
	require.Equal(t, first, incidentOf(t, s, third).MergedInto)
	open(t, s, "d", root("r3", "payment"))
	require.Equal(t, 4, incidentOf(t, s, first).FailingTraces)

	_, err := s.SplitIncident(t.Context(), tenant, second)
	require.NoError(t, err)
	assert.Equal(t, second, incidentOf(t, s, third).MergedInto, "what was merged into it goes with it")
	assert.ElementsMatch(t, []string{keyOf("b"), keyOf("c"), keyOf("d")}, keysIn(t, s, second))
	assert.Equal(t, second, open(t, s, "e", root("r3", "payment")))
	_, err = s.SplitIncident(t.Context(), tenant, third)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{keyOf("c"), keyOf("d"), keyOf("e")}, keysIn(t, s, third))
	assert.Equal(t, []string{keyOf("b")}, keysIn(t, s, second))
}

func splitTakesAllThatCameWithIt(t *testing.T, s store.Store) {
	var ids []string
	for i := range 5 {
		ids = append(ids, open(t, s, strconv.Itoa(i), root(fmt.Sprint("r", i), "payment")))
	}
	merge(t, s, ids[2], ids[3])
	merge(t, s, ids[1], ids[2])
	merge(t, s, ids[1], ids[4])
	_, err := s.SplitIncident(t.Context(), tenant, ids[4])
	require.NoError(t, err)
	merge(t, s, ids[0], ids[4])
	merge(t, s, ids[0], ids[1])
	_, err = s.SplitIncident(t.Context(), tenant, ids[1])
	require.NoError(t, err)
	assert.Equal(t, ids[1], incidentOf(t, s, ids[2]).MergedInto)
	assert.Equal(t, ids[1], incidentOf(t, s, ids[3]).MergedInto, "it came with what was merged into the other")
	assert.Equal(t, ids[0], incidentOf(t, s, ids[4]).MergedInto, "it was split off before")
	assert.ElementsMatch(t, []string{keyOf("1"), keyOf("2"), keyOf("3")}, keysIn(t, s, ids[1]))
	assert.ElementsMatch(t, []string{keyOf("0"), keyOf("4")}, keysIn(t, s, ids[0]))
}

func noMergeOfWhatCannotBe(t *testing.T, s store.Store) {
	one := open(t, s, "a", root("r1", "payment"))
	other := open(t, s, "b", root("r2", "payment"))
	for name, ids := range map[string][2]string{"itself": {one, one}, "unknown": {one, "nobody"}} {
		_, err := s.MergeIncidents(t.Context(), tenant, ids[0], ids[1])
		require.Error(t, err, name)
	}
	_, err := s.MergeIncidents(t.Context(), "other", one, other)
	require.ErrorIs(t, err, store.ErrNotFound)
	merge(t, s, one, other)
	_, err = s.MergeIncidents(t.Context(), tenant, one, other)
	require.ErrorContains(t, err, "is merged into")
	assert.Equal(t, 2, incidentOf(t, s, one).FailingTraces)
}

func noSplitOfWhatIsOne(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("whole", "payment"))
	_, err := s.SplitIncident(t.Context(), tenant, older)
	require.ErrorContains(t, err, "not merged")
	_, err = s.SplitIncident(t.Context(), tenant, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)

	younger := open(t, s, "b", root("partial", "gateway"))
	reclassify(t, s, policy, "b", root("whole", "payment"))
	require.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	_, err = s.SplitIncident(t.Context(), tenant, younger)
	require.ErrorContains(t, err, "nothing of", "its only failure has another root now")
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	assert.Equal(t, 2, incidentOf(t, s, older).FailingTraces)
}

func mergedIncidentLosesItsLease(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	younger := open(t, s, "b", root("r2", "payment"))
	c := claimIncident(t, s, "w")
	require.Equal(t, younger, c.Incident.ID)
	merge(t, s, older, younger)
	_, err := s.SaveAnalysis(t.Context(), c, analysisOf("of what is no more"))
	require.ErrorIs(t, err, store.ErrLostLease)
}

// mergeAndClassificationDoNotClash merges and splits while failures of both roots are placed.
func mergeAndClassificationDoNotClash(t *testing.T, s store.Store) {
	const n = 30
	first := open(t, s, "first", root("r0", "payment"))
	second := open(t, s, "second", root("r1", "payment"))
	names := []string{"first", "second"}
	for i := range n {
		names = append(names, string(rune('A'+i)))
		fail(t, s, names[i+2], "payment")
	}
	rootOf := map[string]incident.Root{}
	for i, name := range names {
		rootOf[keyOf(name)] = root([]string{"r0", "r1"}[i%2], "payment")
	}
	concurrently(4, func(worker int) {
		if worker == 0 {
			for range 5 {
				_, err := s.MergeIncidents(t.Context(), tenant, first, second)
				assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
				_, err = s.SplitIncident(t.Context(), tenant, second)
				assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
			}
			return
		}
		for {
			claimed, err := s.ClaimFailures(t.Context(), names[worker], lease, 3)
			if !assert.NoError(t, err) || len(claimed) == 0 { //nolint:testifylint // not the test's goroutine
				return
			}
			var results []store.Classified
			for _, f := range claimed {
				results = append(results, store.Classified{Failure: f, Classification: classified(f.Key, rootOf[f.Key])})
			}
			_, err = s.SaveClassifications(t.Context(), results, policy)
			assert.NoError(t, err)
		}
	})
	for i, id := range []string{first, second} {
		assert.Len(t, keysIn(t, s, id), n/2+1, i)
		assert.Equal(t, n/2+1, incidentOf(t, s, id).FailingTraces)
		assert.Equal(t, n+2, incidentOf(t, s, id).ErrorSignals)
	}
}
