package tracecorrelationprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/failure/condition"
)

// Config of the trace_correlation processor. Errors, QuietPeriod and MaxWait must equal those of
// the rca exporter.
type Config struct {
	// Coordination is the coordination extension that debounces reports across replicas.
	Coordination component.ID `mapstructure:"coordination"`
	// Errors says what counts as an error signal.
	Errors failure.Conditions `mapstructure:"errors"`
	// QuietPeriod is how long a failing trace must have had no signal to be reported.
	QuietPeriod time.Duration `mapstructure:"quiet_period"`
	// MaxWait is how long after its first error it is reported at the latest.
	MaxWait time.Duration `mapstructure:"max_wait"`
	// DebounceWindow is how long after a report further errors of the trace only count.
	DebounceWindow time.Duration `mapstructure:"debounce_window"`
	// MaxGroups bounds the failures held at a time.
	MaxGroups int `mapstructure:"max_groups"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		Coordination:   component.MustNewID("coordination"),
		QuietPeriod:    6 * time.Second,
		MaxWait:        30 * time.Second,
		DebounceWindow: time.Minute,
		MaxGroups:      100_000,
	}
}

// Validate checks what the collector's own decoding does not.
func (c *Config) Validate() error {
	return errors.Join(
		c.validateErrors(),
		positive("quiet_period", c.QuietPeriod),
		positive("max_wait", c.MaxWait),
		c.validateOrder(),
		positive("debounce_window", c.DebounceWindow),
		c.validateMaxGroups(),
	)
}

// validateErrors compiles the conditions. What Conditions.Validate refuses, the collector reports.
func (c *Config) validateErrors() error {
	if c.Errors.Validate() != nil {
		return nil
	}
	if err := condition.Validate(c.Errors); err != nil {
		return fmt.Errorf("errors::%w", err)
	}
	return nil
}

func (c *Config) validateOrder() error {
	if c.MaxWait < c.QuietPeriod {
		return fmt.Errorf("max_wait (%s) must not be shorter than quiet_period (%s)", c.MaxWait, c.QuietPeriod)
	}
	return nil
}

func (c *Config) validateMaxGroups() error {
	if c.MaxGroups < 1 {
		return fmt.Errorf("max_groups must be at least 1, not %d", c.MaxGroups)
	}
	return nil
}

func positive(key string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s must be positive, not %s", key, d)
	}
	return nil
}
