package queryextension

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/internal/links"
)

func load(t *testing.T, name string) (*Config, error) {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(name)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	return config, sub.Unmarshal(config)
}

func TestConfig(t *testing.T) {
	defaults, err := load(t, "query/nothing")
	require.NoError(t, err)
	embedded, err := load(t, "query")
	require.NoError(t, err)
	assert.Equal(t, defaults, embedded, "the embedded default spells the defaults out")
	assert.Equal(t, component.MustNewID("signal_store"), defaults.Store)
	assert.Equal(t, "localhost:8080", defaults.HTTP.NetAddr.Endpoint)
	assert.Equal(t, "localhost:8001", defaults.Management.NetAddr.Endpoint)

	every, err := load(t, "query/all")
	require.NoError(t, err)
	assert.Equal(t, component.MustNewIDWithName("signal_store", "other"), every.Store)
	assert.Equal(t, component.MustNewIDWithName("coordination", "other"), every.Coordination)
	assert.Equal(t, 5*time.Second, every.HTTP.ReadTimeout)
	assert.Equal(t, []string{"sentinel.example.com", "*.internal"}, every.AllowedHosts)
	assert.Equal(t, []links.Config{{Name: "Jaeger", URL: "https://jaeger.example/trace/{trace_id}"}}, every.Links)
	assert.Equal(t, []string{"10.0.0.0/8"}, every.TrustedProxies)
	assert.True(t, every.HTTP.Auth.HasValue())
	assert.True(t, every.AllowUnauthenticated)
	assert.False(t, every.managed())
}

func TestConfigIsChecked(t *testing.T) {
	for name, want := range map[string]string{
		"query": "", "query/all": "", "query/nothing": "", "query/authenticated": "", "query/allowed": "",
		"query/open":            "http::endpoint: 0.0.0.0:8080 can be reached from other machines",
		"query/open_management": "management::endpoint: 10.0.0.5:8001 can be reached from other machines",
		"query/no_listener":     "http::endpoint must be set",
		"query/no_port":         "http::endpoint: want host:port",
		"query/no_store":        "id must not be empty",
		"query/misspelt":        "allow_hosts",
		"query/proxies":         "trusted_proxies::0: want a network such as 10.0.0.0/8",
		"query/compressed":      "management::compression_algorithms: must be empty",
	} {
		t.Run(name, func(t *testing.T) {
			config, err := load(t, name)
			if err == nil {
				err = confmap.Validate(config)
			}
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, want)
		})
	}
}
