package signalstoreextension

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// watched is a host that remembers what status it was told.
type watched struct {
	component.Host
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (w *watched) Report(event *componentstatus.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

func (w *watched) statuses() []componentstatus.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	statuses := make([]componentstatus.Status, 0, len(w.events))
	for _, event := range w.events {
		statuses = append(statuses, event.Status())
	}
	return statuses
}

func newPostgresExtension(t *testing.T, set component.TelemetrySettings, databaseURL string) *Extension {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.Postgres = &PostgresConfig{URL: configopaque.String(databaseURL)}
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.TelemetrySettings = set
	made, err := NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)
	return made.(*Extension)
}

func TestPostgres(t *testing.T) {
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.WithoutCancel(t.Context()))) })
	e := newPostgresExtension(t, tel.NewTelemetrySettings(), servertest.Database(t))
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	_, err := e.Store().Append(t.Context(), []store.Batch{{}})
	require.NoError(t, err)

	got, err := tel.GetMetric("otelcol_signal_store_table_size")
	require.NoError(t, err)
	tables := map[string]bool{}
	for _, point := range got.Data.(metricdata.Gauge[int64]).DataPoints {
		table, _ := point.Attributes.Value("table")
		tables[table.AsString()] = true
	}
	for _, table := range []string{"spans", "logs", "metric_points", "error_signals", "incidents"} {
		assert.True(t, tables[table], table)
	}
}

func TestPostgresThatAnswersLater(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	server.Stop(false)
	h := &watched{Host: componenttest.NewNopHost()}
	e := newPostgresExtension(t, componenttest.NewNopTelemetrySettings(), server.URL())
	require.NoError(t, e.Start(t.Context(), h))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	_, err := e.Store().Append(t.Context(), []store.Batch{{}})
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.Eventually(t, func() bool { return len(h.statuses()) > 0 }, time.Minute, 10*time.Millisecond)
	assert.Equal(t, componentstatus.StatusRecoverableError, h.statuses()[0])
	assert.Equal(t, store.StateUnavailable, e.Store().Condition().State)

	server.Start()
	last := func() componentstatus.Status { return h.statuses()[len(h.statuses())-1] }
	require.Eventually(t, func() bool { return last() == componentstatus.StatusOK }, time.Minute, 10*time.Millisecond)
	assert.Equal(t, store.StateOK, e.Store().Condition().State)
	_, err = e.Store().Append(t.Context(), []store.Batch{{}})
	require.NoError(t, err)
}

// TestPostgresThatStallsDoesNotHoldUpMetrics has them say what was known last.
func TestPostgresThatStallsDoesNotHoldUpMetrics(t *testing.T) {
	database, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	proxy := servertest.StartProxy(t, database.Host)
	database.Host = proxy.Addr
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.WithoutCancel(t.Context()))) })
	e := newPostgresExtension(t, tel.NewTelemetrySettings(), database.String())
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	sizes := sizes{store: e.Store()}
	before, known := sizes.status(t.Context())
	require.True(t, known)

	proxy.Stall()
	t.Cleanup(proxy.Resume)
	sizes.asked = time.Time{}
	begun := time.Now()
	for range 2 {
		status, known := sizes.status(t.Context())
		assert.True(t, known)
		assert.Equal(t, before, status)
	}
	assert.Less(t, time.Since(begun), 2*statusPatience)
}

func TestPostgresThatRefusesThePasswordIsAnErrorWithoutIt(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	address, err := url.Parse(server.URL())
	require.NoError(t, err)
	address.User = url.UserPassword("nobody-here", "top-secret")
	e := newPostgresExtension(t, componenttest.NewNopTelemetrySettings(), address.String())
	err = e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "refuses the login")
	assert.NotContains(t, err.Error(), "top-secret")
	require.NoError(t, e.Shutdown(t.Context()))
}
