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

var keeping = map[string]func(*testing.T, store.Store){
	"SignalsAreDroppedByDay":         signalsAreDroppedByDay,
	"IncidentsOutliveTheirSignals":   incidentsOutliveTheirSignals,
	"ResolvedIncidentsAreDropped":    resolvedIncidentsAreDropped,
	"RetentionOfNothingKeepsForever": retentionOfNothingKeepsForever,
	"WritingGoesOnAfterRetention":    writingGoesOnAfterRetention,
	"StatusCounts":                   statusCounts,
}

const day = 24 * time.Hour

func signalsAreDroppedByDay(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, failing("a", "op", "payment"), logOf("a", "boom", "payment", 9), pointOf("p", "payment", int64(1)),
		incident.Change{ID: "c", Kind: "deploy", Time: signal.NanosOf(eventTime)}))
	upsert(t, s, store.FailureHint{Key: keyOf("a")})
	retention := store.Retention{Signals: 2 * day}
	done, err := s.Retain(t.Context(), retention, time.Now().Add(day))
	require.NoError(t, err)
	assert.Zero(t, done.Dropped)
	require.Len(t, loaded(t, s, tenant, keyOf("a")).Spans, 1, "a 2021 event received today is young")

	done, err = s.Retain(t.Context(), retention, time.Now().Add(4*day))
	require.NoError(t, err)
	assert.Positive(t, done.Dropped)
	trace := loaded(t, s, tenant, keyOf("a"))
	assert.Empty(t, trace.Spans)
	assert.Empty(t, trace.Logs)
	for _, kind := range []store.SignalKind{store.KindSpan, store.KindLog, store.KindMetric} {
		assert.Empty(t, searchAll(t, s, tenant, kind))
	}
	changes, err := s.Changes(t.Context(), tenant, "", time.Time{}, time.Time{}, store.Page{})
	require.NoError(t, err)
	assert.Empty(t, changes.Items)
	_, err = s.Failure(t.Context(), tenant, keyOf("a"))
	require.ErrorIs(t, err, store.ErrNotFound, "a failure without incident goes with its signals")
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.Zero(t, status.Spans+status.Logs+status.MetricPoints+status.ErrorSignals)
}

func incidentsOutliveTheirSignals(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	analyse(t, s, "first")
	_, err := s.Retain(t.Context(), store.Retention{Signals: day, Incidents: 30 * day}, time.Now().Add(10*day))
	require.NoError(t, err)
	require.Empty(t, loaded(t, s, tenant, keyOf("a")).Spans)
	in := incidentOf(t, s, id)
	assert.Equal(t, 1, in.FailingTraces)
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	_, err = s.Case(t.Context(), tenant, a.InputDigest)
	require.NoError(t, err, "what it was made from is kept")
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, 1, f.ErrorSignals)
}

