package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var queueing = map[string]func(*testing.T, store.Store){
	"FailureNeedsAnErrorSignal": failureNeedsAnErrorSignal,
}

func failureNeedsAnErrorSignal(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("healthy", "op", "payment"), failing("a", "op", "payment")))
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: keyOf("healthy")}, {Key: keyOf("forged")}, {Key: keyOf("a")}})
	require.NoError(t, err)
	assert.Equal(t, []int{2}, accepted)
	_, err = s.Failure(t.Context(), tenant, keyOf("healthy"))
	require.ErrorIs(t, err, store.ErrNotFound)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, incident.FailureWaiting, f.State)
	assert.Equal(t, traceID("a"), f.TraceID)
	assert.True(t, eventTime.Equal(f.FirstError))
}
