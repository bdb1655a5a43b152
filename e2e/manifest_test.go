package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The one release this distribution is built from: beta and stable modules of the collector.
const (
	betaRelease   = "v0.160.0"
	stableRelease = "v1.66.0"
)

const ownModule = "github.com/prodsentinel/prodsentinel"

// manifest is builder-config.yaml as far as it lists modules ("path version").
type manifest struct {
	Extensions, Receivers, Processors, Exporters, Connectors, Providers []manifestModule

	Telemetry manifestModule
	Replaces  []string
}

type manifestModule struct {
	GoMod  string `yaml:"gomod"`
	Import string
	Path   string
}

func loadManifest(t *testing.T) manifest {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(RepositoryRoot(t), "builder-config.yaml"))
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(content, &m))
	return m
}

func (m manifest) modules() []manifestModule {
	return append(slices.Concat(m.Extensions, m.Receivers, m.Processors, m.Exporters, m.Connectors, m.Providers), m.Telemetry)
}

type goMod struct {
	Require []struct{ Path, Version string }
	Replace []struct{ Old struct{ Path string } }
}

func loadGoMod(t *testing.T) goMod {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = RepositoryRoot(t)
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod goMod
	require.NoError(t, json.Unmarshal(out, &mod))
	return mod
}

func TestGoModHasOneCollectorRelease(t *testing.T) {
	for _, module := range loadGoMod(t).Require {
		if isCollectorModule(module.Path) {
			assert.Contains(t, []string{betaRelease, stableRelease}, module.Version, module.Path)
		}
	}
}

func TestManifestEqualsGoMod(t *testing.T) {
	required := map[string]string{ownModule: "v0.0.0"}
	for _, module := range loadGoMod(t).Require {
		required[module.Path] = module.Version
	}
	for _, module := range loadManifest(t).modules() {
		path, version, _ := strings.Cut(module.GoMod, " ")
		assert.Equal(t, required[path], version, "%s: builder-config.yaml and go.mod differ", path)
	}
}

// A replace directive would break `go install` of the command and foreign manifests that list our
// components.
func TestNothingIsReplaced(t *testing.T) {
	assert.Empty(t, loadGoMod(t).Replace, "go.mod")
	m := loadManifest(t)
	assert.Empty(t, m.Replaces, "builder-config.yaml")
	for _, module := range m.modules() {
		assert.Empty(t, module.Path, module.GoMod)
	}
}

func isCollectorModule(path string) bool {
	return path == "go.opentelemetry.io/collector" ||
		strings.HasPrefix(path, "go.opentelemetry.io/collector/") ||
		strings.HasPrefix(path, "github.com/open-telemetry/opentelemetry-collector-contrib/")
}
