package healthextension

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// Config of the extension.
type Config struct {
	// Upstreams are the addresses, host:port, of those without whom the process can do nothing, such as a
	// sidecar's gateway. Each must take connections.
	Upstreams []string `mapstructure:"upstreams"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate checks the addresses.
func (c *Config) Validate() error {
	_, err := c.addresses()
	return err
}

// addresses are those of the upstreams, without the schemes that exporters' endpoints may have.
func (c *Config) addresses() ([]string, error) {
	var addresses []string
	var errs []error
	for i, upstream := range c.Upstreams {
		address := upstream
		for _, scheme := range []string{"http://", "https://", "dns:///", "passthrough:///"} {
			address = strings.TrimPrefix(address, scheme)
		}
		address, _, _ = strings.Cut(address, "/")
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			errs = append(errs, fmt.Errorf("upstreams::%d: want host:port, got %q", i, upstream))
		}
		addresses = append(addresses, address)
	}
	return addresses, errors.Join(errs...)
}
