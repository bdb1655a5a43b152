package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var renewing = map[string]func(*testing.T, store.Store){
	"RenewedSignatureLeadsToItsIncident": renewedSignatureLeadsToItsIncident,
	"RenewedSignaturesOfOneCauseMerge":   renewedSignaturesOfOneCauseMerge,
	"RenewedSignatureTakesTheYounger":    renewedSignatureTakesTheYounger,
	"RenewedSignatureOfAMergedIncident":  renewedSignatureOfAMergedIncident,
	"RekeyedIncidentLosesItsSignatures":  rekeyedIncidentLosesItsSignatures,
	"OutdatedIncidentsMayComeAgain":      outdatedIncidentsMayComeAgain,
	"RenewalWithoutARoot":                renewalWithoutARoot,
	"RenewedSignaturesAreDropped":        renewedSignaturesAreDropped,
}

// renewalTo is the renewal of a signature to a named one of version 2.
func renewalTo(name string) incident.Renewal {
	return incident.Renewal{Version: 2, Signature: name, Title: "Error " + name, Parts: incident.SignatureParts{
		Version: 2, Kind: incident.KindCode, Identity: []string{"payment", name}, Class: incident.ClassException,
	}}
}

func renew(t *testing.T, s store.Store, id, name string) []store.IncidentChange {
	t.Helper()
	changes, err := s.RenewSignature(t.Context(), tenant, id, renewalTo(name))
	require.NoError(t, err)
	return changes
}

// rootOfVersion2 makes a root of a named signature of version 2.
func rootOfVersion2(name string) incident.Root {
	r := root(name, "payment")
	r.Parts = renewalTo(name).Parts
	return r
}

// outdated are the IDs of the incidents of an earlier version than 2.
func outdated(t *testing.T, s store.Store, since time.Time) (ids []string) {
	t.Helper()
	list, err := s.OutdatedIncidents(t.Context(), 2, since, 100)
	require.NoError(t, err)
	for _, in := range list {
		ids = append(ids, in.ID)
	}
	return ids
}

func renewedSignatureLeadsToItsIncident(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("old", "payment"))
	assert.Equal(t, []store.IncidentChange{{Tenant: tenant, ID: id}}, renew(t, s, id, "new"))
	in := incidentOf(t, s, id)
	assert.Equal(t, "old", in.RootSignature, "replicas of the earlier version find it")
	assert.Equal(t, renewalTo("new").Parts, in.SignatureParts)
	assert.Equal(t, "Error new", in.Title)
	assert.Equal(t, id, open(t, s, "b", rootOfVersion2("new")))
	assert.Equal(t, id, open(t, s, "c", root("old", "payment")))
	reclassify(t, s, policy, "a", rootOfVersion2("new"))
	reclassify(t, s, policy, "a", root("old", "payment"))
	in = incidentOf(t, s, id)
	assert.Equal(t, 3, in.FailingTraces)
	assert.Equal(t, renewalTo("new").Parts, in.SignatureParts)
	assert.Empty(t, renew(t, s, id, "other"), "it is of that version already")
	assert.NotEqual(t, id, open(t, s, "d", rootOfVersion2("other")))
	_, err := s.RenewSignature(t.Context(), tenant, "nobody", renewalTo("new"))
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.RenewSignature(t.Context(), "other", id, renewalTo("new"))
	require.ErrorIs(t, err, store.ErrNotFound)
}

// renewedSignaturesOfOneCauseMerge: if a new signature merges several incidents, the oldest wins.
func renewedSignaturesOfOneCauseMerge(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	younger := open(t, s, "b", root("r2", "payment"))
	renew(t, s, older, "new")
	renew(t, s, younger, "new")
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	assert.Equal(t, older, open(t, s, "c", rootOfVersion2("new")))
	assert.Equal(t, older, open(t, s, "d", root("r2", "payment")))
	assert.Equal(t, 4, incidentOf(t, s, older).FailingTraces)
	assert.Empty(t, outdated(t, s, time.Time{}))
	_, err := s.SplitIncident(t.Context(), tenant, younger)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{keyOf("b"), keyOf("d")}, keysIn(t, s, younger))
	assert.Equal(t, older, open(t, s, "e", rootOfVersion2("new")))
}

