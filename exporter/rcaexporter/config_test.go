package rcaexporter

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/failure"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(name)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(config))
	return config
}

func TestConfig(t *testing.T) {
	tests := map[string]func(*Config){
		"rca": func(*Config) {},
		"rca/all": func(c *Config) {
			c.Store = component.MustNewIDWithName("signal_store", "main")
			c.Coordination = component.MustNewIDWithName("coordination", "main")
			c.Errors = failure.Conditions{ReplaceDefaults: true, Logs: []string{`severity_number >= SEVERITY_NUMBER_WARN`}}
			c.QuietPeriod, c.MaxWait = 2*time.Second, 10*time.Second
			c.Workers = 0
			c.ResolveAfter, c.LateWindow = time.Hour, 20*time.Minute
			c.MaxNewIncidents, c.MaxNewIncidentsOfTenant = 10, 50
			c.Sweep = SweepConfig{Interval: time.Second, MinAge: 0}
			c.Case = CaseConfig{Baseline: time.Hour, FailingTraces: 5, HealthyTraces: 0}
			c.Agents.Provider, c.Agents.APIKey = agents.ProviderGemini, "key"
			c.Agents.Model, c.Agents.MaxTurns = "gemini-2.5-pro", 6
			c.Agents.Budget.Day = LimitConfig{Tokens: 1000, USD: 2.5}
			c.Agents.SimilarIncidents = 2
			c.Admission = AdmissionConfig{InFlightBytes: 512 << 20, Timeout: 10 * time.Second}
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			want := createDefaultConfig().(*Config)
			change(want)
			got := load(t, name)
			assert.Equal(t, want, got)
			require.NoError(t, confmap.Validate(got))
		})
	}
}

func TestConfigRefused(t *testing.T) {
	tests := map[string]string{
		"rca/errors":        `errors::logs[0]: not an OTTL condition: condition has invalid syntax: 1:17: lexer: invalid input text "!!"`,
		"rca/no_errors":     "errors: replace_defaults: without any condition nothing would count as an error; add spans, span_events or logs",
		"rca/quiet":         "quiet_period: must be more than 0, is 0s",
		"rca/wait":          "max_wait: must be at least quiet_period (6s), is 1s",
		"rca/workers":       "workers: must be within 0 and 256, is -1",
		"rca/sweep":         "sweep::interval: must be more than 0, is 0s",
		"rca/case":          "case::failing_traces: must be within 1 and 1000, is 0",
		"rca/late":          "late_window: must not be negative, is -1s",
		"rca/new_incidents": "max_new_incidents: must be within 0 and 1000000, is -1",
		"rca/in_flight":     "admission::in_flight_bytes: must be within 134217728 and 1099511627776, is 1000",
		"rca/timeout":       "admission::timeout: must be more than 0, is 0s",
		"rca/agents":        `agents::provider: is "oracle"; must be none, gemini or vertex`,
		"rca/budget":        "agents::budget::day: tokens and usd must not be negative (0 sets no bound)",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			require.EqualError(t, confmap.Validate(load(t, name)), want)
		})
	}
}

func TestAgentsWithoutAKeyAreOff(t *testing.T) {
	config := createDefaultConfig().(*Config)
	config.Agents.Provider = agents.ProviderGemini
	require.NoError(t, confmap.Validate(config))
	assert.True(t, config.Agents.keyless())
	config.Agents.APIKey = "key"
	assert.False(t, config.Agents.keyless())
	config.Agents.MaxTurns = -1
	require.ErrorContains(t, confmap.Validate(config), "agents::max_turns: ")
}
