package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// A request that is received again, even a day later by the clock, counts in the minute in which it came first.
func TestRequestsCountWhenTheyCameFirst(t *testing.T) {
	midnight := noon.Add(12 * time.Hour)
	s, c := openAt(t, filepath.Join(t.TempDir(), "store.db"), noon)
	at := func(when time.Time, names ...string) {
		c.set(when)
		for _, name := range names {
			request := traceOf(name)
			request.Spans[0].Name = "GET /"
			_, err := s.Append(t.Context(), []store.Batch{request})
			require.NoError(t, err)
		}
		require.NoError(t, s.CountRequests(t.Context(), when.Add(-10*time.Minute)))
	}
	at(midnight.Add(-12*time.Minute), "a", "b")
	at(midnight.Add(-30*time.Second), "c")
	at(midnight.Add(30*time.Second), "a", "c", "d") // a and c again
	at(midnight.Add(7*time.Minute), "d", "e")

	shares, err := s.Shares(t.Context(), "", []store.ShareQuery{{Service: "payment", Operation: "GET /", Until: midnight.Add(10*time.Minute + 59*time.Second)}})
	require.NoError(t, err)
	var requests []int
	for _, w := range shares[0].Windows {
		requests = append(requests, w.Requests)
	}
	assert.Equal(t, []int{2, 0, 1, 1, 1}, requests, "windows of five minutes up to the last whole one, from the first request on")
	assert.Equal(t, midnight.Add(10*time.Minute), shares[0].Until.Time().UTC())
}
