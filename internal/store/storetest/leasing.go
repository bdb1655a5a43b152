package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var leasing = map[string]func(*testing.T, store.Store){
	"RenewedFailuresAreNotClaimed":   renewedFailuresAreNotClaimed,
	"RenewedIncidentIsNotClaimed":    renewedIncidentIsNotClaimed,
	"RenewedAgentsAreNotClaimed":     renewedAgentsAreNotClaimed,
	"LostFailuresAreNotRenewed":      lostFailuresAreNotRenewed,
	"LostIncidentIsNotRenewed":       lostIncidentIsNotRenewed,
	"LostAgentsAreNotRenewed":        lostAgentsAreNotRenewed,
	"LeasesThatEndedAreNotRenewed":   leasesThatEndedAreNotRenewed,
	"RenewalShortensALeaseAsAsked":   renewalShortensALeaseAsAsked,
	"RenewalOfNothingChangesNothing": renewalOfNothingChangesNothing,
}

// short is a lease that runs out within a test.
const short = 50 * time.Millisecond

// outlast returns when a lease of length short that was taken before has run out.
func outlast(t *testing.T, s store.Store) {
	t.Helper()
	fail(t, s, "clock", "payment")
	_, err := s.ClaimFailures(t.Context(), "clock", short, 1)
	require.NoError(t, err)
	claimSoon(t, s, "clock again")
}

func claimIncidentFor(t *testing.T, s store.Store, owner string, lease time.Duration) (claim store.Claim) {
	t.Helper()
	require.Eventually(t, func() bool {
		claims, err := s.ClaimIncidents(t.Context(), owner, lease, 1)
		if !assert.NoError(t, err) || len(claims) == 0 {
			return false
		}
		claim = claims[0]
		return true
	}, 10*time.Second, 5*time.Millisecond)
	return claim
}

func claimAgentsFor(t *testing.T, s store.Store, owner string, lease time.Duration) (claim store.AgentsClaim) {
	t.Helper()
	require.Eventually(t, func() bool {
		claims := claimAgents(t, s, owner, lease)
		if len(claims) == 0 {
			return false
		}
		claim = claims[0]
		return true
	}, 10*time.Second, 5*time.Millisecond)
	return claim
}

func renewedFailuresAreNotClaimed(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	fail(t, s, "b", "payment")
	held, err := s.ClaimFailures(t.Context(), "slow", short, 10)
	require.NoError(t, err)
	require.Len(t, held, 2)
	require.NoError(t, s.RenewFailures(t.Context(), held, lease))
	outlast(t, s)
	assert.Empty(t, claim(t, s, "fast"))
	results := []store.Classified{
		{Failure: held[0], Classification: classified(held[0].Key, root("r", "payment"))},
		{Failure: held[1], Classification: classified(held[1].Key, root("r", "payment"))},
	}
	changes, err := s.SaveClassifications(t.Context(), results, policy)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.Equal(t, 2, incidentOf(t, s, changes[0].ID).FailingTraces, "saved under a lease that was renewed")
}

func renewedIncidentIsNotClaimed(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	held := claimIncidentFor(t, s, "slow", short)
	require.NoError(t, s.RenewIncident(t.Context(), held, lease))
	outlast(t, s)
	assert.Empty(t, analyse(t, s, "fast"))
	assert.Equal(t, incident.AnalysisRunning, incidentOf(t, s, id).AnalysisState)
	_, err := s.SaveAnalysis(t.Context(), held, analysisOf("slow"))
	require.NoError(t, err)
}

func renewedAgentsAreNotClaimed(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	held := claimAgentsFor(t, s, "slow", short)
	require.NoError(t, s.RenewAgents(t.Context(), held, lease))
	outlast(t, s)
	assert.Empty(t, claimAgents(t, s, "fast", lease))
	assert.Equal(t, incident.AgentsRunning, agentsOf(t, s, id).State)
	require.NoError(t, s.SaveAgents(t.Context(), held, store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsDone}}))
}

func lostFailuresAreNotRenewed(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	lost, err := s.ClaimFailures(t.Context(), "slow", time.Millisecond, 1)
	require.NoError(t, err)
	taken := claimSoon(t, s, "fast")
	require.NoError(t, s.RenewFailures(t.Context(), lost, time.Nanosecond))
	assert.Empty(t, claim(t, s, "third"), "the new holder's lease is untouched")
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: lost[0], Classification: classified(keyOf("a"), root("slow", "payment"))}}, policy)
	require.NoError(t, err)
	assert.Empty(t, changes)
	changes, err = s.SaveClassifications(t.Context(), []store.Classified{{Failure: taken[0], Classification: classified(keyOf("a"), root("fast", "payment"))}}, policy)
	require.NoError(t, err)
	assert.Len(t, changes, 1)
}

func lostIncidentIsNotRenewed(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	lost := claimIncidentFor(t, s, "slow", time.Millisecond)
	taken := claimIncidentFor(t, s, "fast", lease)
	require.ErrorIs(t, s.RenewIncident(t.Context(), lost, lease), store.ErrLostLease)
	_, err := s.SaveAnalysis(t.Context(), lost, analysisOf("slow"))
	require.ErrorIs(t, err, store.ErrLostLease)
	_, err = s.SaveAnalysis(t.Context(), taken, analysisOf("fast"))
	require.NoError(t, err)
}

func lostAgentsAreNotRenewed(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	lost := claimAgentsFor(t, s, "slow", time.Millisecond)
	taken := claimAgentsFor(t, s, "fast", lease)
	require.ErrorIs(t, s.RenewAgents(t.Context(), lost, lease), store.ErrLostLease)
	require.ErrorIs(t, s.SaveAgents(t.Context(), lost, store.AgentsRecord{}), store.ErrLostLease)
	require.NoError(t, s.SaveAgents(t.Context(), taken, store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsDone}}))
}

func leasesThatEndedAreNotRenewed(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	saved := claimIncident(t, s, "w")
	_, err := s.SaveAnalysis(t.Context(), saved, withAgents("first", incident.AgentsPending))
	require.NoError(t, err)
	require.ErrorIs(t, s.RenewIncident(t.Context(), saved, lease), store.ErrLostLease)
	said := claimAgentsFor(t, s, "w", lease)
	require.NoError(t, s.SaveAgents(t.Context(), said, store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsDone}}))
	require.ErrorIs(t, s.RenewAgents(t.Context(), said, lease), store.ErrLostLease)
}

func renewalShortensALeaseAsAsked(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	held := claim(t, s, "slow")
	require.NoError(t, s.RenewFailures(t.Context(), held, time.Millisecond))
	assert.Equal(t, keyOf("a"), claimSoon(t, s, "fast")[0].Key, "it counts from now, not from the old end")
}

func renewalOfNothingChangesNothing(t *testing.T, s store.Store) {
	require.NoError(t, s.RenewFailures(t.Context(), nil, lease))
	require.ErrorIs(t, s.RenewIncident(t.Context(), store.Claim{}, lease), store.ErrLostLease)
	require.ErrorIs(t, s.RenewAgents(t.Context(), store.AgentsClaim{}, lease), store.ErrLostLease)
}
