package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func spansOf(trace byte, n int) store.Batch {
	b := store.Batch{}
	for i := range n {
		s := &signal.Span{Name: fmt.Sprint("span ", i), Start: 1, TraceID: signal.TraceID{trace}, SpanID: signal.SpanID{trace, byte(i), byte(i >> 8)}}
		b.Spans = append(b.Spans, s)
	}
	signal.IdentifySpans("", b.Spans)
	return b
}

func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// limitPages sets how big the file may become, as a full disk does.
func limitPages(t *testing.T, s *Store, more int64) {
	t.Helper()
	w := <-s.writer
	defer func() { s.writer <- w }()
	pages, err := w.number("PRAGMA page_count")
	require.NoError(t, err)
	_, err = w.number(fmt.Sprint("PRAGMA max_page_count = ", pages+more))
	require.NoError(t, err)
}

func TestFullDiskLosesNothing(t *testing.T) {
	s := opened(t)
	_, err := s.Append(t.Context(), []store.Batch{spansOf(1, 100)})
	require.NoError(t, err)
	limitPages(t, s, 2)
	_, err = s.Append(t.Context(), []store.Batch{spansOf(2, 5000)})
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.ErrorContains(t, err, s.path)
	_, err = s.Append(t.Context(), []store.Batch{spansOf(3, 5000)})
	require.ErrorIs(t, err, store.ErrUnavailable, "again, and no worse")

	traces, err := s.Traces(t.Context(), "", []string{signal.TraceID{1}.String(), signal.TraceID{2}.String()}, 10_000)
	require.NoError(t, err)
	assert.Len(t, traces[0].Spans, 100, "what was acknowledged is there")
	assert.Empty(t, traces[1].Spans, "what was refused is not, not even a part")

	limitPages(t, s, 1_000_000)
	_, err = s.Append(t.Context(), []store.Batch{spansOf(2, 5000)})
	require.NoError(t, err, "there is room again")
	traces, err = s.Traces(t.Context(), "", []string{signal.TraceID{2}.String()}, 10_000)
	require.NoError(t, err)
	assert.Len(t, traces[0].Spans, 5000)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 5100, status.Spans)
}

func TestPanicLeavesNoTransaction(t *testing.T) {
	s := opened(t)
	assert.Panics(t, func() {
		_ = s.write(t.Context(), func(c *conn) error {
			_, err := c.exec("INSERT INTO watermarks VALUES ('half', 1)")
			require.NoError(t, err)
			panic("bug")
		})
	})
	require.NoError(t, s.read(t.Context(), func(v *view) error {
		n, err := v.number("SELECT count(*) FROM watermarks")
		assert.Zero(t, n)
		return err
	}))
	_, err := s.Append(t.Context(), []store.Batch{spansOf(1, 1)})
	require.NoError(t, err)
}

// TestReadersDoNotBlockTheWriter holds a snapshot open while the writer commits.
func TestReadersDoNotBlockTheWriter(t *testing.T) {
	s := opened(t)
	err := s.read(t.Context(), func(v *view) error {
		before, err := v.number("SELECT count(*) FROM spans")
		require.NoError(t, err)
		_, err = s.Append(t.Context(), []store.Batch{spansOf(1, 10)})
		require.NoError(t, err)
		after, err := v.number("SELECT count(*) FROM spans")
		assert.Equal(t, before, after, "a view does not change")
		return err
	})
	require.NoError(t, err)
	require.NoError(t, s.read(t.Context(), func(v *view) error {
		done, err := s.Retain(t.Context(), store.Retention{Signals: 24 * time.Hour}, time.Now().AddDate(0, 0, 30))
		require.NoError(t, err)
		assert.Positive(t, done.Dropped)
		_, err = v.number("SELECT count(*) FROM spans")
		return err
	}), "retention does not wait for readers either")
}

func TestErrorsThatAreNoDatabasesStay(t *testing.T) {
	s := opened(t)
	own := errors.New("own")
	require.Equal(t, own, s.write(t.Context(), func(*conn) error { return own }))
	err := s.read(t.Context(), func(v *view) error {
		_, err := v.number("SELECT nonsense")
		return err
	})
	require.ErrorIs(t, err, store.ErrUnavailable)
}

