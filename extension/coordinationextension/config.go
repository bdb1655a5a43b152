package coordinationextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"
)

// Config of the extension: exactly one backend.
type Config struct {
	// Memory coordinates within this process only.
	Memory *MemoryConfig `mapstructure:"memory"`
	// Redis coordinates all processes that use the same server and prefix.
	Redis *RedisConfig `mapstructure:"redis"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MemoryConfig has no settings yet.
type MemoryConfig struct {
	// prevent unkeyed literal initialization
	_ struct{}
}

// RedisConfig says where Redis is, by URL or by addresses. A user, password or database given
// beside the URL is used instead of the URL's.
type RedisConfig struct {
	// URL is redis://[user:password@]host[:port][/db], or rediss:// for TLS.
	URL configopaque.String `mapstructure:"url"`
	// Addrs are host:port of the server, of nodes of a cluster, or of the sentinels.
	Addrs []string `mapstructure:"addrs"`
	// MasterName is what the sentinels call the server.
	MasterName string `mapstructure:"master_name"`
	// Cluster says that a single address is one of a cluster. Several are in any case, unless
	// MasterName is set.
	Cluster bool `mapstructure:"cluster"`

	Username         string              `mapstructure:"username"`
	Password         configopaque.String `mapstructure:"password"`
	SentinelUsername string              `mapstructure:"sentinel_username"`
	SentinelPassword configopaque.String `mapstructure:"sentinel_password"`
	DB               int                 `mapstructure:"db"`

	// TLS makes connections use it, as rediss:// does.
	TLS configoptional.Optional[configtls.ClientConfig] `mapstructure:"tls"`

	// KeyPrefix begins all keys and channels, prodsentinel if empty.
	KeyPrefix string `mapstructure:"key_prefix"`
	// Timeout of connecting and of each command, 1 s if 0.
	Timeout time.Duration `mapstructure:"timeout"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

func createDefaultConfig() component.Config { return &Config{} }

// Validate demands one backend.
func (c *Config) Validate() error {
	switch {
	case c.Memory == nil && c.Redis == nil:
		return errors.New("choose a backend: memory: {}, or redis: {url: ${env:REDIS_URL}}")
	case c.Memory != nil && c.Redis != nil:
		return errors.New("choose one backend: memory and redis exclude each other")
	}
	return nil
}

// Validate checks what does not depend on the server.
func (c *RedisConfig) Validate() error {
	var errs []error
	refuse := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(c.URL == "" && len(c.Addrs) == 0, "url: give the server's URL, e.g. ${env:REDIS_URL} if that is set, or addrs")
	refuse(c.URL != "" && len(c.Addrs) > 0, "addrs: cannot be set beside url")
	refuse(c.MasterName != "" && c.Cluster, "cluster: cannot be set beside master_name")
	refuse(c.MasterName == "" && (c.SentinelUsername != "" || c.SentinelPassword != ""), "master_name: must be set where sentinel_username or sentinel_password is")
	refuse(c.DB < 0, "db: must not be negative, is %d", c.DB)
	refuse(c.Timeout < 0, "timeout: must not be negative (0 is 1s), is %s", c.Timeout)
	for i, addr := range c.Addrs {
		refuse(!isHostPort(addr), "addrs::%d: must be host:port, is %q", i, addr)
	}
	if c.URL != "" {
		u, err := parseURL(string(c.URL))
		refuse(err != nil, "url: %w", err)
		refuse(err == nil && u.TLSConfig != nil && c.TLS.HasValue() && c.TLS.Get().Insecure, "tls::insecure: cannot be set beside a rediss:// URL")
	}
	return errors.Join(errs...)
}
