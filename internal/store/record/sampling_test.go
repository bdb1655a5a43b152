package record

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWindowsThatShareReadsGetWhatTheyWouldAlone compares, for windows and rows of all kinds, with a read of
// each window's own.
func TestWindowsThatShareReadsGetWhatTheyWouldAlone(t *testing.T) {
	const most = 5
	type row struct{ at, n int64 }
	for seed := range uint64(2_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var rows []row
		for n := range r.IntN(60) {
			rows = append(rows, row{r.Int64N(40), int64(n)})
		}
		slices.SortStableFunc(rows, func(a, b row) int { return int(b.at - a.at) })
		reads := 0
		read := func(w Window, limit int) ([]row, error) {
			reads++
			var found []row
			for _, r := range rows {
				if r.at >= w.From && r.at < w.To && len(found) < limit {
					found = append(found, r)
				}
			}
			return found, nil
		}
		var windows []Window
		for range r.IntN(12) {
			from := r.Int64N(45)
			windows = append(windows, Window{from, from + r.Int64N(15)})
		}
		got := make([][]row, len(windows))
		given := make([]int, len(windows))
		require.NoError(t, newestOf(windows, most, func(r row) int64 { return r.at }, read, func(i int, rows []row) {
			got[i], given[i] = slices.Clone(rows), given[i]+1
		}))
		assert.LessOrEqual(t, reads, len(windows), "seed %d", seed)
		for i, w := range windows {
			want, _ := read(w, most)
			assert.ElementsMatch(t, want, got[i], "seed %d, window %v", seed, w)
			assert.Equal(t, 1, given[i], "seed %d", seed)
		}
	}
}

func TestNearWindowsAreReadOnce(t *testing.T) {
	reads := 0
	err := newestOf([]Window{{0, 10}, {1, 11}, {2, 12}, {30, 40}}, 5, func(at int64) int64 { return at }, func(w Window, _ int) ([]int64, error) {
		reads++
		return []int64{w.To - 1}, nil
	}, func(int, []int64) {})
	require.NoError(t, err)
	assert.Equal(t, 2, reads)
}
