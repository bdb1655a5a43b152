// Package healthextension answers probes with the whole truth about a process: what every component says
// of itself, and whether those can be reached without whom it can do nothing. It has no listener: it is a
// middleware of one, such as that of the stock health_check extension, whose own answers stay as they are.
package healthextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/healthextension/internal/metadata"
)

// NewFactory makes health extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config { return &Config{} }

func create(_ context.Context, _ extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newHealth(cfg.(*Config))
}
