package storetest

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var agents = map[string]func(*testing.T, store.Store){
	"AgentsAreAskedOfANewRevision":         agentsAreAskedOfANewRevision,
	"AgentsAreOffWithoutARequest":          agentsAreOffWithoutARequest,
	"SkippedAgentsAreShownAndAskedLater":   skippedAgentsAreShownAndAskedLater,
	"AgentsThatHaveSpokenAreNotAskedAgain": agentsThatHaveSpokenAreNotAskedAgain,
	"AgentsOfOneRevisionAreClaimedOnce":    agentsOfOneRevisionAreClaimedOnce,
	"PostponedAgentsWait":                  postponedAgentsWait,
	"ExpiredAgentsLeaseIsTakenOver":        expiredAgentsLeaseIsTakenOver,
	"TranscriptIsKeptAndReused":            transcriptIsKeptAndReused,
	"BudgetHoldsForAllReplicas":            budgetHoldsForAllReplicas,
	"AgentsInfoIsReplaced":                 agentsInfoIsReplaced,
	"BudgetsNameTheirLimit":                budgetsNameTheirLimit,
	"OnlyAUserHasAgentsAskedAgain":         onlyAUserHasAgentsAskedAgain,
	"UsersRequestOutlivesOtherReasons":     usersRequestOutlivesOtherReasons,
	"PostponedAgentsKeepTheirAttempts":     postponedAgentsKeepTheirAttempts,
	"WhatAgentsSaidBeforeCounts":           whatAgentsSaidBeforeCounts,
}

// withAgents is an analysis that agents are to look at.
func withAgents(name string, state incident.AgentsState) store.AnalysisRecord {
	record := analysisOf(name)
	record.Agents = &incident.Agents{State: state, Provider: "gemini", Model: "m"}
	return record
}

// publish saves an analysis of the incident that wants one.
func publish(t *testing.T, s store.Store, record store.AnalysisRecord) {
	t.Helper()
	_, err := s.SaveAnalysis(t.Context(), claimIncident(t, s, "w"), record)
	require.NoError(t, err)
}

func claimAgents(t *testing.T, s store.Store, owner string, lease time.Duration) []store.AgentsClaim {
	t.Helper()
	claims, err := s.ClaimAgents(t.Context(), owner, lease, 10)
	require.NoError(t, err)
	return claims
}

func agentsOf(t *testing.T, s store.Store, id string) *incident.Agents {
	t.Helper()
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	return a.Agents
}

func agentsAreAskedOfANewRevision(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	assert.Equal(t, incident.AgentsPending, agentsOf(t, s, id).State)
	claims := claimAgents(t, s, "w", lease)
	require.Len(t, claims, 1)
	assert.Equal(t, store.AgentsClaim{IncidentID: id, Revision: 1, Attempts: 1, Lease: claims[0].Lease}, claims[0])
	assert.Equal(t, incident.AgentsRunning, agentsOf(t, s, id).State)

	said := incident.Agents{State: incident.AgentsDone, Model: "m", Tokens: 7, Transcript: "d1"}
	lowered := incident.Confidence(300_000)
	require.NoError(t, s.SaveAgents(t.Context(), claims[0], store.AgentsRecord{Agents: said, Transcript: []byte("talk"), Confidence: &lowered}))
	assert.Equal(t, &said, agentsOf(t, s, id))
	assert.Equal(t, lowered, incidentOf(t, s, id).Confidence)
	assert.Empty(t, claimAgents(t, s, "w", lease))
	assert.ErrorIs(t, s.SaveAgents(t.Context(), claims[0], store.AgentsRecord{Agents: said}), store.ErrLostLease)
}

func agentsAreOffWithoutARequest(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, analysisOf("first"))
	assert.Nil(t, agentsOf(t, s, id))
	assert.Empty(t, claimAgents(t, s, "w", lease))
}

func skippedAgentsAreShownAndAskedLater(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsSkipped))
	assert.Equal(t, incident.AgentsSkipped, agentsOf(t, s, id).State)
	assert.Empty(t, claimAgents(t, s, "w", lease))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	publish(t, s, withAgents("first", incident.AgentsPending))
	claims := claimAgents(t, s, "w", lease)
	require.Len(t, claims, 1, "nothing new was stored, but they are asked now")
	assert.Equal(t, 1, claims[0].Revision)
}

func agentsThatHaveSpokenAreNotAskedAgain(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	claims := claimAgents(t, s, "w", lease)
	require.Len(t, claims, 1)
	require.NoError(t, s.SaveAgents(t.Context(), claims[0], store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsDone}}))
	for _, state := range []incident.AgentsState{incident.AgentsPending, incident.AgentsSkipped} {
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		publish(t, s, withAgents("first", state))
		assert.Empty(t, claimAgents(t, s, "w", lease))
		assert.Equal(t, incident.AgentsDone, agentsOf(t, s, id).State)
	}
}

