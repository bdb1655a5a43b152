package analysis

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
)

// traffic sends requests for some minutes, of which as many as failing of perMinute fail of the same error, and returns
// what the incident was like after each.
func traffic(p *plant, n *int, minutes, perMinute, failing int) (after []incident.Incident) {
	p.t.Helper()
	for range minutes {
		var healthy []any
		for range perMinute - failing {
			*n++
			healthy = append(healthy, analysistest.NewRequest(*n, time.Now(), analysistest.None).Spans())
		}
		p.receive(healthy...)
		for range failing {
			*n++
			p.fail(*n, analysistest.BadData)
		}
		p.pass(time.Minute)
		after = append(after, p.theIncident())
	}
	return after
}

// Section 15: an error is an incident until it has a baseline, then routine, and an incident again when its share
// leaves that. What the rules went by lies in the case.
func TestRoutineErrors(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		n := 0
		before := traffic(p, &n, 30, 15, 1)
		for _, in := range before {
			require.Nil(t, in.Routine, "there is no baseline yet")
		}
		assert.Equal(t, incident.SeverityHigh, p.theIncident().Severity)
		gaps, err := json.Marshal(p.analysis(p.theIncident()).Gaps)
		require.NoError(t, err)
		assert.Contains(t, string(gaps), incident.GapNoBaseline)

		traffic(p, &n, 40, 15, 1)
		in := p.theIncident()
		require.NotNil(t, in.Routine)
		assert.Equal(t, incident.SeverityLow, in.Severity)
		assert.InDelta(t, 1.0/15, float64(in.Routine.Failing)/float64(in.Routine.Requests), 0.01)
		said := p.analysis(in)
		assert.Equal(t, incident.ReasonRoutine, said.Reason)
		assert.Equal(t, incident.SeverityLow, said.Severity)
		require.NotNil(t, said.Routine)

		stored, err := p.store.Case(t.Context(), "", said.InputDigest)
		require.NoError(t, err)
		var c incident.Case
		require.NoError(t, json.Unmarshal(stored, &c))
		again, err := json.Marshal(rca.Analyze(&c).Report)
		require.NoError(t, err)
		first, err := json.Marshal(said.Report)
		require.NoError(t, err)
		assert.JSONEq(t, string(first), string(again))

		revisions := len(p.revisions(in))
		traffic(p, &n, 12, 15, 12)
		in = p.theIncident()
		assert.Nil(t, in.Routine)
		assert.Contains(t, []incident.Severity{incident.SeverityHigh, incident.SeverityCritical}, in.Severity)
		require.Greater(t, len(p.revisions(in)), revisions)
		assert.Nil(t, p.analysis(in).Routine)
		assert.Equal(t, incident.ReasonLeftBaseline, p.analysis(in).Reason)
	})
}
