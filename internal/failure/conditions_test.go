package failure

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConditionsValidate(t *testing.T) {
	require.NoError(t, Conditions{}.Validate())
	require.NoError(t, Conditions{ReplaceDefaults: true, Logs: []string{"true"}}.Validate())
	require.ErrorContains(t, Conditions{ReplaceDefaults: true}.Validate(), "replace_defaults")
	require.ErrorContains(t, Conditions{SpanEvents: []string{"true", " "}}.Validate(), "span_events[1]")
}

func TestConditionsDigest(t *testing.T) {
	base := Conditions{Spans: []string{"a", "b"}}
	digest := base.Digest(time.Second, time.Minute)
	assert.Equal(t, digest, Conditions{Spans: []string{"b", "a"}}.Digest(time.Second, time.Minute))
	for _, other := range []string{
		base.Digest(2*time.Second, time.Minute),
		base.Digest(time.Second, time.Hour),
		Conditions{Spans: []string{"a"}}.Digest(time.Second, time.Minute),
		Conditions{SpanEvents: []string{"a", "b"}}.Digest(time.Second, time.Minute),
		Conditions{Spans: []string{"a", "b"}, ReplaceDefaults: true}.Digest(time.Second, time.Minute),
		Conditions{Spans: []string{"ab"}}.Digest(time.Second, time.Minute),
	} {
		assert.NotEqual(t, digest, other)
	}
}
