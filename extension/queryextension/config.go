package queryextension

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

// Config of the query extension.
type Config struct {
	// Store is the signal_store extension that is read.
	Store component.ID `mapstructure:"store"`
	// Coordination is the coordination extension that announces changes and wakes workers.
	Coordination component.ID `mapstructure:"coordination"`

	// HTTP is the read-only listener: API and dashboard.
	HTTP confighttp.ServerConfig `mapstructure:"http"`
	// Management is the listener that asks for analyses; an empty endpoint turns it off.
	Management confighttp.ServerConfig `mapstructure:"management"`

	// AllowedHosts are names, besides those of loopback, by which the listeners may be addressed.
	AllowedHosts []string `mapstructure:"allowed_hosts"`
	// TrustedProxies are networks whose X-Forwarded-For says who asks.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
	// Links lead from incidents and traces to other tools.
	Links []links.Config `mapstructure:"links"`
	// AllowUnauthenticated lets the listeners listen beyond loopback without an authenticator.
	AllowUnauthenticated bool `mapstructure:"allow_unauthenticated"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate checks what can be checked without other components.
func (c *Config) Validate() error {
	var errs []error
	if c.Store == (component.ID{}) {
		errs = append(errs, errors.New("store must name a signal_store extension, e.g. store: signal_store"))
	}
	if c.Coordination == (component.ID{}) {
		errs = append(errs, errors.New("coordination must name a coordination extension, e.g. coordination: coordination"))
	}
	if c.HTTP.NetAddr.Endpoint == "" {
		errs = append(errs, errors.New("http::endpoint must be set, e.g. localhost:8080"))
	} else {
		errs = append(errs, c.validateServer("http", &c.HTTP))
	}
	if _, err := requester.ParseProxies(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies::%w", err))
	}
	if c.managed() {
		errs = append(errs, c.validateServer("management", &c.Management))
	}
	return errors.Join(errs...)
}

func (c *Config) validateServer(key string, server *confighttp.ServerConfig) error {
	err := listener.ValidateEndpoint(server.NetAddr.Endpoint, listener.Authenticates(server), c.AllowUnauthenticated)
	if err != nil {
		return fmt.Errorf("%s::%w", key, err)
	}
	if len(server.CompressionAlgorithms) > 0 {
		return fmt.Errorf("%s::compression_algorithms: must be empty: no request has a body to decompress", key)
	}
	return nil
}

// managed reports whether there is a management listener.
func (c *Config) managed() bool { return c.Management.NetAddr.Endpoint != "" }
