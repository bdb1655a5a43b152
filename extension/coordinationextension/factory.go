// Package coordinationextension owns what replicas share besides the store: debounce, wake-ups and
// announcements. Other components look it up by its component ID; it reads no telemetry.
package coordinationextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
)

// NewFactory makes coordination extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(ctx context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	e := &coordinationExtension{set: set.TelemetrySettings}
	var err error
	e.coordinator, e.connect, err = newCoordinator(ctx, cfg.(*Config), e.changed)
	if err != nil {
		return nil, err
	}
	return e, nil
}
