package agents

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(1_000, 0)
	b := &breaker{failures: 3, pause: time.Minute, now: func() time.Time { return now }}
	admitted := func(because string) admission {
		t.Helper()
		a, err := b.allow()
		require.NoError(t, err, because)
		return a
	}
	refused := func(because string) {
		t.Helper()
		_, err := b.allow()
		require.EqualError(t, err, fmt.Sprintf("The model's service failed %d times in a row; it is asked again after 1m0s.", b.failed), because)
	}
	for range 2 {
		b.report(admitted("closed"), true)
	}
	b.report(admitted("closed"), false)
	slow, slower := admitted("closed"), admitted("closed")
	for range 3 {
		b.report(admitted("a success begins the count anew"), true)
	}
	refused("three failures in a row")
	b.report(slow, false)
	refused("a request from before says nothing")

	now = now.Add(time.Minute)
	probe := admitted("half open: one probe")
	refused("and only one")
	b.release(slower)
	refused("the probe is still under way")
	b.report(probe, true)
	refused("the probe failed")

	now = now.Add(time.Minute)
	b.release(admitted("half open"))
	b.report(admitted("a probe that says nothing makes room for the next"), false)
	admitted("closed")
	admitted("closed")
}
