package requestlimiterextension

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/extension/requestlimiterextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	cfg := NewFactory().CreateDefaultConfig()
	sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
	require.NoError(t, err)
	require.NoError(t, sub.Unmarshal(cfg))
	return cfg.(*Config)
}

func TestConfig(t *testing.T) {
	assert.Equal(t, createDefaultConfig(), load(t, ""))
	assert.Equal(t, &Config{
		Limits: otlpscan.Limits{
			Records: 1000, DecodedBytes: 8 << 20,
			RecordLimits: otlpscan.RecordLimits{Depth: 20, Attributes: 128, Elements: 5000, Events: 128, ValueBytes: 64 << 10},
		},
		BodyBytes:     1 << 20,
		InFlightBytes: 16 << 20,
		Unfinished: UnfinishedConfig{
			UnfinishedConfig: listener.UnfinishedConfig{Bytes: 4 << 20, Grace: time.Second, Rate: 1024, Timeout: 10 * time.Second},
			Streams:          100,
		},
		TrustedProxies: []string{"10.0.0.0/8", "fd00::/8"},
	}, load(t, "all"))
	for name, wantErrs := range map[string][]string{
		"":           nil,
		"all":        nil,
		"zero":       {"records: must be more than 0", "nesting_depth: must", "unfinished::streams: must", "unfinished::timeout: must"},
		"depth":      {"nesting_depth: must be at most 1000, is 1001"},
		"in-flight":  {"in_flight_bytes: must be at least twice decoded_bytes"},
		"unfinished": {"unfinished::bytes: must be at least four times the largest body"},
		"proxies":    {`trusted_proxies::1: want a network such as 10.0.0.0/8, got "10.1.2.3"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := confmap.Validate(load(t, name))
			if len(wantErrs) == 0 {
				require.NoError(t, err)
				return
			}
			for _, want := range wantErrs {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// Every limit is in the README, and nothing else is.
func TestREADMENamesTheKeys(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	conf := confmap.New()
	require.NoError(t, conf.Marshal(createDefaultConfig()))
	for _, key := range conf.AllKeys() {
		if key == "unfinished::rate" { // in the row of grace
			continue
		}
		assert.Regexp(t, "(?m)^\\| `"+regexp.QuoteMeta(key)+"`", string(readme))
	}
}
