package fairshare_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
)

// fill takes one after the other, as often as it may, and returns how often that was.
func fill(b *fairshare.Budget, key string) (n int) {
	for b.Take(key, 1) {
		n++
	}
	return n
}

func TestBudgetLeavesSomethingForTheNext(t *testing.T) {
	b := fairshare.NewBudget(1000)
	assert.Equal(t, 500, fill(b, "greedy"), "half of all")
	assert.Equal(t, 250, fill(b, "second"), "half of what is left")
	assert.True(t, b.Take("third", 100))
	assert.False(t, b.Take("greedy", 1))
	assert.Equal(t, int64(850), b.Used())
}

func TestBudgetManyGreedyCallersLeaveRoom(t *testing.T) {
	b := fairshare.NewBudget(64 << 20)
	for i := range 10 {
		taken := true
		for taken {
			taken = b.Take(fmt.Sprint("greedy ", i), 64<<10)
		}
	}
	assert.True(t, b.Take("modest", 32<<10))
}

func TestBudgetIsReturned(t *testing.T) {
	b := fairshare.NewBudget(1000)
	assert.False(t, b.Take("a", 501))
	require.True(t, b.Take("a", 500))
	assert.False(t, b.Take("b", 251))
	b.Return("a", 500)
	assert.Zero(t, b.Used())
	assert.True(t, b.Take("b", 500))
}
