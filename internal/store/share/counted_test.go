package share

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestCountingTakesATwentiethOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCounted()
		counts := 0
		status := func() store.Status {
			st, err := c.Status(t.Context(), func() (store.Status, error) {
				counts++
				time.Sleep(time.Second)
				return store.Status{Spans: int64(counts)}, nil
			})
			require.NoError(t, err)
			return st
		}
		for range 100 {
			assert.EqualValues(t, 1, status().Spans)
		}
		time.Sleep(countsShare * time.Second)
		assert.EqualValues(t, 2, status().Spans)
		assert.Equal(t, 2, counts)
	})
}

func TestStatusWaitsForItsTurnNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCounted()
		counting, stop := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := c.Status(counting, func() (store.Status, error) {
				<-counting.Done()
				return store.Status{}, counting.Err()
			})
			first <- err
		}()
		synctest.Wait()
		waiting, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Status(waiting, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, first, "it still counts")
		stop()
		require.ErrorIs(t, <-first, context.Canceled)
	})
}
