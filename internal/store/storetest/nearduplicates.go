package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// rootWithWord is a root of a message that has a word which may be a value.
func rootWithWord(word string) incident.Root {
	r := root("no quota for "+word, "payment")
	r.Variants = []incident.Variant{{Signature: "no quota for any", Message: "no quota for <*>", Position: 4, Word: word}}
	return r
}

// openWith makes a failing trace with a root, and returns the incident that took it.
func openWith(t *testing.T, s store.Store, trace string, r incident.Root) string {
	t.Helper()
	fail(t, s, trace, r.Service)
	classify(t, s, policy, map[string][]incident.Root{keyOf(trace): {r}})
	f, err := s.Failure(t.Context(), tenant, keyOf(trace))
	require.NoError(t, err)
	require.Len(t, f.Incidents, 1)
	return f.Incidents[0]
}

// nearDuplicatesAreJoined checks that errors which differ in one word are one incident as soon as there are enough.
func nearDuplicatesAreJoined(t *testing.T, s store.Store) {
	first := openWith(t, s, "a", rootWithWord("xqzvkt"))
	second := openWith(t, s, "b", rootWithWord("bwrtpj"))
	assert.NotEqual(t, first, second)
	assert.Equal(t, second, openWith(t, s, "c", rootWithWord("bwrtpj")), "a word counts once")
	assert.Empty(t, incidentOf(t, s, first).NearDuplicates)
	third := openWith(t, s, "d", rootWithWord("kfgdmn"))
	assert.Equal(t, first, third, "the oldest goes on")
	assert.Equal(t, first, incidentOf(t, s, second).MergedInto)
	in := incidentOf(t, s, first)
	assert.Equal(t, 4, in.FailingTraces)
	assert.Equal(t, 8, in.ErrorSignals)
	require.Len(t, in.NearDuplicates, 1)
	n := in.NearDuplicates[0]
	assert.Equal(t, incident.RuleOneWord, n.Rule)
	assert.Equal(t, "no quota for <*>", n.Message)
	assert.Equal(t, 4, n.Position)
	assert.Equal(t, incident.NearDuplicatesJoined, n.State)
	assert.WithinDuration(t, time.Now(), n.JoinedAt, time.Minute)
	require.Len(t, n.Examples, 3)
	for i, word := range []string{"xqzvkt", "bwrtpj", "kfgdmn"} {
		assert.Equal(t, word, n.Examples[i].Word)
	}
	assert.Equal(t, []string{first, second}, []string{n.Examples[0].IncidentID, n.Examples[1].IncidentID})

	assert.Equal(t, first, openWith(t, s, "e", rootWithWord("zzgrph")), "and takes all that follow")
	assert.Equal(t, first, openWith(t, s, "f", rootWithWord("bwrtpj")))
	assert.Equal(t, 6, incidentOf(t, s, first).FailingTraces)
	assert.NotEqual(t, first, openWith(t, s, "g", root("no quota", "payment")))
	assert.Len(t, incidents(t, s), 2)
}

// nearDuplicatesAreSplit checks that a user can undo a rule, once for all.
func nearDuplicatesAreSplit(t *testing.T, s store.Store) {
	var ids []string
	words := []string{"xqzvkt", "bwrtpj", "kfgdmn"}
	for i, word := range words {
		ids = append(ids, openWith(t, s, strconv.Itoa(i), rootWithWord(word)))
	}
	examples := incidentOf(t, s, ids[0]).NearDuplicates[0].Examples
	for i, e := range examples[1:] {
		_, err := s.SplitIncident(t.Context(), tenant, e.IncidentID)
		require.NoError(t, err)
		assert.Equal(t, e.IncidentID, openWith(t, s, "again "+words[i+1], rootWithWord(words[i+1])))
		in := incidentOf(t, s, e.IncidentID)
		assert.Empty(t, in.MergedInto)
		assert.Equal(t, 2, in.FailingTraces)
	}
	in := incidentOf(t, s, ids[0])
	assert.Equal(t, 1, in.FailingTraces)
	require.Len(t, in.NearDuplicates, 1)
	assert.Equal(t, incident.NearDuplicatesSplit, in.NearDuplicates[0].State)
	openWith(t, s, "d", rootWithWord("zzgrph"))
	assert.Len(t, incidents(t, s), 4, "the rule holds no more")
	merge, err := s.MergeIncidents(t.Context(), tenant, ids[0], examples[1].IncidentID)
	require.NoError(t, err)
	assert.Equal(t, ids[0], merge.Into)
	assert.Equal(t, ids[0], openWith(t, s, "e", rootWithWord(words[1])), "but a user may merge them again")
}

// nearDuplicatesAreJoinedOnce has workers of several processes place failures side by side.
func nearDuplicatesAreJoinedOnce(t *testing.T, s store.Store) {
	const n = 24
	for i := range n {
		fail(t, s, strconv.Itoa(i), "payment")
	}
	classifyConcurrently(t, s, rootWithWord)
	list := incidents(t, s)
	require.Len(t, list, 1)
	assert.Equal(t, n, list[0].FailingTraces)
	assert.Len(t, incidentOf(t, s, list[0].ID).NearDuplicates[0].Examples, 3)
}
