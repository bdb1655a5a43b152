package signalstoreextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config names one backend and says how long things are kept.
type Config struct {
	// SQLite keeps everything in one file, for one process.
	SQLite    *SQLiteConfig   `mapstructure:"sqlite"`
	Retention RetentionConfig `mapstructure:"retention"`
}

// SQLiteConfig is the embedded backend.
type SQLiteConfig struct {
	// Path of the database file. It and its directory are created where missing, readable by
	// their owner only.
	Path string `mapstructure:"path"`
}

// RetentionConfig is how long things are kept, by time of receipt; 0 keeps for ever.
type RetentionConfig struct {
	// Signals goes by whole days (UTC).
	Signals time.Duration `mapstructure:"signals"`
	// Incidents runs from an incident's resolution; open ones are always kept.
	Incidents time.Duration `mapstructure:"incidents"`
}

func createDefaultConfig() component.Config {
	return &Config{Retention: RetentionConfig{Signals: 72 * time.Hour, Incidents: 720 * time.Hour}}
}

// Validate demands exactly one backend.
func (c *Config) Validate() error {
	if c.SQLite == nil {
		return errors.New("name a backend, e.g. sqlite: {path: ./prodsentinel-data/prodsentinel.db}")
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

// Validate checks the durations.
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
	return errors.Join(errs...)
}