// TestHotQueriesUseTheirIndexes looks at the plans of what runs for every trace or page.
func TestHotQueriesUseTheirIndexes(t *testing.T) {
	s := opened(t)
	require.NoError(t, s.read(t.Context(), func(v *view) error {
		spans, logs := v.days[0].table(kindSpans), v.days[0].table(kindLogs)
		for sql, index := range map[string]string{
			"SELECT * FROM " + spans + " WHERE tenant = '' AND trace_id = 'x' ORDER BY span_id, parent_span_id, seq":                                                                              spans + "_trace",
			"SELECT * FROM " + logs + " WHERE tenant = '' AND trace_id = 'x' AND trace_id <> '' ORDER BY seq":                                                                                     logs + "_trace",
			"SELECT * FROM " + logs + " WHERE tenant = '' AND id = 'x' ORDER BY seq":                                                                                                              logs + "_id",
			"SELECT trace_id FROM " + spans + " WHERE tenant = '' AND peer = 'x' AND time <= 5 ORDER BY time DESC LIMIT 5":                                                                        spans + "_peer",
			"SELECT key FROM failures WHERE state = 'waiting' AND due_at <= 1 AND lease_until <= 1 AND waiting_since > 1 ORDER BY waiting_since":                                                  "failures_state",
			"SELECT key FROM failures INDEXED BY failures_urgent WHERE state = 'waiting' AND due_at <= 1 AND lease_until <= 1 AND urgent = 1 ORDER BY waiting_since":                              "failures_urgent",
			"SELECT key FROM failures INDEXED BY failures_turn WHERE state = 'waiting' AND due_at <= 1 AND turn = 7 AND max(due_at, waiting_since) <= 1 ORDER BY max(due_at, waiting_since) DESC": "failures_turn",
			"SELECT max(attempts) FROM failures INDEXED BY failures_attempts WHERE state = 'waiting' AND attempts > 0":                                                                            "failures_attempts",
			"SELECT count(*) FROM " + failuresSetAside:                                                                                         "failures_attempts",
			"SELECT state, count(*) FROM failures GROUP BY state":                                                                              "COVERING INDEX failures_state",
			"SELECT min(turn) FROM failures INDEXED BY failures_turn WHERE state = 'waiting' AND turn > 7":                                     "failures_turn",
			"SELECT 1 FROM failures f WHERE f.state = 'waiting' AND f.turn = 7 AND max(f.due_at, f.waiting_since) <= 1 AND f.lease_until <= 1": "failures_turn",
			"SELECT id FROM incidents WHERE tenant = '' AND (last_seen, id) < (1, 'x') ORDER BY last_seen DESC, id DESC LIMIT 5":               "incidents_last_seen",
			"SELECT key FROM incident_failures WHERE tenant = '' AND incident_id = 'x' ORDER BY first_error DESC, key DESC":                    "incident_failures_incident",
			"SELECT id FROM incidents WHERE tenant = '' AND root_signature = 'x' AND merged_into = ''":                                         "incidents_signature",
			"SELECT count(*) FROM " + v.days[0].table(kindErrorSignals) + " WHERE tenant = '' AND key = 'x'":                                   v.days[0].table(kindErrorSignals) + "_key",
			"SELECT * FROM " + spans + " WHERE tenant = '' AND service = 'x' AND time >= 1 AND time <= 9 ORDER BY time DESC LIMIT 10":          spans + "_service",
			"SELECT trace_id, span_id FROM spans WHERE tenant = '' AND trace_id = 'x'":                                                         spans + "_trace",
		} {
			var plan []string
			require.NoError(t, v.query("EXPLAIN QUERY PLAN "+sql, func(r *row) error {
				plan = append(plan, r.st.ColumnText(3))
				return nil
			}))
			all := strings.Join(plan, "\n")
			assert.Contains(t, all, index, sql)
			assert.NotContains(t, all, "TEMP B-TREE", sql)
			assert.NotContains(t, all, "SCAN "+spans, sql)
		}
		return nil
	}))
}

// TestRefusedDataIsNoOutage has the database refuse what is to be saved: trying again is no use.
func TestRefusedDataIsNoOutage(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.write(t.Context(), func(c *conn) error {
		return c.raw.Exec("CREATE UNIQUE INDEX once ON agent_spend (incident_id)")
	}))
	_, err = s.Reserve(t.Context(), "", "incident", store.Spend{}, store.SpendLimits{})
	require.NoError(t, err)
	_, err = s.Reserve(t.Context(), "", "incident", store.Spend{}, store.SpendLimits{})
	require.ErrorContains(t, err, "refuses the data")
	assert.NotErrorIs(t, err, store.ErrUnavailable)
}
