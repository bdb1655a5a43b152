// Package requestlimiterextension is a middleware for HTTP and gRPC servers that take OTLP, such as
// those of the stock otlp receiver: it holds requests to limits before they are decoded, and bounds what
// requests take that have not come completely. It knows nothing of what the signals mean.
package requestlimiterextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/requestlimiterextension/internal/metadata"
)

// NewFactory makes request limiter extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newLimiter(set.TelemetrySettings, cfg.(*Config))
}
