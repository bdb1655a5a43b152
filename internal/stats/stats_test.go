package stats_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/stats"
)

func TestMulDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b"), rapid.Uint64Min(1).Draw(t, "c")
		whole := new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
		whole.Div(whole, new(big.Int).SetUint64(c))
		want := uint64(math.MaxUint64)
		if whole.IsUint64() {
			want = whole.Uint64()
		}
		require.Equal(t, want, stats.MulDiv(a, b, c))
	})
}

func TestScale(t *testing.T) {
	for _, tt := range []struct{ a, b, c, want int64 }{
		{7, 3, 2, 10}, {-7, 3, 2, -10}, {-7, -3, 2, 10}, {0, -3, 2, 0}, {math.MinInt64, 2, 1, -math.MaxInt64}, {math.MaxInt64, 2, 1, math.MaxInt64},
	} {
		assert.Equal(t, tt.want, stats.Scale(tt.a, tt.b, tt.c), "%d * %d / %d", tt.a, tt.b, tt.c)
	}
}

func TestSqrt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		root := new(big.Int).SetUint64(stats.Sqrt(n))
		square := new(big.Int).Mul(root, root)
		require.LessOrEqual(t, square.Cmp(new(big.Int).SetUint64(n)), 0)
		next := new(big.Int).Add(root, big.NewInt(1))
		require.Positive(t, next.Mul(next, next).Cmp(new(big.Int).SetUint64(n)))
	})
}

func TestQuantiles(t *testing.T) {
	assert.Zero(t, stats.Median(nil))
	assert.Equal(t, int64(5), stats.Median([]int64{5}))
	assert.Equal(t, int64(15), stats.Median([]int64{10, 20}))
	assert.Equal(t, int64(20), stats.Spread([]int64{0, 10, 20, 30, 40}))
	assert.Equal(t, int64(38), stats.Quantile([]int64{0, 10, 20, 30, 40}, 950))
	assert.Equal(t, int64(4), stats.MeanBelow([]int64{2, 100}, 6))
}

func TestSaturate(t *testing.T) {
	assert.Zero(t, stats.Saturate(-5, 10))
	assert.Equal(t, int64(stats.Whole/2), stats.Saturate(10, 10))
	assert.Equal(t, int64(750_000), stats.Saturate(30, 10))
	assert.Equal(t, int64(750_000), stats.Either(500_000, 500_000))
}

func TestCompareShares(t *testing.T) {
	for _, tt := range []struct {
		with, of, withBefore, ofBefore int
		want                           float64
	}{
		{5, 10, 50, 100, 0}, {0, 0, 5, 10, 0}, {10, 10, 0, 1000, 31.78}, {30, 100, 10, 100, 3.536}, {10, 100, 30, 100, -3.536},
		{100_000, 100_000, 0, 100_000, 447.2},
	} {
		got := float64(stats.CompareShares(tt.with, tt.of, tt.withBefore, tt.ofBefore)) / 1000
		assert.InDelta(t, tt.want, got, 0.05, "%+v", tt)
	}
}

func TestCompareCounts(t *testing.T) {
	assert.Equal(t, int64(3000), stats.CompareCounts(3*stats.Whole, 0))
	assert.Equal(t, int64(-2500), stats.CompareCounts(0, 3*stats.Whole/1)/3*5)
	assert.Equal(t, int64(4000), stats.CompareCounts(11*stats.Whole, 3*stats.Whole))
}
