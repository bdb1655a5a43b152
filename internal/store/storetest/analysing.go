package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var analysing = map[string]func(*testing.T, store.Store){
	"AnalysisIsPublished":              analysisIsPublished,
	"NothingNewIsNoRevision":           nothingNewIsNoRevision,
	"TriggerDuringAnalysisIsNotLost":   triggerDuringAnalysisIsNotLost,
	"TwoWorkersPublishOnce":            twoWorkersPublishOnce,
	"LostLeasePublishesNothing":        lostLeasePublishesNothing,
	"FailedAnalysisIsRetried":          failedAnalysisIsRetried,
	"ReleasedAnalysisWasNoAttempt":     releasedAnalysisWasNoAttempt,
	"DeadLetterWaitsForATrigger":       deadLetterWaitsForATrigger,
	"DeadLettersAreListed":             deadLettersAreListed,
	"DeadLettersAreRetried":            deadLettersAreRetried,
	"FailuresSetAsideAreRetried":       failuresSetAsideAreRetried,
	"AgentsGivenUpAreAskedAgain":       agentsGivenUpAreAskedAgain,
	"OldAgentsAreNoDeadLetters":        oldAgentsAreNoDeadLetters,
	"DeadLettersOfAnIDGoTogether":      deadLettersOfAnIDGoTogether,
	"RequestedAnalysis":                requestedAnalysis,
	"RevisionsAreListed":               revisionsAreListed,
	"UnknownIncidentsAndRevisions":     unknownIncidentsAndRevisions,
	"AbstainedAnalysisKeepsTheTitle":   abstainedAnalysisKeepsTheTitle,
	"RetriedAnalysisKeepsItsReason":    retriedAnalysisKeepsItsReason,
	"UnfinishedAnalysisDoesNotWait":    unfinishedAnalysisDoesNotWait,
	"ConcurrentTriggersAndAnalysesEnd": concurrentTriggersAndAnalysesEnd,
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
	assert.Zero(t, a.Supersedes)
	assert.Equal(t, id, a.IncidentID)
	assert.Equal(t, incident.ReasonOpened, a.Reason)
	assert.WithinDuration(t, time.Now(), a.CreatedAt, time.Minute)
	assert.False(t, a.Provisional)
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
	assert.False(t, in.Provisional)
	assert.Equal(t, incident.Confidence(800_000), in.Confidence)
	assert.Equal(t, "Exception in payment", in.Title, "the root's, not the words of one trace")
	assert.Equal(t, 1, in.Revision)
	body, err := s.Case(t.Context(), tenant, a.InputDigest)
	require.NoError(t, err)
	assert.JSONEq(t, `{"case":"first"}`, string(body))
	assert.Empty(t, analyse(t, s, "second"), "nothing more is wanted")
}

func claimIncident(t *testing.T, s store.Store, owner string) store.Claim {
	t.Helper()
	claims, err := s.ClaimIncidents(t.Context(), owner, lease, 1)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	return claims[0]
}

func nothingNewIsNoRevision(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	sameCase := analysisOf("first")
	sameCase.ObservationsDigest = "other observations"
	sameObservations := analysisOf("second")
	sameObservations.ObservationsDigest = analysisOf("first").ObservationsDigest
	for name, record := range map[string]store.AnalysisRecord{"case": sameCase, "observations": sameObservations} {
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		revision, err := s.SaveAnalysis(t.Context(), claimIncident(t, s, "w"), record)
		require.NoError(t, err)
		assert.Equal(t, 1, revision, "same %s", name)
		assert.False(t, incidentOf(t, s, id).Provisional, "done all the same")
	}
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	revision, err := s.SaveAnalysis(t.Context(), claimIncident(t, s, "w"), analysisOf("third"))
	require.NoError(t, err)
	assert.Equal(t, 2, revision)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, a.Supersedes)
}

func triggerDuringAnalysisIsNotLost(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	c := claimIncident(t, s, "w")
	assert.Equal(t, incident.AnalysisRunning, incidentOf(t, s, id).AnalysisState)
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	none, err := s.ClaimIncidents(t.Context(), "other", lease, 1)
	require.NoError(t, err)
	assert.Empty(t, none, "one analysis at a time")
	_, err = s.SaveAnalysis(t.Context(), c, analysisOf("first"))
	require.NoError(t, err)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.True(t, a.Provisional)
	next := claimIncident(t, s, "w")
	assert.Equal(t, incident.ReasonRequested, next.Reason)
	assert.Greater(t, next.Wanted, c.Wanted)
}

