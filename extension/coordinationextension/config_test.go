package coordinationextension

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
)

func TestConfig(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for name, wantErr := range map[string]string{"": "", "none": "choose a backend", "null": "choose a backend"} {
		cfg := NewFactory().CreateDefaultConfig()
		sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
		require.NoError(t, err)
		require.NoError(t, sub.Unmarshal(cfg))
		if err := confmap.Validate(cfg); wantErr == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, wantErr)
		}
	}
}
