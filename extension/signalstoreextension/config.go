package signalstoreextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

// Config names one backend and says how long things are kept.
type Config struct {
	// SQLite keeps everything in one file, for one process.
	SQLite *SQLiteConfig `mapstructure:"sqlite"`
	// Postgres keeps everything in one PostgreSQL database, for any number of processes.
	Postgres  *PostgresConfig `mapstructure:"postgres"`
	Retention RetentionConfig `mapstructure:"retention"`
}

// SQLiteConfig is the embedded backend.
type SQLiteConfig struct {
	// Path of the database file. It and its directory are created where missing, readable by
	// their owner only.
	Path string `mapstructure:"path"`
}

// PostgresConfig is the backend of production.
type PostgresConfig struct {
	// URL of the database; a driver in its scheme, as in postgresql+asyncpg://, is ignored.
	URL configopaque.String `mapstructure:"url"`
	// ReadURL is that of a read replica, which then answers the API; "" for the database itself.
	ReadURL configopaque.String `mapstructure:"read_url"`
	// MaxConns bounds the connections of this process to each of them; 0 for the store's default.
	MaxConns int32 `mapstructure:"max_conns"`
}

// RetentionConfig is how long things are kept, by time of receipt; 0 keeps for ever.
type RetentionConfig struct {
	// Signals goes by whole days (UTC). SQLite keeps them for 400 days at most.
	Signals time.Duration `mapstructure:"signals"`
	// Incidents runs from an incident's resolution. Open ones are always kept, but of them too only
	// the failures and superseded analyses of that time.
	Incidents time.Duration `mapstructure:"incidents"`
	// Size bounds what signals take on disk: the oldest days are dropped until they take less.
	Size ByteSize `mapstructure:"size"`
	// IncidentsSize bounds what incidents take, with failures, analyses, cases and transcripts: those
	// resolved longest ago are dropped until they take less.
	IncidentsSize ByteSize `mapstructure:"incidents_size"`
}

func createDefaultConfig() component.Config {
	return &Config{Retention: RetentionConfig{Signals: 72 * time.Hour, Incidents: 720 * time.Hour}}
}

// longestInSQLite is how long SQLite can keep signals: it has tables of its own for each day, and bounds
// how many of them one statement reads.
const longestInSQLite = 400 * 24 * time.Hour

// Validate demands exactly one backend, which can keep signals as long as it is to.
func (c *Config) Validate() error {
	switch {
	case c.SQLite == nil && c.Postgres == nil:
		return errors.New("name a backend, e.g. sqlite: {path: ./prodsentinel-data/prodsentinel.db}")
	case c.SQLite != nil && c.Postgres != nil:
		return errors.New("name one backend: either sqlite or postgres")
	case c.SQLite != nil && (c.Retention.Signals == 0 || c.Retention.Signals > longestInSQLite):
		return fmt.Errorf("retention: signals: sqlite keeps them for %s at most, is %s: keep them in postgres for longer", longestInSQLite, c.Retention.Signals)
	}
	return nil
}

// Validate checks the path.
func (c *SQLiteConfig) Validate() error {
	if c.Path == "" {
		return errors.New("path: must name a file")
	}
	return nil
}

// Validate checks the URLs, of which its error says nothing, and the bound.
func (c *PostgresConfig) Validate() error {
	var errs []error
	if err := postgres.CheckURL(string(c.URL)); err != nil {
		errs = append(errs, fmt.Errorf("url: %w; in the shipped configurations it comes from the variable DATABASE_URL", err))
	}
	if c.ReadURL != "" {
		if err := postgres.CheckURL(string(c.ReadURL)); err != nil {
			errs = append(errs, fmt.Errorf("read_url: %w", err))
		}
	}
	if c.MaxConns < 0 {
		errs = append(errs, fmt.Errorf("max_conns: must not be negative, is %d", c.MaxConns))
	}
	return errors.Join(errs...)
}

// Validate checks that nothing is negative.
func (c RetentionConfig) Validate() error {
	var errs []error
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"signals", c.Signals}, {"incidents", c.Incidents}} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s: must not be negative (0 keeps for ever), is %s", d.key, d.value))
		}
	}
	for _, b := range []struct {
		key   string
		value ByteSize
	}{{"size", c.Size}, {"incidents_size", c.IncidentsSize}} {
		if b.value < 0 {
			errs = append(errs, fmt.Errorf("%s: must not be negative (0 for no bound), is %d", b.key, b.value))
		}
	}
	return errors.Join(errs...)
}