func twoWorkersPublishOnce(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	var wg sync.WaitGroup
	for _, owner := range []string{"one", "two", "three", "four"} {
		wg.Go(func() {
			claims, err := s.ClaimIncidents(t.Context(), owner, lease, 1)
			if err != nil || len(claims) == 0 {
				assert.NoError(t, err)
				return
			}
			_, err = s.SaveAnalysis(t.Context(), claims[0], analysisOf("by "+owner))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	revisions, err := s.Revisions(t.Context(), tenant, id)
	require.NoError(t, err)
	assert.Len(t, revisions, 1)
}

func lostLeasePublishesNothing(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	slow, err := s.ClaimIncidents(t.Context(), "slow", time.Millisecond, 1)
	require.NoError(t, err)
	require.Len(t, slow, 1)
	var fast []store.Claim
	require.Eventually(t, func() bool {
		fast, err = s.ClaimIncidents(t.Context(), "fast", lease, 1)
		return assert.NoError(t, err) && len(fast) == 1
	}, 10*time.Second, 5*time.Millisecond)
	assert.Equal(t, 2, fast[0].Attempts)
	_, err = s.SaveAnalysis(t.Context(), slow[0], analysisOf("slow"))
	require.ErrorIs(t, err, store.ErrLostLease)
	require.ErrorIs(t, s.FailAnalysis(t.Context(), slow[0], "too slow", time.Now()), store.ErrLostLease)
	_, err = s.SaveAnalysis(t.Context(), fast[0], analysisOf("fast"))
	require.NoError(t, err)
	_, err = s.SaveAnalysis(t.Context(), fast[0], analysisOf("again"))
	require.ErrorIs(t, err, store.ErrLostLease, "saving ends the lease")
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	assert.Equal(t, "payment failed: fast", a.RootCause.Statement)
}

func failedAnalysisIsRetried(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	c := claimIncident(t, s, "w")
	require.NoError(t, s.FailAnalysis(t.Context(), c, "no luck", time.Now().Add(time.Hour)))
	none, err := s.ClaimIncidents(t.Context(), "w", lease, 1)
	require.NoError(t, err)
	assert.Empty(t, none)
	assert.Equal(t, incident.AnalysisPending, incidentOf(t, s, id).AnalysisState)

	other := open(t, s, "b", root("r2", "payment"))
	c = claimIncident(t, s, "w")
	require.Equal(t, other, c.Incident.ID)
	require.NoError(t, s.FailAnalysis(t.Context(), c, "no luck", time.Now()))
	assert.Equal(t, 2, claimIncident(t, s, "w").Attempts)
}

func retriedAnalysisKeepsItsReason(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), "no luck", time.Now()))
	assert.Equal(t, incident.ReasonOpened, claimIncident(t, s, "w").Reason)
}

// unfinishedAnalysisDoesNotWait has late signals come while a worker dies: they may wait, not what the
// worker was to do.
func unfinishedAnalysisDoesNotWait(t *testing.T, s store.Store) {
	r := root("r1", "payment")
	id := open(t, s, "a", r)
	for ended, end := range map[string]func(store.Claim){
		"died":     func(store.Claim) { outlast(t, s) },
		"released": func(c store.Claim) { require.NoError(t, s.ReleaseIncident(t.Context(), c, time.Time{})) },
		"failed":   func(c store.Claim) { require.NoError(t, s.FailAnalysis(t.Context(), c, "no luck", time.Now())) },
	} {
		t.Run(ended, func(t *testing.T) {
			require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
			c := claimIncidentFor(t, s, "first", short)
			reclassify(t, s, policy, "a", r)
			require.True(t, incidentOf(t, s, id).WantDue.After(time.Now()))
			end(c)
			_, err := s.SaveAnalysis(t.Context(), claimIncidentFor(t, s, "second", lease), analysisOf(ended))
			require.NoError(t, err)
			in := incidentOf(t, s, id)
			assert.Equal(t, in.Wanted, in.Done, "what came late was looked at too")
		})
	}
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), "never", time.Time{}))
	reclassify(t, s, policy, "a", r)
	assert.Empty(t, analyse(t, s, "given up"), "late signals wait where no other does")
}

func releasedAnalysisWasNoAttempt(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), "no luck", time.Now()))
	for range 2 {
		c := claimIncident(t, s, "w")
		assert.Equal(t, 2, c.Attempts, "the one that failed, and this")
		assert.Equal(t, incident.ReasonOpened, c.Reason)
		require.NoError(t, s.ReleaseIncident(t.Context(), c, time.Time{}))
		assert.Equal(t, incident.AnalysisPending, incidentOf(t, s, id).AnalysisState)
		require.ErrorIs(t, s.ReleaseIncident(t.Context(), c, time.Time{}), store.ErrLostLease)
		require.ErrorIs(t, s.RenewIncident(t.Context(), c, lease), store.ErrLostLease)
	}
	require.NoError(t, s.ReleaseIncident(t.Context(), claimIncident(t, s, "w"), time.Now().Add(time.Hour)))
	assert.Empty(t, analyse(t, s, "put off"))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	stolen := claimIncidentFor(t, s, "slow", short)
	again := claimIncidentFor(t, s, "fast", lease)
	require.ErrorIs(t, s.ReleaseIncident(t.Context(), stolen, time.Time{}), store.ErrLostLease)
	assert.Equal(t, 3, again.Attempts)
	_, err := s.SaveAnalysis(t.Context(), again, analysisOf("fast"))
	require.NoError(t, err)
	assert.Equal(t, incident.AnalysisDone, incidentOf(t, s, id).AnalysisState)
}

