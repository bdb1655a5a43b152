package signalstoreextension

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func load(t *testing.T, name string) (*Config, error) {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(name)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	return config, sub.Unmarshal(config)
}

func TestConfig(t *testing.T) {
	tests := map[string]*Config{
		"signal_store": {
			SQLite:    &SQLiteConfig{Path: "./data/prodsentinel.db"},
			Retention: RetentionConfig{Signals: 72 * time.Hour, Incidents: 720 * time.Hour},
		},
		"signal_store/kept": {
			SQLite:    &SQLiteConfig{Path: "/var/lib/prodsentinel/store.db"},
			Retention: RetentionConfig{Signals: 24 * time.Hour},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, name)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			require.NoError(t, confmap.Validate(got))
		})
	}
}

func TestConfigRefused(t *testing.T) {
	tests := map[string]string{
		"signal_store/none":     "name a backend, e.g. sqlite: {path: ./prodsentinel-data/prodsentinel.db}",
		"signal_store/pathless": "sqlite: path: must name a file",
		"signal_store/negative": "retention: signals: must not be negative (0 keeps for ever), is -1h0m0s",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := load(t, name)
			require.NoError(t, err)
			assert.EqualError(t, confmap.Validate(config), want)
		})
	}
}

func TestUnknownBackendIsNamed(t *testing.T) {
	_, err := load(t, "signal_store/unknown")
	require.ErrorContains(t, err, "postgres")
}