func agentsOfOneRevisionAreClaimedOnce(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	var mu sync.Mutex
	var claimed []store.AgentsClaim
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			claims, err := s.ClaimAgents(t.Context(), "w", lease, 1)
			assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
			mu.Lock()
			defer mu.Unlock()
			claimed = append(claimed, claims...)
		})
	}
	workers.Wait()
	assert.Len(t, claimed, 1)
}

func postponedAgentsWait(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	claim := claimAgents(t, s, "w", lease)[0]
	waiting := incident.Agents{State: incident.AgentsPending, Reason: "out of quota"}
	require.NoError(t, s.PostponeAgents(t.Context(), claim, waiting, time.Now().Add(time.Hour)))
	assert.Equal(t, &waiting, agentsOf(t, s, id))
	assert.Empty(t, claimAgents(t, s, "w", lease))
	assert.ErrorIs(t, s.PostponeAgents(t.Context(), claim, waiting, time.Now()), store.ErrLostLease)
}

func expiredAgentsLeaseIsTakenOver(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	lost := claimAgents(t, s, "lost", time.Millisecond)[0]
	var taken []store.AgentsClaim
	require.Eventually(t, func() bool {
		taken = claimAgents(t, s, "next", lease)
		return len(taken) == 1
	}, 10*time.Second, 5*time.Millisecond)
	assert.Equal(t, 2, taken[0].Attempts)
	assert.ErrorIs(t, s.SaveAgents(t.Context(), lost, store.AgentsRecord{}), store.ErrLostLease)
}

func transcriptIsKeptAndReused(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	_, err := s.EarlierAgents(t.Context(), tenant, "key")
	require.ErrorIs(t, err, store.ErrNotFound)
	said := incident.Agents{State: incident.AgentsDone, Transcript: "d1", Claims: []incident.VerifiedClaim{{Statement: "it failed"}}}
	record := store.AgentsRecord{Agents: said, Transcript: []byte("talk"), ReuseKey: "key"}
	require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], record))
	earlier, err := s.EarlierAgents(t.Context(), tenant, "key")
	require.NoError(t, err)
	assert.Equal(t, said, earlier)
	talk, err := s.Transcript(t.Context(), tenant, "d1")
	require.NoError(t, err)
	assert.Equal(t, "talk", string(talk))
	_, err = s.Transcript(t.Context(), "other", "d1")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.EarlierAgents(t.Context(), "other", "key")
	require.ErrorIs(t, err, store.ErrNotFound)

	open(t, s, "b", root("r2", "inventory"))
	publish(t, s, withAgents("second", incident.AgentsPending))
	failed := store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsFailed, Transcript: "d2"}, Transcript: []byte("half"), ReuseKey: "other key"}
	require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], failed))
	_, err = s.EarlierAgents(t.Context(), tenant, "other key")
	require.ErrorIs(t, err, store.ErrNotFound, "what failed is not reused")
}

func onlyAUserHasAgentsAskedAgain(t *testing.T, s store.Store) {
	for name, first := range map[string]store.AnalysisRecord{
		"failed":             withAgents("failed", incident.AgentsFailed),
		"said of an earlier": withAgents("said of an earlier", incident.AgentsDone),
	} {
		if first.Agents.State == incident.AgentsDone {
			first.Agents.OfRevision = 7
		}
		id := open(t, s, name, root(name, "payment"))
		publish(t, s, first)
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		publish(t, s, withAgents(name, incident.AgentsPending))
		assert.Empty(t, claimAgents(t, s, "w", lease), name)
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		asked := withAgents(name, incident.AgentsPending)
		asked.Agents.Requested = true
		publish(t, s, asked)
		claims := claimAgents(t, s, "w", lease)
		require.Len(t, claims, 1, name)
		assert.True(t, claims[0].Requested)
	}
}

func usersRequestOutlivesOtherReasons(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	c := claimIncident(t, s, "w")
	assert.Equal(t, incident.ReasonOpened, c.Reason)
	assert.True(t, c.AskAgents)
	require.NoError(t, s.FailAnalysis(t.Context(), c, "no luck", time.Now()))
	c = claimIncident(t, s, "w")
	assert.True(t, c.AskAgents, "it was not answered")
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	_, err := s.SaveAnalysis(t.Context(), c, analysisOf("first"))
	require.NoError(t, err)
	c = claimIncident(t, s, "w")
	assert.True(t, c.AskAgents, "asked while the analysis ran")
	_, err = s.SaveAnalysis(t.Context(), c, analysisOf("second"))
	require.NoError(t, err)

	reclassify(t, s, policy, "a", root("r1", "payment"))
	grown := map[string][]incident.Root{}
	for n := range 12 {
		trace := "more " + strconv.Itoa(n)
		fail(t, s, trace, "payment")
		grown[keyOf(trace)] = []incident.Root{root("r1", "payment")}
	}
	classify(t, s, policy, grown)
	assert.False(t, claimIncident(t, s, "w").AskAgents, "nobody asked")
}

