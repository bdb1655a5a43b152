package signalstoreextension

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// host has the given extensions.
type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// plain is an extension that owns nothing.
type plain struct {
	component.StartFunc
	component.ShutdownFunc
}

func newExtension(t *testing.T, tel *componenttest.Telemetry, path string) *Extension {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.SQLite = &SQLiteConfig{Path: path}
	set := extensiontest.NewNopSettings(metadata.Type)
	if tel != nil {
		set.TelemetrySettings = tel.NewTelemetrySettings()
	}
	made, err := NewFactory().Create(t.Context(), set, config)
	require.NoError(t, err)
	return made.(*Extension)
}

func TestLifecycle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "store.db")
	e := newExtension(t, nil, path)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	_, err := e.Store().Append(t.Context(), []store.Batch{{}})
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(t.Context()))
	_, err = e.Store().Status(t.Context())
	require.ErrorIs(t, err, store.ErrUnavailable)

	again := newExtension(t, nil, path)
	require.NoError(t, again.Start(t.Context(), componenttest.NewNopHost()), "the file is free after shutdown")
	require.NoError(t, again.Shutdown(t.Context()))
}

func TestShutdownWithoutStart(t *testing.T) {
	require.NoError(t, newExtension(t, nil, "unused.db").Shutdown(t.Context()))
}

func TestStartNamesTheFileThatCannotBeUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(path, []byte("these are notes, and no database at all: keep them as they are"), 0o600))
	e := newExtension(t, nil, path)
	err := e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "not an SQLite database")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestSizeIsMeasured(t *testing.T) {
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.WithoutCancel(t.Context()))) })
	e := newExtension(t, tel, filepath.Join(t.TempDir(), "store.db"))
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	got, err := tel.GetMetric("otelcol_signal_store_size")
	require.NoError(t, err)
	points := got.Data.(metricdata.Gauge[int64]).DataPoints
	require.Len(t, points, 1)
	assert.Positive(t, points[0].Value)
}

func TestGet(t *testing.T) {
	id, other := component.MustNewID("signal_store"), component.MustNewID("query")
	e := newExtension(t, nil, filepath.Join(t.TempDir(), "store.db"))
	h := host{extensions: map[component.ID]component.Component{id: e, other: plain{}}}
	_, err := Get(h, id)
	require.EqualError(t, err, `extension "signal_store" has not started: list it in service::extensions`)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	s, err := Get(h, id)
	require.NoError(t, err)
	assert.Same(t, e.Store(), s)
	_, err = Get(h, other)
	require.EqualError(t, err, `extension "query" owns no store: name a signal_store extension`)
	_, err = Get(h, component.MustNewID("missing"))
	require.EqualError(t, err, `no extension "missing": configure a signal_store extension under this ID and list it in service::extensions`)
}
