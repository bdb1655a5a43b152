package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestShippedConfigurationsAreValid(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(RepositoryRoot(t), "config", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	runs := map[string][]string{"sidecar.yaml with a queue": {
		"--config", filepath.Join(RepositoryRoot(t), "config", "sidecar.yaml"),
		"--config", filepath.Join(RepositoryRoot(t), "examples", "sidecar-queue.yaml"),
	}}
	for _, file := range files {
		runs[filepath.Base(file)] = []string{"--config", file}
	}
	env := []string{
		"DATABASE_URL=postgresql+asyncpg://user:password@db.example/prodsentinel", "REDIS_URL=rediss://cache.example",
		"PRODSENTINEL_GATEWAY_ENDPOINT=gateway.example:14317",
	}
	for name, args := range runs {
		t.Run(name, func(t *testing.T) {
			result := Run(t, env, append([]string{"validate"}, args...)...)
			assert.Zero(t, result.ExitCode, result.Stderr)
			assert.Empty(t, result.Stderr, "no warning")
		})
	}
}

func TestDangerousConfigurations(t *testing.T) {
	const refused = "receivers::otlp::protocols::grpc::endpoint: 0.0.0.0:0 can be reached from other machines"
	dangerous := "--set=receivers.otlp.protocols.grpc.endpoint=0.0.0.0:0"
	failed(t, Run(t, nil, "validate", dangerous), 1, refused)
	failed(t, Run(t, []string{"PRODSENTINEL_DATA_DIR=" + t.TempDir()}, dangerous), 1, refused)
	assert.Zero(t, Run(t, nil, "validate", dangerous, "--set=receivers.otlp.allow_unauthenticated=true").ExitCode)

	warned := Run(t, nil, "validate", "--set=extensions.zpages.endpoint=localhost:55679")
	assert.Zero(t, warned.ExitCode)
	assert.Contains(t, warned.Stderr, "Warning: extensions::zpages is configured, but not in service::extensions: it does not run")
}

func TestPortsInUseAreNamed(t *testing.T) {
	c := StartCollector(t, Options{})
	for key, address := range map[string]string{
		"receivers::otlp::protocols::grpc::endpoint": c.OTLPGRPC,
		"receivers::otlp::protocols::http::endpoint": c.OTLPHTTP,
		"receivers::ingest::endpoint":                c.Ingest,
		"extensions::query::http::endpoint":          c.Query,
		"extensions::query::management::endpoint":    c.Management,
		"extensions::health_check::endpoint":         c.Health,
	} {
		args := []string{"--set=service.telemetry.metrics.level=none"}
		for _, free := range []string{
			"receivers.otlp.protocols.grpc", "receivers.otlp.protocols.http", "receivers.ingest", "extensions.query.http", "extensions.query.management", "extensions.health_check",
		} {
			endpoint := "localhost:0"
			if strings.ReplaceAll(free, ".", "::")+"::endpoint" == key {
				endpoint = strings.TrimPrefix(address, "http://")
			}
			args = append(args, "--set="+free+".endpoint="+endpoint)
		}
		failed(t, Run(t, []string{"PRODSENTINEL_DATA_DIR=" + t.TempDir()}, args...), 1, "choose another port by "+key)
	}
}

func TestMissingServersAreNamed(t *testing.T) {
	file := filepath.Join(RepositoryRoot(t), "config", "production.yaml")
	result := Run(t, nil, "validate", "--config", file)
	assert.Equal(t, 1, result.ExitCode)
	assert.Contains(t, result.Stderr, "DATABASE_URL")
	assert.Contains(t, result.Stderr, "REDIS_URL")
}

func TestEmbeddedDefault(t *testing.T) {
	printed := Run(t, nil, "print-default-config")
	require.Zero(t, printed.ExitCode, printed.Stderr)

	t.Run("is the shipped file", func(t *testing.T) {
		shipped, err := os.ReadFile(filepath.Join(RepositoryRoot(t), "config", "embedded.yaml"))
		require.NoError(t, err)
		assert.Equal(t, string(shipped), printed.Stdout)
	})
	t.Run("printed, can be given back", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, []byte(printed.Stdout), 0o600))
		result := Run(t, nil, "validate", "--config", file)
		assert.Zero(t, result.ExitCode, result.Stderr)
	})
	t.Run("is validated without --config", func(t *testing.T) {
		assert.Zero(t, Run(t, nil, "validate").ExitCode)
		result := Run(t, nil, "validate", "--set=receivers.otlp.nonsense=1")
		assert.Equal(t, 1, result.ExitCode)
		assert.Contains(t, result.Stderr, "nonsense")
	})
	t.Run("runs, with --set on top", func(t *testing.T) {
		c := StartCollector(t, Options{}) // chooses its ports by --set
		for _, url := range []string{c.Query + "/query/status", c.Ingest + "/query/status"} {
			response, err := http.Get(url) //nolint:noctx // the collector ends with the test
			require.NoError(t, err)
			assert.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusOK, response.StatusCode, url)
		}
		c.Stop()
		assert.FileExists(t, filepath.Join(c.DataDir, "prodsentinel.db"))
	})
}

func TestExitCodes(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		err  string
	}{
		"done":            {[]string{"--version"}, 0, ""},
		"failed":          {[]string{"validate", "--config", "/does/not/exist.yaml"}, 1, "/does/not/exist.yaml"},
		"unknown flag":    {[]string{"--frobnicate"}, 2, "unknown flag: --frobnicate"},
		"unknown command": {[]string{"frobnicate"}, 2, `unknown command "frobnicate"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result := Run(t, nil, tt.args...)
			assert.Equal(t, tt.code, result.ExitCode)
			assert.Contains(t, result.Stderr, tt.err)
		})
	}
}

func TestComponentsAreThoseOfTheManifest(t *testing.T) {
	result := Run(t, nil, "components")
	require.Zero(t, result.ExitCode, result.Stderr)
	type component struct{ Module string }
	var listed struct {
		Extensions, Receivers, Processors, Exporters, Connectors, Providers []component
	}
	require.NoError(t, yaml.Unmarshal([]byte(result.Stdout), &listed))

	m := loadManifest(t)
	for kind, lists := range map[string]struct {
		manifest []manifestModule
		listed   []component
	}{
		"extensions": {m.Extensions, listed.Extensions},
		"receivers":  {m.Receivers, listed.Receivers},
		"processors": {m.Processors, listed.Processors},
		"exporters":  {m.Exporters, listed.Exporters},
		"connectors": {m.Connectors, listed.Connectors},
		"providers":  {m.Providers, listed.Providers},
	} {
		var want, got []string
		for _, module := range lists.manifest {
			want = append(want, module.GoMod)
		}
		for _, c := range lists.listed {
			got = append(got, c.Module)
		}
		assert.ElementsMatch(t, want, got, kind)
	}
}
