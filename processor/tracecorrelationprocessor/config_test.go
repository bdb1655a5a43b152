package tracecorrelationprocessor

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

func load(t *testing.T, name string) (*Config, error) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	if err := sub.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	cfg, err := load(t, "")
	require.NoError(t, err)
	assert.Equal(t, &Config{
		Coordination: component.MustNewID("coordination"), QuietPeriod: 6 * time.Second, MaxWait: 30 * time.Second,
		DebounceWindow: time.Minute, MaxGroups: 100_000,
	}, cfg)

	cfg, err = load(t, "all")
	require.NoError(t, err)
	assert.Equal(t, &Config{
		Coordination: component.MustNewIDWithName("coordination", "main"),
		Errors: failure.Conditions{
			ReplaceDefaults: true,
			Spans:           []string{"span.status.code == STATUS_CODE_ERROR"},
			SpanEvents:      []string{`spanevent.name == "exception"`},
			Logs:            []string{"log.severity_number >= SEVERITY_NUMBER_FATAL"},
		},
		QuietPeriod: time.Second, MaxWait: 2 * time.Second, DebounceWindow: 3 * time.Second, MaxGroups: 4,
	}, cfg)
}

func TestInvalidConfig(t *testing.T) {
	for name, want := range map[string][]string{
		"order":     {"max_wait (30s) must not be shorter than quiet_period (1m0s)"},
		"times":     {"quiet_period must be positive", "debounce_window must be positive"},
		"groups":    {"max_groups must be at least 1"},
		"condition": {"errors::logs[1]"},
		"nothing":   {"errors", "replace_defaults"},
		"unknown":   {"quiet"},
	} {
		_, err := load(t, name)
		for _, part := range want {
			require.ErrorContains(t, err, part)
		}
	}
}
