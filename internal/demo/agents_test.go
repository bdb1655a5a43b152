package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func withAgents(revision int, state incident.AgentsState) incident.Analysis {
	return incident.Analysis{Revision: revision, Agents: &incident.Agents{State: state, Scripted: true}}
}

func TestSpokenIsWhatAgentsCameToLast(t *testing.T) {
	for name, tc := range map[string]struct {
		newest   incident.Analysis
		earlier  incident.AgentsState
		revision int // 0 for none yet
	}{
		"off":                {incident.Analysis{Revision: 1}, "", 0},
		"pending":            {withAgents(1, incident.AgentsPending), "", 0},
		"running":            {withAgents(1, incident.AgentsRunning), "", 0},
		"done":               {withAgents(1, incident.AgentsDone), "", 1},
		"failed":             {withAgents(1, incident.AgentsFailed), "", 1},
		"skipped":            {withAgents(1, incident.AgentsSkipped), "", 1},
		"said of the before": {withAgents(2, incident.AgentsSkipped), incident.AgentsDone, 1},
		"not of the before":  {withAgents(2, incident.AgentsSkipped), incident.AgentsRunning, 0},
		"later pending":      {withAgents(2, incident.AgentsPending), incident.AgentsDone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, map[string]any{
				"/query/incidents/i1/analysis":            tc.newest,
				"/query/incidents/i1/analysis?revision=1": withAgents(1, tc.earlier),
			})
			got, err := a.spoken(t.Context(), "i1")
			require.NoError(t, err)
			if tc.revision == 0 {
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Equal(t, tc.revision, got.Revision)
		})
	}
	none, err := serve(t, nil).spoken(t.Context(), "i1")
	require.NoError(t, err)
	assert.Nil(t, none, "no analysis yet")
}

func TestAgentsAreWaitedForAndChecked(t *testing.T) {
	at := right(t, scenario.FailPay)
	at.asksAgents = true
	assert.False(t, at.settled())
	assert.Contains(t, strings.Join(at.wrong(), "\n"), "agents came to no end")
	at.agents = &incident.Agents{State: incident.AgentsFailed, RejectedClaims: make([]incident.RejectedClaim, 2)}
	assert.True(t, at.settled())
	assert.Equal(t, []string{
		"the agents' state is failed, not done", "a script answered is false, not true",
		"no claim of the agents was verified", "2 claims of the script were rejected",
	}, at.wrong())
	at.agents = &incident.Agents{State: incident.AgentsDone, Scripted: true, Claims: make([]incident.VerifiedClaim, 3)}
	assert.Empty(t, at.wrong())
	assert.Contains(t, at.concluded(), ", 3 claims")
	assert.Equal(t, 3, claimed([]*attempt{at, at}), "of one incident")

	dismissed := right(t, scenario.RetryPay)
	dismissed.asksAgents = true
	assert.True(t, dismissed.settled(), "no incident, no agents")
	assert.Empty(t, dismissed.wrong())
}
