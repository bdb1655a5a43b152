package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var classifying = map[string]func(*testing.T, store.Store){
	"ClassificationOpensAnIncident": classificationOpensAnIncident,
}

func classificationOpensAnIncident(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.StatusOpen, in.Status)
	assert.Equal(t, incident.SeverityHigh, in.Severity)
	assert.Equal(t, 1, in.FailingTraces)
	assert.Equal(t, 2, in.ErrorSignals)
	assert.Equal(t, 1, in.Errors)
	assert.Equal(t, "Exception in payment", in.Title)
	assert.Equal(t, incident.AnalysisPending, in.AnalysisState)
	assert.True(t, in.Provisional)
	assert.True(t, eventTime.Equal(in.FirstSeen))
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureClassified, f.State)
	assert.Equal(t, []string{id}, f.Incidents)
}
