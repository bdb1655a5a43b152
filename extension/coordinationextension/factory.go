// Package coordinationextension owns what replicas share besides the store: debounce, wake-ups and
// announcements. Other components look it up by its component ID; it reads no telemetry.
package coordinationextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
)

// NewFactory makes coordination extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(ctx context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	config := cfg.(*Config)
	e := &coordinationExtension{set: set.TelemetrySettings}
	if config.Redis == nil {
		e.coordinator = memory.New(memory.Options{})
		return e, nil
	}
	options, err := config.Redis.options(ctx)
	if err != nil {
		return nil, err
	}
	options.Changed = e.changed
	shared := redis.New(options)
	e.coordinator, e.connect = shared, shared.Start
	return e, nil
}
