package coordinationextension

import (
	"errors"

	"go.opentelemetry.io/collector/confmap"
)

// Config of the extension: exactly one backend.
type Config struct {
	// Memory coordinates within this process only.
	Memory *MemoryConfig `mapstructure:"memory"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MemoryConfig has no settings yet.
type MemoryConfig struct {
	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate demands a backend.
func (c *Config) Validate() error {
	if c.Memory == nil {
		return errors.New("choose a backend, e.g. memory: {}")
	}
	return nil
}
