package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/otelcol"
	"go.yaml.in/yaml/v3"

	"github.com/prodsentinel/prodsentinel/config"
	"github.com/prodsentinel/prodsentinel/internal/configcheck"
)

// sections of a collector's configuration.
var sections = []string{"receivers", "processors", "exporters", "extensions", "service"}

// Every configuration that is shipped or shown is accepted, and those that are shipped without a warning.
func TestConfigurationsAreAccepted(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://user:password@db.example/prodsentinel")
	t.Setenv("REDIS_URL", "rediss://cache.example")
	t.Setenv("PRODSENTINEL_GATEWAY_ENDPOINT", "gateway.example:14317")
	t.Setenv("PRODSENTINEL_TOKEN", "s3cr3t")
	t.Setenv("PAGERDUTY_ROUTING_KEY", "s3cr3t")
	t.Setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/s3cr3t")
	t.Setenv("WEBHOOK_SECRET", "s3cr3t")
	for name, content := range files(t, ".yaml") {
		if !isConfiguration(content) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			locations := []string{name}
			if below := regexp.MustCompile(`--config (\S+) --config ` + regexp.QuoteMeta(name)).FindStringSubmatch(content); below != nil {
				locations = []string{below[1], name} // an overlay
			}
			warnings, err := validate(t, locations...)
			require.NoError(t, err)
			assert.Empty(t, warnings)
		})
	}
	for name, content := range files(t, ".md") {
		for i, block := range fenced.FindAllStringSubmatch(content, -1) {
			if !isConfiguration(block[1]) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				_, err := validate(t, "yaml:"+config.Embedded(), "yaml:"+block[1])
				if err != nil { // of another backend
					_, err = validate(t, "config/production.yaml", "yaml:"+block[1])
				}
				assert.NoError(t, err, "example %d", i)
			})
		}
	}
}

// fenced finds the examples in Markdown.
var fenced = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// validate does what the command does, and returns the warnings.
func validate(t *testing.T, locations ...string) ([]string, error) {
	t.Helper()
	checks := &configcheck.Checks{}
	settings := collectorSettings(checks.NewConverter())
	settings.ConfigProviderSettings.ResolverSettings.URIs = locations
	settings.ConfigProviderSettings.ResolverSettings.DefaultScheme = "env"
	collector, err := otelcol.NewCollector(settings)
	require.NoError(t, err)
	err = collector.DryRun(t.Context())
	return checks.Warnings(), err
}

// isConfiguration reports whether a text is a collector's configuration, or a part of one.
func isConfiguration(content string) bool {
	var parts map[string]any
	if yaml.Unmarshal([]byte(content), &parts) != nil || len(parts) == 0 {
		return false
	}
	for name := range parts {
		if !slices.Contains(sections, name) {
			return false
		}
	}
	return true
}

// files returns those of the repository that end like this, by path.
func files(t *testing.T, extension string) map[string]string {
	t.Helper()
	all := map[string]string{}
	here := os.DirFS(".")
	require.NoError(t, fs.WalkDir(here, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != "." || entry.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(path) == extension:
			content, err := fs.ReadFile(here, path)
			all[path] = string(content)
			return err
		}
		return nil
	}))
	require.NotEmpty(t, all)
	return all
}
