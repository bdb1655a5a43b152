package postgres

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestFailureWaitsSinceItsOldestRecord has an append begin before another, and end after it.
func TestFailureWaitsSinceItsOldestRecord(t *testing.T) {
	s := openSwept(t)
	trace := signal.TraceID{1}
	begun := store.Batch{
		Spans:  []*signal.Span{{TraceID: trace, SpanID: signal.SpanID{1}, Name: "first", Start: 1}},
		Errors: []store.ErrorSignal{{Key: trace.String(), Kind: "span", Ref: "span:1"}},
	}
	signal.IdentifySpans("", begun.Spans)
	s.append(begun)
	_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: trace.String()}})
	require.NoError(t, err)
	for _, state := range []string{"classified", "waiting"} {
		s.exec("UPDATE failures SET moved_at = NULL, waiting_since = clock_timestamp() + interval '1 hour', state = '" + state + "'")
		older := store.Batch{Spans: []*signal.Span{{TraceID: trace, SpanID: signal.SpanID{2}, Name: state, Start: 1}}}
		newer := store.Batch{Logs: []*signal.Log{{TraceID: trace, Time: 1, Body: signal.Value{Data: state}}}}
		signal.IdentifySpans("", older.Spans)
		signal.IdentifyLogs("", newer.Logs)
		release := s.hold("LOCK TABLE spans IN EXCLUSIVE MODE", "relation", older)
		s.append(newer)
		release()
		assert.EqualValues(t, 1, s.number(`SELECT count(*) FROM failures, spans WHERE spans.name = $1
			AND waiting_since = spans.received_at AND moved_at = spans.received_at`, state), state)
	}
}