func deadLetterWaitsForATrigger(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	require.NoError(t, s.FailAnalysis(t.Context(), claimIncident(t, s, "w"), "never", time.Time{}))
	assert.Equal(t, incident.AnalysisFailed, incidentOf(t, s, id).AnalysisState)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, status.AnalysesFailed)
	assert.Empty(t, analyse(t, s, "none"))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	c := claimIncident(t, s, "w")
	assert.Equal(t, 1, c.Attempts, "a new trigger starts anew")
	assert.Equal(t, incident.ReasonRequested, c.Reason)
}

func requestedAnalysis(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	assert.Equal(t, incident.AnalysisPending, incidentOf(t, s, id).AnalysisState)
	assert.Equal(t, incident.ReasonRequested, claimIncident(t, s, "w").Reason)
	require.ErrorIs(t, s.RequestAnalysis(t.Context(), tenant, "nobody"), store.ErrNotFound)
	require.ErrorIs(t, s.RequestAnalysis(t.Context(), "other", id), store.ErrNotFound)
}

func revisionsAreListed(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	for _, content := range []string{"first", "second", "third"} {
		analyse(t, s, content)
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	}
	revisions, err := s.Revisions(t.Context(), tenant, id)
	require.NoError(t, err)
	require.Len(t, revisions, 3)
	for i, r := range revisions {
		assert.Equal(t, 3-i, r.Revision)
		assert.Equal(t, 2-i, r.Supersedes)
		assert.Equal(t, incident.VerdictRootCause, r.Verdict)
	}
	assert.Equal(t, "payment failed: third", revisions[0].Statement)
	second, err := s.Analysis(t.Context(), tenant, id, 2)
	require.NoError(t, err)
	assert.Equal(t, "payment failed: second", second.RootCause.Statement)
	assert.False(t, second.Provisional, "it was superseded")
}

func unknownIncidentsAndRevisions(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	_, err := s.Incident(t.Context(), tenant, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Incident(t.Context(), "other", id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Analysis(t.Context(), tenant, id, 0)
	require.ErrorIs(t, err, store.ErrNotFound, "not analysed yet")
	_, err = s.Analysis(t.Context(), tenant, "nobody", 0)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Revisions(t.Context(), tenant, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Case(t.Context(), tenant, "nothing")
	require.ErrorIs(t, err, store.ErrNotFound)
	keys, total, err := s.IncidentKeys(t.Context(), tenant, "nobody", 10)
	require.NoError(t, err)
	assert.Empty(t, keys)
	assert.Zero(t, total)
	_, err = s.Failure(t.Context(), tenant, "nothing")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func abstainedAnalysisKeepsTheTitle(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	record := analysisOf("abstained")
	record.Analysis.Verdict, record.Analysis.RootCause = incident.VerdictAbstained, nil
	record.Analysis.Candidates = []incident.Candidate{{Score: 400_000}, {Score: 300_000}}
	record.Analysis.Severity = incident.SeverityCritical
	_, err := s.SaveAnalysis(t.Context(), claimIncident(t, s, "w"), record)
	require.NoError(t, err)
	in := incidentOf(t, s, id)
	assert.Equal(t, "Exception in payment", in.Title)
	assert.Equal(t, incident.Confidence(400_000), in.Confidence)
	assert.Equal(t, incident.SeverityCritical, in.Severity)
}

// concurrentTriggersAndAnalysesEnd lets triggers race with analyses: in the end everything wanted
// is done, and revisions are numbered without a gap.
func concurrentTriggersAndAnalysesEnd(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 10 {
				assert.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
			}
		})
	}
	for _, owner := range []string{"one", "two"} {
		wg.Go(func() {
			for i := range 20 {
				claims, err := s.ClaimIncidents(t.Context(), owner, lease, 1)
				if err != nil {
					assert.NoError(t, err)
					return
				}
				for _, c := range claims {
					_, err := s.SaveAnalysis(t.Context(), c, analysisOf(owner+string(rune('a'+i))))
					assert.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
	analyse(t, s, "last")
	in := incidentOf(t, s, id)
	assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
	assert.Equal(t, in.Wanted, in.Done)
	revisions, err := s.Revisions(t.Context(), tenant, id)
	require.NoError(t, err)
	assert.Len(t, revisions, in.Revision)
}
