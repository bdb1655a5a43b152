package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var analysing = map[string]func(*testing.T, store.Store){
	"AnalysisIsPublished": analysisIsPublished,
}

func analysisIsPublished(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	claims := analyse(t, s, "first")
	require.Len(t, claims, 1)
	assert.Equal(t, incident.ReasonOpened, claims[0].Reason)
	assert.Equal(t, 1, claims[0].Attempts)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, a.Revision)
	assert.Equal(t, id, a.IncidentID)
	assert.False(t, a.Provisional)
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
	assert.False(t, in.Provisional)
	assert.Equal(t, incident.Confidence(800_000), in.Confidence)
	body, err := s.Case(t.Context(), tenant, a.InputDigest)
	require.NoError(t, err)
	assert.JSONEq(t, `{"case":"first"}`, string(body))
}
