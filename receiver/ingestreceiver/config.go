package ingestreceiver

import (
	"errors"
	"fmt"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

const defaultEndpoint = "localhost:8000"

// Config of the ingest receiver.
type Config struct {
	// HTTP is the listener. It is a named field, squashed: an embedded one would take over
	// Unmarshal and drop the fields below.
	HTTP confighttp.ServerConfig `mapstructure:",squash"`

	// AllowedHosts are names, beside those of the loopback, under which the listener may be
	// called: exact, "*.example.com", or "*" for any.
	AllowedHosts []string `mapstructure:"allowed_hosts"`
	// TrustedProxies are networks whose X-Forwarded-For says who sent a request.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
	// AllowUnauthenticated lets the listener be reached from other machines without an
	// authenticator.
	AllowUnauthenticated bool `mapstructure:"allow_unauthenticated"`
	// Query is the query extension whose read-only /query/* is served on the same address; none
	// if unset.
	Query *component.ID `mapstructure:"query"`
	// Logs is about the records of POST /ingest/logs.
	Logs LogsConfig `mapstructure:"logs"`

	// Limits bound a body and its records. The depth and the elements are those of the JSON of a record.
	Limits otlpscan.Limits `mapstructure:"limits"`
	// InFlightBytes bounds the memory that the records of all bodies in work take, as estimated.
	InFlightBytes int64 `mapstructure:"in_flight_bytes"`
	// Unfinished bounds bodies that have not come completely.
	Unfinished listener.UnfinishedConfig `mapstructure:"unfinished"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// LogsConfig says what is done to log records before they enter the pipeline.
type LogsConfig struct {
	// Operators are stanza operators, as in the filelog receiver.
	Operators []operator.Config `mapstructure:"operators"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate also builds the operators once, so that a mistake in them is found before the start.
func (c *Config) Validate() error {
	var errs []error
	if c.HTTP.NetAddr.Transport != confignet.TransportTypeUnix {
		errs = append(errs, listener.ValidateEndpoint(c.HTTP.NetAddr.Endpoint, listener.Authenticates(&c.HTTP), c.AllowUnauthenticated))
	}
	if _, err := requester.ParseProxies(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies::%w", err))
	}
	if c.HTTP.MaxRequestBodySize < 0 {
		errs = append(errs, errors.New("max_request_body_size: must not be negative"))
	}
	if err := c.Limits.Check(); err != nil {
		errs = append(errs, fmt.Errorf("limits::%w", err))
	}
	errs = append(errs, c.Unfinished.Check(c.largestBody()))
	if c.InFlightBytes < 2*c.Limits.DecodedBytes { // a sender has half at most
		errs = append(errs, errors.New("in_flight_bytes: must be at least twice limits::decoded_bytes, or no large body is ever taken"))
	}
	if err := c.Logs.validate(); err != nil {
		errs = append(errs, fmt.Errorf("logs::operators: %w", err))
	}
	return errors.Join(errs...)
}

func (c *LogsConfig) validate() error {
	if err := checkOperatorTypes(c.Operators); err != nil {
		return err
	}
	built, err := newOperators(c.Operators, component.TelemetrySettings{Logger: zap.NewNop()})
	if err != nil || built == nil {
		return err
	}
	return built.stop()
}

// largestBody is what confighttp bounds a body by.
func (c *Config) largestBody() int64 {
	if c.HTTP.MaxRequestBodySize <= 0 {
		return listener.MaxBodyBytes
	}
	return c.HTTP.MaxRequestBodySize
}

func createDefaultConfig() component.Config {
	return &Config{
		HTTP:          listener.DefaultServerConfig(defaultEndpoint),
		Limits:        otlpscan.DefaultLimits(),
		InFlightBytes: 384 << 20,
		Unfinished:    listener.DefaultUnfinishedConfig(),
	}
}
