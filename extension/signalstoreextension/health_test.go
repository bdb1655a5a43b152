package signalstoreextension

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestHealthIsOKOnlyWhenNothingIsWrong(t *testing.T) {
	host := &watched{Host: componenttest.NewNopHost()}
	h := health{log: zap.NewNop()}
	h.conditionChanged(store.ConditionOf(store.ErrFull)) // found while the store was opened
	h.start(host)
	h.retentionFailed(errors.New("cannot drop a day"))
	h.conditionChanged(store.ConditionOf(nil))
	h.retentionFailed(nil)
	h.retentionFailed(nil)
	recoverable, ok := componentstatus.StatusRecoverableError, componentstatus.StatusOK
	assert.Equal(t, []componentstatus.Status{recoverable, recoverable, recoverable, ok}, host.statuses())
	require.ErrorContains(t, host.events[0].Err(), "the disk is full")
	require.ErrorContains(t, host.events[1].Err(), "the disk is full\ncannot drop a day")
	require.EqualError(t, host.events[2].Err(), "cannot drop a day")

	healthy := &watched{Host: componenttest.NewNopHost()}
	h = health{log: zap.NewNop()}
	h.start(healthy)
	h.retentionFailed(nil)
	assert.Empty(t, healthy.statuses())
}
