// Package queryextension serves what ProdSentinel found: the read-only HTTP API and dashboard,
// and a management listener that asks the workers for an analysis. It reads the store of the
// signal_store extension; it stores, classifies and analyses nothing itself.
package queryextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/listener"
)

// NewFactory makes query extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	return &Config{
		Store:        component.MustNewID("signal_store"),
		Coordination: component.MustNewID("coordination"),
		HTTP:         defaultServer("localhost:8080"),
		Management:   defaultServer("localhost:8001"),
	}
}

func defaultServer(endpoint string) confighttp.ServerConfig {
	server := listener.DefaultServerConfig(endpoint)
	server.MaxRequestBodySize = 64 << 10 // no request of ours has a body worth mentioning
	server.CompressionAlgorithms = []string{}
	return server
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newExtension(cfg.(*Config), set), nil
}
