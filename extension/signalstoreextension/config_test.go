package signalstoreextension

import (
	"fmt"
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
		"signal_store/production": {
			Postgres: &PostgresConfig{
				URL:      "postgresql+asyncpg://user:secret@db.example:5432/prodsentinel",
				ReadURL:  "postgres://user:secret@replica.example:5432/prodsentinel",
				MaxConns: 20,
			},
			Retention: RetentionConfig{Signals: 72 * time.Hour, Incidents: 720 * time.Hour, Size: 100 << 30, IncidentsSize: 10 << 30},
		},
		"signal_store/sized": {
			SQLite:    &SQLiteConfig{Path: "x.db"},
			Retention: RetentionConfig{Signals: 72 * time.Hour, Incidents: 720 * time.Hour, Size: 1 << 30},
		},
		"signal_store/unbounded": {
			Postgres:  &PostgresConfig{URL: "postgres://localhost/prodsentinel"},
			Retention: RetentionConfig{Incidents: 720 * time.Hour},
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
		"signal_store/forever":  "retention: signals: sqlite keeps them for 9600h0m0s at most, is 0s: keep them in postgres for longer",
		"signal_store/toolong":  "retention: signals: sqlite keeps them for 9600h0m0s at most, is 9601h0m0s: keep them in postgres for longer",
		"signal_store/both":     "name one backend: either sqlite or postgres",
		"signal_store/urlless": "postgres: url: must be given, as postgres://user:password@host:5432/database; " +
			"in the shipped configurations it comes from the variable DATABASE_URL",
		"signal_store/unreadable": "postgres: url: cannot be read: it must look like postgres://user:password@host:5432/database; special characters of the password (@ / ? # %) must be percent-encoded; " +
			"in the shipped configurations it comes from the variable DATABASE_URL\n" +
			"read_url: cannot be read: it must look like postgres://user:password@host:5432/database; special characters of the password (@ / ? # %) must be percent-encoded\n" +
			"max_conns: must not be negative, is -1",
		"signal_store/negativesize": "retention: size: must not be negative (0 for no bound), is -1\n" +
			"incidents_size: must not be negative (0 for no bound), is -2",
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
	require.ErrorContains(t, err, "mongodb")
}

func TestSizeThatIsNoneIsQuoted(t *testing.T) {
	_, err := load(t, "signal_store/wrongsize")
	require.ErrorContains(t, err, `"big" is no size`)
}

func TestConfigPrintsNoPassword(t *testing.T) {
	config, err := load(t, "signal_store/production")
	require.NoError(t, err)
	printed := confmap.New()
	require.NoError(t, printed.Marshal(config))
	assert.NotContains(t, fmt.Sprintf("%+v %+v", *config.Postgres, printed.ToStringMap()), "secret")
}
