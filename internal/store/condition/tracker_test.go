package condition_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/condition"
)

func TestTracker(t *testing.T) {
	var told []store.State
	c := condition.NewTracker(func(c store.Condition) { told = append(told, c.State) })
	assert.Equal(t, store.Condition{State: store.StateOK}, c.Condition())

	full := fmt.Errorf("%w: there are 3 bytes left", store.ErrFull)
	for range 2 {
		require.Equal(t, full, c.Wrote(full))
	}
	assert.Equal(t, store.Condition{State: store.StateFull, Problem: "store unavailable: the disk is full: there are 3 bytes left"}, c.Condition())
	require.NoError(t, c.Read(nil))
	assert.Equal(t, store.StateFull, c.Condition().State, "that it reads does not mean that it writes")
	_ = c.Wrote(store.ErrReadOnly)
	_ = c.Wrote(store.ErrUnavailable)
	_ = c.Wrote(context.Canceled)
	_ = c.Wrote(store.ErrLostLease)
	_ = c.Read(store.ErrBusy)
	assert.Equal(t, store.StateUnavailable, c.Condition().State)
	require.NoError(t, c.Wrote(nil))
	assert.Equal(t, store.StateOK, c.Condition().State)

	require.NoError(t, c.Damage())
	first := fmt.Errorf("page 7: %w", store.ErrDamaged)
	_ = c.Read(first)
	_ = c.Read(fmt.Errorf("page 9: %w", store.ErrDamaged))
	_ = c.Wrote(fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrDamaged))
	require.NoError(t, c.Wrote(nil))
	assert.Equal(t, first, c.Damage())
	assert.Equal(t, store.Condition{State: store.StateDamaged, Problem: first.Error()}, c.Condition(), "what is damaged stays so")
	assert.Equal(t, []store.State{
		store.StateFull, store.StateReadOnly, store.StateUnavailable, store.StateOK, store.StateDamaged,
	}, told)
}

func TestWhatAnswersMayStillHaveNoRoom(t *testing.T) {
	c := condition.NewTracker(nil)
	assert.False(t, c.Answered(time.Hour), "nothing was asked yet")
	_ = c.Reached(store.ErrUnavailable)
	assert.Equal(t, store.StateUnavailable, c.Condition().State)
	assert.False(t, c.Untried(0), "no write failed")
	require.NoError(t, c.Reached(nil))
	assert.Equal(t, store.StateOK, c.Condition().State)
	assert.True(t, c.Answered(time.Hour))
	assert.False(t, c.Answered(0))

	_ = c.Wrote(store.ErrFull)
	require.NoError(t, c.Reached(nil))
	assert.Equal(t, store.StateFull, c.Condition().State, "nothing was written")
	assert.True(t, c.Untried(0))
	assert.False(t, c.Untried(time.Hour))
	_ = c.Reached(store.ErrUnavailable)
	assert.False(t, c.Answered(time.Hour))
	require.NoError(t, c.Wrote(nil))
	assert.Equal(t, store.StateOK, c.Condition().State, "what writes answers")
	assert.False(t, c.Untried(0))
}
