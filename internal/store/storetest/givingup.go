package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// bury makes the analysis of a new incident of a root fail for good.
func bury(t *testing.T, s store.Store, trace string, r incident.Root, problem string) string {
	t.Helper()
	id := open(t, s, trace, r)
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), problem, time.Time{}))
	return id
}

func deadLettersAreListed(t *testing.T, s store.Store) {
	none, err := s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	assert.Empty(t, none)
	older := bury(t, s, "a", root("r1", "payment"), "no luck\x00")
	later := root("r2", "payment")
	later.Onset = signal.NanosOf(eventTime.Add(time.Hour))
	newer := bury(t, s, "b", later, "never")
	open(t, s, "c", root("alive", "payment"))

	dead, err := s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Len(t, dead, 2)
	assert.Equal(t, store.DeadLetter{Kind: store.DeadAnalysis, IncidentID: newer, Attempts: 1, Problem: "never"}, dead[0])
	assert.Equal(t, older, dead[1].IncidentID)
	assert.Contains(t, dead[1].Problem, "no luck")
	one, err := s.DeadLetters(t.Context(), tenant, 1)
	require.NoError(t, err)
	assert.Equal(t, dead[:1], one)
	others, err := s.DeadLetters(t.Context(), "other", 10)
	require.NoError(t, err)
	assert.Empty(t, others)

	reclassify(t, s, policy, "b") // it was none
	dead, err = s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	assert.Equal(t, older, dead[0].IncidentID)
}

func deadLettersAreRetried(t *testing.T, s store.Store) {
	first := bury(t, s, "a", root("r1", "payment"), "never")
	second := bury(t, s, "b", root("r2", "payment"), "never")
	alive := open(t, s, "c", root("r3", "payment"))
	require.Equal(t, alive, claimIncident(t, s, "w").Incident.ID)
	for name, test := range map[string]struct {
		tenant string
		ids    []string
	}{
		"alive":        {tenant, []string{alive}},
		"unknown":      {tenant, []string{"nobody"}},
		"other tenant": {"other", []string{first}},
		"none there":   {"other", nil},
	} {
		retried, err := s.RetryDeadLetters(t.Context(), test.tenant, test.ids)
		require.NoError(t, err, name)
		assert.Empty(t, retried, name)
	}
	retried, err := s.RetryDeadLetters(t.Context(), tenant, []string{second, alive})
	require.NoError(t, err)
	assert.Equal(t, []store.DeadLetter{{Kind: store.DeadAnalysis, IncidentID: second, Attempts: 1, Problem: "never"}}, retried)
	c := claimIncident(t, s, "w")
	assert.Equal(t, second, c.Incident.ID)
	assert.Equal(t, 1, c.Attempts, "its attempts are forgotten")
	assert.Equal(t, incident.ReasonOpened, c.Reason, "what it was wanted for")
	_, err = s.SaveAnalysis(t.Context(), c, analysisOf("second"))
	require.NoError(t, err)

	retried, err = s.RetryDeadLetters(t.Context(), tenant, nil)
	require.NoError(t, err)
	require.Len(t, retried, 1)
	assert.Equal(t, first, retried[0].ID())
	assert.Equal(t, incident.AnalysisPending, incidentOf(t, s, first).AnalysisState)
	retried, err = s.RetryDeadLetters(t.Context(), tenant, nil)
	require.NoError(t, err)
	assert.Empty(t, retried, "none is left")
}

// exhaust has the lease of a new failure run out as often as it may, and sets it aside as workers do.
func exhaust(t *testing.T, s store.Store, trace string) {
	t.Helper()
	fail(t, s, trace, "payment")
	var claimed []store.Failure
	require.Eventually(t, func() bool {
		var err error
		claimed, err = s.ClaimFailures(t.Context(), "crashing", time.Millisecond, 10)
		return assert.NoError(t, err) && len(claimed) == 1 && claimed[0].Attempts == store.MaxAttempts
	}, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: claimed[0], Until: time.Now().Add(time.Hour)}}))
}

func deadLetters(t *testing.T, s store.Store) []store.DeadLetter {
	t.Helper()
	dead, err := s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	return dead
}

func retryAll(t *testing.T, s store.Store, ids ...string) []store.DeadLetter {
	t.Helper()
	retried, err := s.RetryDeadLetters(t.Context(), tenant, ids)
	require.NoError(t, err)
	return retried
}

func failuresSetAsideAreRetried(t *testing.T, s store.Store) {
	exhaust(t, s, "a")
	fail(t, s, "b", "payment")
	dead := deadLetters(t, s)
	require.Len(t, dead, 1, "one that waits is none")
	assert.Equal(t, store.DeadFailure, dead[0].Kind)
	assert.Equal(t, keyOf("a"), dead[0].ID())
	assert.GreaterOrEqual(t, dead[0].Attempts, store.MaxAttempts)
	assert.NotEmpty(t, dead[0].Problem)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, status.FailuresSetAside)

	assert.Empty(t, retryAll(t, s, keyOf("b")))
	others, err := s.RetryDeadLetters(t.Context(), "other", nil)
	require.NoError(t, err)
	assert.Empty(t, others)
	assert.Equal(t, dead, retryAll(t, s, keyOf("a"), keyOf("b")))
	claimed := claim(t, s, "w")
	require.Len(t, claimed, 2, "it is due")
	assert.Equal(t, keyOf("a"), claimed[0].Key)
	assert.LessOrEqual(t, claimed[0].Attempts, 1, "its attempts are forgotten")
	assert.Empty(t, retryAll(t, s))
}

func agentsGivenUpAreAskedAgain(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	failed := incident.Agents{State: incident.AgentsFailed, Reason: "out of quota", Provider: "gemini", Model: "m", Tokens: 7}
	require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], store.AgentsRecord{Agents: failed, Transcript: []byte("half")}))
	dead := []store.DeadLetter{{Kind: store.DeadAgents, IncidentID: id, Attempts: 1, Problem: "out of quota"}}
	assert.Equal(t, dead, deadLetters(t, s))
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, status.AgentsFailed)
	assert.Zero(t, status.AnalysesFailed)

	assert.Equal(t, dead, retryAll(t, s))
	again := agentsOf(t, s, id)
	assert.Equal(t, incident.AgentsPending, again.State)
	assert.Equal(t, "gemini", again.Provider)
	assert.Empty(t, again.Reason)
	claims := claimAgents(t, s, "w", lease)
	require.Len(t, claims, 1)
	assert.Equal(t, 1, claims[0].Attempts)
	assert.Empty(t, deadLetters(t, s))
}

func oldAgentsAreNoDeadLetters(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	record := store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsFailed, Reason: "out of time"}}
	require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], record))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	publish(t, s, withAgents("second", incident.AgentsSkipped))
	assert.Empty(t, deadLetters(t, s), "a newer revision took its place")
	assert.Empty(t, retryAll(t, s))
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.Zero(t, status.AgentsFailed)
}

func deadLettersOfAnIDGoTogether(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	record := store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsFailed, Reason: "out of time"}}
	require.NoError(t, s.SaveAgents(t.Context(), claimAgents(t, s, "w", lease)[0], record))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), "never", time.Time{}))
	exhaust(t, s, "b")
	var kinds []store.DeadLetterKind
	for _, d := range retryAll(t, s, id) {
		kinds = append(kinds, d.Kind)
	}
	assert.Equal(t, []store.DeadLetterKind{store.DeadAnalysis, store.DeadAgents}, kinds)
	dead := deadLetters(t, s)
	require.Len(t, dead, 1)
	assert.Equal(t, store.DeadFailure, dead[0].Kind, "the rest stays")
}
