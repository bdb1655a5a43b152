package signalstoreextension

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func newRetention(t *testing.T, config RetentionConfig) (*retention, *watched, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.Logger = zap.New(core)
	h := &watched{Host: componenttest.NewNopHost()}
	e := &Extension{config: &Config{Retention: config}, settings: settings, health: health{log: settings.Logger}}
	e.health.start(h)
	return &retention{Extension: e, warned: map[string]bool{}}, h, logs
}

func TestRetentionThatFailsBacksOff(t *testing.T) {
	r, h, logs := newRetention(t, RetentionConfig{})
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		assert.Equal(t, want*time.Second, r.report(store.Retained{}, errors.New("the disk is full")))
	}
	assert.Equal(t, time.Hour, r.report(store.Retained{}, nil))
	assert.Equal(t, 2*time.Second, r.report(store.Retained{}, errors.New("the disk is full")))
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK, componentstatus.StatusRecoverableError}, h.statuses())
	assert.Equal(t, 2, logs.Len())
}

func TestRetentionWaitsForReaders(t *testing.T) {
	r, h, logs := newRetention(t, RetentionConfig{})
	for range 3 {
		assert.Equal(t, 5*time.Minute, r.report(store.Retained{Postponed: 2}, nil))
	}
	assert.Equal(t, time.Hour, r.report(store.Retained{}, nil))
	require.Len(t, logs.TakeAll(), 1)
	assert.Empty(t, h.statuses(), "a backup is no problem of health")
}

func TestRetentionWarnsOfBoundsThatCannotBeKept(t *testing.T) {
	r, _, logs := newRetention(t, RetentionConfig{Size: 100, IncidentsSize: 10})
	for range 2 {
		r.report(store.Retained{SignalBytes: 100, IncidentBytes: 10}, nil)
		assert.Empty(t, logs.TakeAll())
		for range 2 {
			assert.Equal(t, time.Hour, r.report(store.Retained{SignalBytes: 101, IncidentBytes: 11}, nil))
		}
		warned := logs.TakeAll()
		require.Len(t, warned, 2)
		assert.Contains(t, warned[0].Message, "retention::incidents_size")
		assert.EqualValues(t, 11, warned[0].ContextMap()["bytes"])
		assert.Contains(t, warned[1].Message, "retention::size")
		assert.EqualValues(t, 101, warned[1].ContextMap()["bytes"])
	}
}
