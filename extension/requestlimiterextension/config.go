package requestlimiterextension

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// Config of the extension. The sources of the defaults are in the README.
type Config struct {
	// Records bounds the spans, log records or metric points of a request.
	Records int `mapstructure:"records"`
	// BodyBytes bounds a body over HTTP once it is decompressed.
	BodyBytes int64 `mapstructure:"body_bytes"`
	// DecodedBytes bounds the memory that a decoded request takes, as estimated.
	DecodedBytes int64 `mapstructure:"decoded_bytes"`

	// NestingDepth bounds how deep arrays and maps within a value are nested.
	NestingDepth int `mapstructure:"nesting_depth"`
	// Attributes bounds those of a span, event, link, log record, metric point, resource or scope.
	Attributes int `mapstructure:"attributes"`
	// Elements bounds those of all arrays and maps of a record, and the buckets of a metric point.
	Elements int `mapstructure:"elements"`
	// Events bounds the events of a span, and its links.
	Events int `mapstructure:"events"`
	// ValueBytes bounds a text or binary value.
	ValueBytes int `mapstructure:"value_bytes"`

	// InFlightBytes bounds the memory that all decoded requests without an answer take, as estimated.
	InFlightBytes int64 `mapstructure:"in_flight_bytes"`
	// Unfinished bounds requests that have not come completely.
	Unfinished UnfinishedConfig `mapstructure:"unfinished"`

	// TrustedProxies are networks whose X-Forwarded-For says who sent a request.
	TrustedProxies []string `mapstructure:"trusted_proxies"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// UnfinishedConfig bounds requests that have not come completely.
type UnfinishedConfig struct {
	// Bytes bounds the memory that all of them take.
	Bytes int64 `mapstructure:"bytes"`
	// Streams bounds the calls over gRPC whose message is not complete.
	Streams int64 `mapstructure:"streams"`
	// Grace is how long a body over HTTP may come as slowly as it likes; after that it must have come
	// with Rate bytes a second.
	Grace time.Duration `mapstructure:"grace"`
	Rate  int64         `mapstructure:"rate"`
	// Timeout is how long a request may take to come.
	Timeout time.Duration `mapstructure:"timeout"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		Records:       250_000,
		BodyBytes:     20 << 20,
		DecodedBytes:  128 << 20,
		NestingDepth:  64,
		Attributes:    1024,
		Elements:      100_000,
		Events:        10_000,
		ValueBytes:    1 << 20,
		InFlightBytes: 384 << 20,
		Unfinished: UnfinishedConfig{
			Bytes:   128 << 20,
			Streams: 1000,
			Grace:   5 * time.Second,
			Rate:    64 << 10,
			Timeout: 30 * time.Second,
		},
	}
}

// maxNestingDepth is far below what exhausts the decoders' stack.
const maxNestingDepth = 1000

// Validate checks what the collector's own decoding does not.
func (c *Config) Validate() error {
	var errs []error
	for _, n := range []struct {
		key   string
		value int64
	}{
		{"records", int64(c.Records)}, {"body_bytes", c.BodyBytes}, {"decoded_bytes", c.DecodedBytes},
		{"nesting_depth", int64(c.NestingDepth)}, {"attributes", int64(c.Attributes)}, {"elements", int64(c.Elements)},
		{"events", int64(c.Events)}, {"value_bytes", int64(c.ValueBytes)}, {"in_flight_bytes", c.InFlightBytes},
		{"unfinished::bytes", c.Unfinished.Bytes}, {"unfinished::streams", c.Unfinished.Streams}, {"unfinished::rate", c.Unfinished.Rate},
		{"unfinished::grace", int64(c.Unfinished.Grace)}, {"unfinished::timeout", int64(c.Unfinished.Timeout)},
	} {
		if n.value <= 0 {
			errs = append(errs, fmt.Errorf("%s: must be more than 0", n.key))
		}
	}
	if c.NestingDepth > maxNestingDepth {
		errs = append(errs, fmt.Errorf("nesting_depth: must be at most %d, is %d", maxNestingDepth, c.NestingDepth))
	}
	// A sender may hold half of a budget at most: what a single request may take must be less.
	if c.DecodedBytes > c.InFlightBytes/2 {
		errs = append(errs, errors.New("in_flight_bytes: must be at least twice decoded_bytes, or no large request is ever taken"))
	}
	if 2*c.BodyBytes > c.Unfinished.Bytes/2 {
		errs = append(errs, errors.New("unfinished::bytes: must be at least four times body_bytes, or no large request is ever taken"))
	}
	for i, network := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			errs = append(errs, fmt.Errorf("trusted_proxies::%d: want a network such as 10.0.0.0/8, got %q", i, network))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) limits() otlpscan.Limits {
	return otlpscan.Limits{
		Records: c.Records, DecodedBytes: c.DecodedBytes, Depth: c.NestingDepth, Attributes: c.Attributes,
		Elements: c.Elements, Events: c.Events, ValueBytes: c.ValueBytes,
	}
}

func (u *UnfinishedConfig) pace() listener.Pace {
	return listener.Pace{Grace: u.Grace, Rate: u.Rate, Timeout: u.Timeout}
}