func resolvedIncidentsAreDropped(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	analyse(t, s, "first")
	a, err := s.Analysis(t.Context(), tenant, id, 0)
	require.NoError(t, err)
	retention := store.Retention{Incidents: 30 * day}
	_, err = s.Retain(t.Context(), retention, time.Now().Add(100*day))
	require.NoError(t, err)
	require.Len(t, incidents(t, s), 1, "an open one is kept")
	_, err = s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	_, err = s.Retain(t.Context(), retention, time.Now().Add(20*day))
	require.NoError(t, err)
	require.Len(t, incidents(t, s), 1, "not long enough ago")

	_, err = s.Retain(t.Context(), retention, time.Now().Add(31*day))
	require.NoError(t, err)
	_, err = s.Incident(t.Context(), tenant, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Analysis(t.Context(), tenant, id, 0)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Case(t.Context(), tenant, a.InputDigest)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Failure(t.Context(), tenant, keyOf("a"))
	require.ErrorIs(t, err, store.ErrNotFound)
	assert.Len(t, loaded(t, s, tenant, keyOf("a")).Spans, 1, "signals are kept for ever here")
}

func retentionOfNothingKeepsForever(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r", "payment"))
	_, err := s.ResolveQuiet(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	done, err := s.Retain(t.Context(), store.Retention{}, time.Now().Add(1000*day))
	require.NoError(t, err)
	assert.Zero(t, done.Dropped)
	incidentOf(t, s, id)
	assert.Len(t, loaded(t, s, tenant, keyOf("a")).Spans, 1)
}

func writingGoesOnAfterRetention(t *testing.T, s store.Store) {
	fail(t, s, "a", "payment")
	found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 10)
	require.NoError(t, err)
	require.Zero(t, found)
	_, err = s.Retain(t.Context(), store.Retention{Signals: time.Hour}, time.Now().Add(4*day))
	require.NoError(t, err)
	appendAll(t, s, requestOf(tenant, failing("b", "op", "payment")))
	assert.Len(t, loaded(t, s, tenant, keyOf("b")).Spans, 1)
	found, err = s.Orphans(t.Context(), time.Now().Add(time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, 1, found, "the watermark did not pass what came after")
}

func statusCounts(t *testing.T, s store.Store) {
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, status.Backend)
	assert.Positive(t, status.SchemaVersion)
	assert.Nil(t, status.OldestWaiting)
	assert.Nil(t, status.OldestSignal)

	appendAll(t, s, requestOf(tenant, failing("a", "op", "payment"), span("a", "other", "payment"), logOf("a", "x", "payment", 9), pointOf("p", "payment", int64(1))))
	fail(t, s, "b", "payment")
	open(t, s, "c", root("r", "payment"))
	fail(t, s, "d", "payment")
	require.Eventually(t, func() bool { // what took long to count is shown for a while
		status, err = s.Status(t.Context())
		return err == nil && status.Spans == 5
	}, time.Minute, 20*time.Millisecond)
	assert.EqualValues(t, 1, status.Logs)
	assert.EqualValues(t, 1, status.MetricPoints)
	assert.EqualValues(t, 4, status.ErrorSignals)
	assert.Equal(t, map[string]int64{"waiting": 1, "classified": 1, "dismissed": 1}, status.FailuresByState)
	assert.Equal(t, map[string]int64{"open": 1}, status.IncidentsByStatus)
	assert.Empty(t, status.RoutineByStatus)
	assert.EqualValues(t, 1, status.AnalysesPending)
	assert.Zero(t, status.AnalysesFailed)
	require.NotNil(t, status.OldestWaiting)
	assert.WithinDuration(t, time.Now(), *status.OldestWaiting, time.Minute)
	assert.Positive(t, status.SizeBytes)
	require.NotNil(t, status.OldestSignal)
	assert.WithinDuration(t, time.Now(), *status.OldestSignal, 48*time.Hour)
	assert.True(t, status.OldestSignal.Equal(status.OldestSignal.Truncate(24*time.Hour)), "a day")
	assert.Zero(t, status.MaxAttempts)
	assert.Zero(t, status.AgentsPending)

	publish(t, s, withAgents("case", incident.AgentsPending))
	status, err = s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, status.AgentsPending)
	asked := claimAgents(t, s, "w", lease)
	require.Len(t, asked, 1)
	require.NoError(t, s.SaveAgents(t.Context(), asked[0], store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsFailed}}))
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, asked[0].IncidentID))
	claimIncident(t, s, "w")
	status, err = s.Status(t.Context())
	require.NoError(t, err)
	assert.Zero(t, status.AgentsPending)
	assert.EqualValues(t, 1, status.AgentsFailed)
	assert.Equal(t, 1, status.MaxAttempts, "of the analysis under way")

	odd := root("odd", "payment")
	odd.Routine = &incident.Routine{Failing: 5, Requests: 300}
	open(t, s, "odd", odd)
	status, err = s.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"open": 2}, status.IncidentsByStatus)
	assert.Equal(t, map[string]int64{"open": 1}, status.RoutineByStatus)
}
