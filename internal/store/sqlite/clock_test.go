package sqlite_test

import (
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// clock is a clock of receipt that tests set.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.at.Load()) }

func (c *clock) set(t time.Time) { c.at.Store(t.UnixNano()) }

func openAt(t *testing.T, path string, start time.Time) (*sqlite.Store, *clock) {
	t.Helper()
	c := &clock{}
	c.set(start)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: c.now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, c
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestTracesSpanDays(t *testing.T) {
	s, c := openAt(t, filepath.Join(t.TempDir(), "store.db"), noon)
	parts := []store.Batch{traceOf("a"), traceOf("a"), traceOf("a")}
	parts[1].Spans[0].Name, parts[2].Spans[0].Name = "second", "third"
	for day := range parts {
		c.set(noon.AddDate(0, 0, day))
		parts[day].Spans[0].ID[0] = byte(day)
		_, err := s.Append(t.Context(), []store.Batch{parts[day], parts[day]})
		require.NoError(t, err)
	}
	key := parts[0].Spans[0].TraceID.String()
	traces, err := s.Traces(t.Context(), "", []string{key}, 10)
	require.NoError(t, err)
	assert.Len(t, traces[0].Spans, 3)
	require.Len(t, traces[0].Logs, 1, "a retry on the next day collapses too")
	assert.Equal(t, noon.UnixNano(), int64(traces[0].Logs[0].ReceivedAt), "the first one is kept")

	var names []string
	page := store.Page{Limit: 1}
	for {
		list, err := s.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindSpan}, page)
		require.NoError(t, err)
		for _, r := range list.Items {
			names = append(names, r.Span.Name)
		}
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
	}
	assert.ElementsMatch(t, []string{"a", "second", "third"}, names)

	done, err := s.Retain(t.Context(), store.Retention{Signals: 24 * time.Hour}, noon.AddDate(0, 0, 2))
	require.NoError(t, err)
	assert.Equal(t, 1, done.Dropped, "the first day ended more than 24 h ago")
	traces, err = s.Traces(t.Context(), "", []string{key}, 10)
	require.NoError(t, err)
	assert.Len(t, traces[0].Spans, 2)
}

func TestClockThatWentBackHoldsNoSweepUp(t *testing.T) {
	s, c := openAt(t, filepath.Join(t.TempDir(), "store.db"), noon)
	for i, trace := range []string{"a", "b"} {
		c.set(noon.Add(time.Duration(-i) * time.Hour))
		_, err := s.Append(t.Context(), []store.Batch{traceOf(trace)})
		require.NoError(t, err)
	}
	c.set(noon.Add(-time.Minute))
	found, err := s.Orphans(t.Context(), noon.Add(-2*time.Minute), 10)
	require.NoError(t, err)
	assert.Equal(t, 2, found)
}

func TestClockThatRunsBackwards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, c := openAt(t, path, noon)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
	require.NoError(t, err)
	c.set(noon.Add(-48 * time.Hour))
	_, err = s.Append(t.Context(), []store.Batch{traceOf("b")})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	again, c := openAt(t, path, noon.Add(-48*time.Hour))
	_, err = again.Append(t.Context(), []store.Batch{traceOf("c")})
	require.NoError(t, err)
	c.set(noon.Add(time.Minute))
	found, err := again.Orphans(t.Context(), noon.Add(time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, 3, found)
}

func TestWatermarkOutlivesTheSignals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, c := openAt(t, path, noon)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a"), traceOf("b")})
	require.NoError(t, err)
	found, err := s.Orphans(t.Context(), noon.Add(time.Second), 10)
	require.NoError(t, err)
	require.Equal(t, 2, found)
	c.set(noon.AddDate(0, 0, 10))
	_, err = s.Retain(t.Context(), store.Retention{Signals: time.Hour}, c.now())
	require.NoError(t, err)
	require.NoError(t, s.Close())

	again, c := openAt(t, path, noon.AddDate(0, 0, 11))
	_, err = again.Append(t.Context(), []store.Batch{traceOf("c")})
	require.NoError(t, err)
	found, err = again.Orphans(t.Context(), c.now().Add(time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, 1, found, "numbers go on where the dropped days ended")
}

func TestLateSignalsWaitTwiceAsLongEachTime(t *testing.T) {
	s, c := openAt(t, filepath.Join(t.TempDir(), "store.db"), noon)
	batch := traceOf("a")
	id := openIncident(t, s, batch)
	for run, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		saveAnalysis(t, s, id, run)
		analysed := c.now()
		reclassify(t, s, batch, run)
		in, err := s.Incident(t.Context(), "", id)
		require.NoError(t, err)
		assert.Equal(t, wait*time.Minute, in.WantDue.Sub(analysed), "run %d", run)
		c.set(in.WantDue)
	}
}

var latePolicy = incident.Policy{LateWindow: 24 * time.Hour}

// openIncident stores a batch and classifies its failure.
func openIncident(t *testing.T, s *sqlite.Store, b store.Batch) string {
	t.Helper()
	_, err := s.Append(t.Context(), []store.Batch{b})
	require.NoError(t, err)
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: b.Errors[0].Key}})
	require.NoError(t, err)
	require.Len(t, accepted, 1)
	return classifyAll(t, s)
}

func classifyAll(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	claimed, err := s.ClaimFailures(t.Context(), "test", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: incident.Classification{
		Key: claimed[0].Key, State: incident.FailureClassified, Outcome: incident.OutcomeFailed,
		Roots: []incident.Root{{Signature: "r", Service: "payment", Title: "Payment fails", Errors: 1, ErrorSignals: 1}},
	}}}, latePolicy)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	return changes[0].ID
}

func saveAnalysis(t *testing.T, s *sqlite.Store, id string, run int) {
	t.Helper()
	claims, err := s.ClaimIncidents(t.Context(), "test", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	require.Equal(t, id, claims[0].Incident.ID)
	_, err = s.SaveAnalysis(t.Context(), claims[0], store.AnalysisRecord{
		Analysis: incident.Analysis{InputDigest: strconv.Itoa(run)}, ObservationsDigest: strconv.Itoa(run), Case: []byte("{}"),
	})
	require.NoError(t, err)
}

func reclassify(t *testing.T, s *sqlite.Store, b store.Batch, run int) {
	t.Helper()
	late := *b.Spans[0]
	late.ID[1] = byte(run + 1)
	_, err := s.Append(t.Context(), []store.Batch{{Spans: []*signal.Span{&late}}})
	require.NoError(t, err)
	classifyAll(t, s)
}