func renewedSignatureTakesTheYounger(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("old", "payment"))
	younger := open(t, s, "b", rootOfVersion2("new"))
	assert.Equal(t, []string{older}, outdated(t, s, time.Time{}))
	renew(t, s, older, "new")
	assert.Equal(t, older, incidentOf(t, s, younger).MergedInto)
	assert.Equal(t, renewalTo("new").Parts, incidentOf(t, s, older).SignatureParts)
	assert.Equal(t, older, open(t, s, "c", rootOfVersion2("new")))
	assert.Equal(t, older, open(t, s, "d", root("old", "payment")))
}

func renewedSignatureOfAMergedIncident(t *testing.T, s store.Store) {
	older := open(t, s, "a", root("r1", "payment"))
	younger := open(t, s, "b", root("r2", "payment"))
	merge(t, s, older, younger)
	assert.Equal(t, []string{older, younger}, outdated(t, s, time.Time{}))
	renew(t, s, older, "new1")
	renew(t, s, younger, "new2")
	assert.Equal(t, older, open(t, s, "c", rootOfVersion2("new2")), "what a user said holds")
	_, err := s.SplitIncident(t.Context(), tenant, younger)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{keyOf("b"), keyOf("c")}, keysIn(t, s, younger))
	assert.Equal(t, younger, open(t, s, "d", rootOfVersion2("new2")))
	assert.Equal(t, older, open(t, s, "e", rootOfVersion2("new1")))
}

func rekeyedIncidentLosesItsSignatures(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("old", "payment"))
	renew(t, s, id, "new")
	reclassify(t, s, policy, "a", rootOfVersion2("late"))
	require.Equal(t, "late", incidentOf(t, s, id).RootSignature)
	assert.NotEqual(t, id, open(t, s, "b", rootOfVersion2("new")))
}

func outdatedIncidentsMayComeAgain(t *testing.T, s store.Store) {
	resolved := open(t, s, "a", root("r1", "payment"))
	merged := open(t, s, "b", root("r2", "payment"))
	merge(t, s, resolved, merged)
	analyse(t, s, "first")
	_, err := s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	living := open(t, s, "c", root("r3", "payment"))
	open(t, s, "d", rootOfVersion2("r4"))
	assert.Equal(t, []string{resolved, merged, living}, outdated(t, s, time.Now().Add(-time.Hour)))
	assert.Equal(t, []string{living}, outdated(t, s, time.Now().Add(time.Hour)), "those resolved before open anew")
	first, err := s.OutdatedIncidents(t.Context(), 2, time.Now().Add(-time.Hour), 1)
	require.NoError(t, err)
	require.Len(t, first, 1)
	assert.Equal(t, resolved, first[0].ID)
	assert.Equal(t, tenant, first[0].Tenant)
}

func renewalWithoutARoot(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("old", "payment"))
	_, err := s.RenewSignature(t.Context(), tenant, id, incident.Renewal{Version: 2})
	require.NoError(t, err)
	assert.Empty(t, outdated(t, s, time.Time{}), "it is not looked at again")
	assert.Equal(t, id, open(t, s, "b", root("old", "payment")))
}

func renewedSignaturesAreDropped(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("old", "payment"))
	renew(t, s, id, "new")
	analyse(t, s, "first")
	_, err := s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	_, err = s.Retain(t.Context(), store.Retention{Signals: day, Incidents: day}, time.Now().Add(10*day))
	require.NoError(t, err)
	require.Empty(t, incidents(t, s))
	again := open(t, s, "b", rootOfVersion2("new"))
	assert.NotEqual(t, id, again)
	older := open(t, s, "c", root("old", "payment"))
	renew(t, s, older, "new")
	assert.Equal(t, again, incidentOf(t, s, older).MergedInto)
}
