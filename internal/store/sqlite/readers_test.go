package sqlite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestSearchThatWorksTooMuchIsRefused has a reader's search reach its budget; a worker's has none.
func TestSearchThatWorksTooMuchIsRefused(t *testing.T) {
	s := opened(t)
	_, err := s.Append(t.Context(), []store.Batch{spansOf(1, 10_000)})
	require.NoError(t, err)
	reader := store.ForReader(t.Context(), "reader")
	search := func(ctx context.Context) error {
		_, err := s.SearchSignals(ctx, "", store.SignalFilter{Kind: store.KindSpan, Query: "nowhere"}, store.Page{Limit: 10})
		return err
	}
	require.NoError(t, search(reader))
	s.readers.budget = 10
	require.ErrorIs(t, search(reader), store.ErrTooMuch)
	require.NoError(t, search(t.Context()), "a worker's")
	traces, err := s.Traces(reader, "", []string{signal.TraceID{1}.String()}, 20_000)
	require.NoError(t, err, "a page's")
	assert.Len(t, traces[0].Spans, 10_000)
}
