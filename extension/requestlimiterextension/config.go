package requestlimiterextension

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

// Config of the extension. The sources of the defaults are in the README.
type Config struct {
	// Limits bound a request and its records.
	Limits otlpscan.Limits `mapstructure:",squash"`
	// BodyBytes bounds a body over HTTP once it is decompressed.
	BodyBytes int64 `mapstructure:"body_bytes"`

	// InFlightBytes bounds the memory that all decoded requests without an answer take, as estimated.
	InFlightBytes int64 `mapstructure:"in_flight_bytes"`
	// Unfinished bounds requests that have not come completely.
	Unfinished UnfinishedConfig `mapstructure:"unfinished"`

	// TrustedProxies are networks whose X-Forwarded-For says who sent a request.
	TrustedProxies []string `mapstructure:"trusted_proxies"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// UnfinishedConfig bounds requests that have not come completely. Bytes and Timeout hold for calls over
// gRPC too.
type UnfinishedConfig struct {
	listener.UnfinishedConfig `mapstructure:",squash"`
	// Streams bounds the calls over gRPC whose message is not complete.
	Streams int `mapstructure:"streams"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		Limits:        otlpscan.DefaultLimits(),
		BodyBytes:     20 << 20,
		InFlightBytes: 384 << 20,
		Unfinished:    UnfinishedConfig{UnfinishedConfig: listener.DefaultUnfinishedConfig(), Streams: 1000},
	}
}

// Validate checks what the collector's own decoding does not.
func (c *Config) Validate() error {
	errs := []error{
		c.Limits.Check(),
		c.Unfinished.Check(c.BodyBytes),
		otlpscan.CheckPositive("unfinished::streams", c.Unfinished.Streams),
	}
	if c.BodyBytes <= 0 {
		errs = append(errs, errors.New("body_bytes: must be more than 0"))
	}
	if c.InFlightBytes < 2*c.Limits.DecodedBytes { // a sender has half at most
		errs = append(errs, errors.New("in_flight_bytes: must be at least twice decoded_bytes, or no large request is ever taken"))
	}
	if _, err := requester.ParseProxies(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies::%w", err))
	}
	return errors.Join(errs...)
}
