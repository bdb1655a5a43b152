package rcaexporter

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestPushback(t *testing.T) {
	err := newPushback(store.ErrUnavailable, 5*time.Second)
	assert.False(t, consumererror.IsPermanent(err))
	assert.Equal(t, http.StatusServiceUnavailable, consumererror.ToHTTPStatus(err))
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.EqualError(t, err, store.ErrUnavailable.Error())

	for name, wrapped := range map[string]error{
		"alone":                 err,
		"joined with another's": errors.Join(errors.New("another exporter"), err),
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := status.FromError(wrapped)
			require.True(t, ok)
			assert.Equal(t, codes.Unavailable, s.Code())
			require.Len(t, s.Details(), 1)
			assertRetry(t, 5*time.Second, s.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
		})
	}
}

// assertRetry checks the time that a client is asked to wait.
func assertRetry(t *testing.T, least, after time.Duration) {
	t.Helper()
	assert.GreaterOrEqual(t, after, least)
	assert.LessOrEqual(t, after, 2*least+2*time.Second)
}

func TestClientsRefusedTogetherDoNotComeBackTogether(t *testing.T) {
	waits := map[time.Duration]bool{}
	for range 100 {
		s, _ := status.FromError(newPushback(errBusy, maxRetry))
		after := s.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration()
		assertRetry(t, maxRetry, after)
		waits[after] = true
	}
	assert.Greater(t, len(waits), 10)
	s, _ := status.FromError(newPushback(errBusy, time.Hour))
	assertRetry(t, maxRetry, s.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
}
