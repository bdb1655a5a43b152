package agents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(1_000, 0)
	b := &breaker{failures: 3, pause: time.Minute, now: func() time.Time { return now }}
	for range 2 {
		require.NoError(t, b.allow())
		b.report(true)
	}
	require.NoError(t, b.allow())
	b.report(false)
	for range 3 {
		require.NoError(t, b.allow(), "a success begins the count anew")
		b.report(true)
	}
	require.EqualError(t, b.allow(), "The model's service failed 3 times in a row; it is asked again after 1m0s.")

	now = now.Add(time.Minute)
	require.NoError(t, b.allow(), "half open: one probe")
	require.Error(t, b.allow(), "and only one")
	b.report(true)
	require.Error(t, b.allow(), "the probe failed")

	now = now.Add(time.Minute)
	require.NoError(t, b.allow())
	b.release()
	require.NoError(t, b.allow(), "a probe that says nothing makes room for the next")
	b.report(false)
	assert.NoError(t, b.allow())
	assert.NoError(t, b.allow(), "closed")
}
