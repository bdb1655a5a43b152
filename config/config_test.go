package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// Replicas and workers on one store take work from each other: what one of them does with an incident must
// not depend on which of them came first.
func TestWhoeverAnalysesDoesItAlike(t *testing.T) {
	production := section(t, "production.yaml", "exporters", "rca")
	assert.NotEmpty(t, production["agents"])
	for _, file := range []string{"gateway.yaml", "workers.yaml"} {
		assert.Equal(t, production, section(t, file, "exporters", "rca"), file)
	}
}

// What one process accepts, the next one must: a request refused for its size is refused for ever.
func TestEveryReceiverTakesWhatASidecarForwards(t *testing.T) {
	const overHTTP = 20 // MiB, confighttp's default
	for _, file := range []string{"embedded.yaml", "production.yaml", "gateway.yaml", "sidecar.yaml"} {
		for name := range section(t, file, "receivers") {
			if kind, _, _ := strings.Cut(name, "/"); kind != "otlp" {
				continue
			}
			grpc := section(t, file, "receivers", name, "protocols", "grpc")
			assert.Greater(t, grpc["max_recv_msg_size_mib"], overHTTP, "%s: %s", file, name)
		}
	}
}

// limits are the keys by which a stock listener bounds time and memory: by itself it bounds neither.
var limits = map[string][]string{
	"grpc": {
		"max_recv_msg_size_mib", "max_concurrent_streams", "keepalive::server_parameters::max_connection_idle",
		"keepalive::server_parameters::max_connection_age", "keepalive::server_parameters::max_connection_age_grace",
		"keepalive::server_parameters::time", "keepalive::server_parameters::timeout",
	},
	"http":         {"read_header_timeout", "read_timeout", "write_timeout", "max_request_body_size", "keepalive::idle_timeout"},
	"health_check": {"read_header_timeout", "read_timeout", "write_timeout"}, // idle connections go by read_timeout
}

func TestStockListenersHaveLimits(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.Contains(t, section(t, file, "service")["extensions"], "request_limiter", file)
		for name := range section(t, file, "receivers") {
			if kind, _, _ := strings.Cut(name, "/"); kind != "otlp" {
				assert.Equal(t, "ingest", kind, "%s: a listener that this test does not know", file)
				continue
			}
			for protocol := range section(t, file, "receivers", name, "protocols") {
				listener := section(t, file, "receivers", name, "protocols", protocol)
				assert.Equal(t, []any{map[string]any{"id": "request_limiter"}}, listener["middlewares"], "%s: %s %s", file, name, protocol)
				requireLimits(t, file, listener, limits[protocol], listener["endpoint"] == "localhost:0")
				if protocol == "http" {
					assert.Equal(t, []any{}, listener["compression_algorithms"], "%s: the limiter decompresses", file)
				}
			}
		}
		for name := range section(t, file, "extensions") {
			switch name {
			case "health_check":
				requireLimits(t, file, section(t, file, "extensions", name), limits[name], false)
			case "pprof", "zpages":
				assert.Fail(t, "a stock listener that this test does not know", "%s: %s", file, name)
			}
		}
	}
}

// requireLimits checks that a listener has all limits, or those on streams at least if nobody calls it.
func requireLimits(t *testing.T, file string, listener map[string]any, keys []string, unused bool) {
	t.Helper()
	if unused {
		keys = []string{"max_concurrent_streams"}
	}
	for _, key := range keys {
		assert.NotEmpty(t, confmap.NewFromStringMap(listener).Get(key), "%s: %s of %v", file, key, listener["endpoint"])
	}
}

// section is the part of a shipped configuration under the keys.
func section(t *testing.T, file string, keys ...string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var part map[string]any
	require.NoError(t, yaml.Unmarshal(content, &part))
	for _, key := range keys {
		next, ok := part[key].(map[string]any)
		require.True(t, ok, "%s has no %s of %v", file, key, keys)
		part = next
	}
	return part
}
