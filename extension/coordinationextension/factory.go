// Package coordinationextension owns what replicas share besides the store: debounce, wake-ups and
// announcements. Other components look it up by its component ID; it reads no telemetry.
package coordinationextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
)

// NewFactory makes coordination extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config { return &Config{} }

func create(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
	return &coordinationExtension{coordinator: memory.New(memory.Options{})}, nil
}