func postponedAgentsKeepTheirAttempts(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	asked := withAgents("first", incident.AgentsPending)
	publish(t, s, asked)
	for _, attempts := range []int{1, 2, 2} {
		claims := claimAgents(t, s, "w", lease)
		require.Len(t, claims, 1)
		assert.Equal(t, attempts, claims[0].Attempts)
		if attempts == 2 {
			claims[0].Attempts--
		}
		require.NoError(t, s.PostponeAgents(t.Context(), claims[0], *asked.Agents, time.Now()))
	}
}

func whatAgentsSaidBeforeCounts(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	record := withAgents("first", incident.AgentsDone)
	record.Agents.Claims = []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}}}
	record.Agents.Assessment = &incident.Assessment{Stance: incident.StanceLowers, Confidence: 600_000, Because: []string{"c1"}}
	publish(t, s, record)
	assert.Equal(t, incident.Confidence(600_000), incidentOf(t, s, id).Confidence)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, incident.Confidence(800_000), a.RootCause.Confidence, "the report is the rules' alone")
}

func budgetHoldsForAllReplicas(t *testing.T, s store.Store) {
	limits := store.SpendLimits{Hour: store.Spend{Tokens: 100}}
	var mu sync.Mutex
	var reserved []string
	var replicas sync.WaitGroup
	for range 8 {
		replicas.Go(func() {
			for range 3 {
				id, err := s.Reserve(t.Context(), tenant, "i", store.Spend{Tokens: 10, MicroUSD: 1}, limits)
				if err != nil {
					var exceeded *store.BudgetError
					assert.ErrorAs(t, err, &exceeded) //nolint:testifylint // not the test's goroutine
					continue
				}
				mu.Lock()
				reserved = append(reserved, id)
				mu.Unlock()
			}
		})
	}
	replicas.Wait()
	require.Len(t, reserved, 10)
	require.NoError(t, s.Settle(t.Context(), reserved[0], store.Spend{Tokens: 4}))
	hour, day, err := s.Spent(t.Context())
	require.NoError(t, err)
	assert.Equal(t, store.Spend{Tokens: 94, MicroUSD: 9}, hour)
	assert.Equal(t, hour, day)
	_, err = s.Reserve(t.Context(), tenant, "i", store.Spend{Tokens: 6}, limits)
	require.NoError(t, err, "what was not spent is free again")
	require.NoError(t, s.Settle(t.Context(), "unknown", store.Spend{Tokens: 1}))
}

func budgetsNameTheirLimit(t *testing.T, s store.Store) {
	_, err := s.Reserve(t.Context(), tenant, "i", store.Spend{Tokens: 10, MicroUSD: 10}, store.SpendLimits{})
	require.NoError(t, err)
	small := store.Spend{Tokens: 12, MicroUSD: 12}
	for want, limits := range map[store.BudgetError]store.SpendLimits{
		{Scope: "incident", Unit: "tokens"}:     {Incident: store.Spend{Tokens: 12}, Day: small},
		{Scope: "incident", Unit: "US dollars"}: {Incident: store.Spend{MicroUSD: 12}},
		{Scope: "hour", Unit: "tokens"}:         {Hour: small, Day: small},
		{Scope: "day", Unit: "US dollars"}:      {Day: store.Spend{MicroUSD: 12}},
	} {
		_, err := s.Reserve(t.Context(), tenant, "i", store.Spend{Tokens: 3, MicroUSD: 3}, limits)
		var exceeded *store.BudgetError
		require.ErrorAs(t, err, &exceeded)
		assert.Equal(t, want, *exceeded)
	}
	_, err = s.Reserve(t.Context(), tenant, "another", store.Spend{Tokens: 3}, store.SpendLimits{Incident: store.Spend{Tokens: 12}})
	require.NoError(t, err, "each incident has its own")
}

func agentsInfoIsReplaced(t *testing.T, s store.Store) {
	_, err := s.AgentsInfo(t.Context())
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, s.ReportAgents(t.Context(), store.AgentsInfo{Enabled: true, Provider: "gemini"}))
	require.NoError(t, s.ReportAgents(t.Context(), store.AgentsInfo{Provider: "none", Reason: "they are off"}))
	info, err := s.AgentsInfo(t.Context())
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), info.ReportedAt, time.Minute)
	info.ReportedAt = time.Time{}
	assert.Equal(t, store.AgentsInfo{Provider: "none", Reason: "they are off"}, info)
}
