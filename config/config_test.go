package config

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// The stock receivers and the health check bound neither time nor memory by themselves.
func TestStockListenersHaveLimits(t *testing.T) {
	limited := []any{map[string]any{"id": "request_limiter"}}
	for _, file := range []string{"embedded.yaml", "production.yaml", "gateway.yaml", "sidecar.yaml", "workers.yaml"} {
		assert.Contains(t, section(t, file, "service")["extensions"], "request_limiter", file)
		for name := range section(t, file, "receivers") {
			if kind, _, _ := strings.Cut(name, "/"); kind != "otlp" {
				continue
			}
			for protocol := range section(t, file, "receivers", name, "protocols") {
				listener := section(t, file, "receivers", name, "protocols", protocol)
				assert.Equal(t, limited, listener["middlewares"], "%s: %s %s", file, name, protocol)
				if protocol == "grpc" {
					assert.NotEmpty(t, listener["max_concurrent_streams"], "%s: %s", file, name)
					continue
				}
				assert.NotEmpty(t, listener["read_header_timeout"], "%s: %s", file, name)
				assert.Equal(t, []any{}, listener["compression_algorithms"], "%s: the limiter decompresses", file)
			}
		}
		health := section(t, file, "extensions", "health_check")
		for _, key := range []string{"read_header_timeout", "read_timeout", "write_timeout"} {
			assert.NotEmpty(t, health[key], "%s: %s of health_check", file, key)
		}
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
