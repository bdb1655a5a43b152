package analysis

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := alone(t.Context(), time.Second, func(context.Context) int { return 7 })
		require.NoError(t, err)
		assert.Equal(t, 7, got)

		_, err = alone(t.Context(), time.Second, func(context.Context) int { panic("no") })
		require.ErrorIs(t, err, errPanic)
		assert.True(t, blames(err))

		begun := time.Now()
		_, err = alone(t.Context(), time.Second, func(ctx context.Context) int {
			<-ctx.Done() // one that heeds its context does not go on
			return 0
		})
		require.ErrorIs(t, err, errOverlong)
		assert.True(t, blames(err))
		assert.Equal(t, time.Second, time.Since(begun))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = alone(ctx, time.Minute, func(ctx context.Context) int { <-ctx.Done(); return 0 })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, blames(err), "who ran out of time was not this item")
	})
}

// TestStarvationIsNobodysFault has a process that gets no processor: it sees few beats of its clock.
func TestStarvationIsNobodysFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beats := make(chan time.Time)
		go func() {
			for range 9 { // one a minute
				time.Sleep(time.Minute)
				beats <- time.Now()
			}
		}()
		got, err := during(t.Context(), time.Second, beats, func(context.Context) int {
			time.Sleep(10 * time.Minute)
			return 7
		})
		require.NoError(t, err)
		assert.Equal(t, 7, got)
	})
}
