package steps_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/steps"
)

func TestRun(t *testing.T) {
	forEver := func(c *steps.Counter) {
		for {
			c.Take(1)
		}
	}
	taken, err := steps.Run(t.Context(), 1000, forEver)
	require.ErrorIs(t, err, steps.ErrTooMany)
	assert.Equal(t, 1001, taken)

	reason := errors.New("it is stopped")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	_, err = steps.Run(ended, 1_000_000, forEver)
	require.ErrorIs(t, err, reason)

	running, stop := context.WithCancel(t.Context())
	n := 0
	_, err = steps.Run(running, 1_000_000, func(c *steps.Counter) {
		for ; ; n++ {
			if n == 5000 {
				stop()
			}
			c.Take(1)
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, n, 7000, "soon after the context ended")

	taken, err = steps.Run(t.Context(), 1000, func(c *steps.Counter) {
		c.Take(10)
		c.TakeSort(7)
	})
	require.NoError(t, err)
	assert.Equal(t, 10+7*3, taken)
	assert.PanicsWithValue(t, "of f", func() { _, _ = steps.Run(t.Context(), 1, func(*steps.Counter) { panic("of f") }) })

	var none *steps.Counter
	none.Take(1_000_000)
	none.TakeSort(1_000_000)
}
