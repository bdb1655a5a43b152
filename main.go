// Command prodsentinel is an OpenTelemetry Collector distribution that finds the root cause of failing
// traces. What it contains is listed in builder-config.yaml; components.go is generated from it.
package main

import (
	"fmt"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/config"
	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/configcheck"
	"github.com/prodsentinel/prodsentinel/internal/demo"
	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/eval"
	"github.com/prodsentinel/prodsentinel/internal/maintenance"
	"github.com/prodsentinel/prodsentinel/internal/offline"
)

// version is set at link time, see the Makefile.
var version string

// componentHealth is the gate by which the health check tells what components report of themselves, such
// as a store that cannot be written, not only that the process runs.
const componentHealth = "extension.healthcheck.useComponentStatus"

func main() {
	if err := featuregate.GlobalRegistry().Set(componentHealth, true); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
	cli.LimitMemory()
	commands := append(maintenance.NewCommands(collectorSettings(configcheck.NewMender())),
		demo.NewCommand(), offline.NewAnalyzeCommand(), offline.NewExportCommand(), eval.NewCommand())
	checks := &configcheck.Checks{}
	root := cli.NewCommand(collectorSettings(checks.NewConverter()), config.Embedded(), commands...)
	cli.WarnOnValidate(root, checks.Warnings)
	err := checks.NamePort(root.Execute())
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", escape.Text(err.Error()))
	}
	os.Exit(cli.ExitCode(err))
}

func collectorSettings(converter confmap.ConverterFactory) otelcol.CollectorSettings {
	return otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{
			Command:     "prodsentinel",
			Description: "OpenTelemetry Collector distribution that finds the root cause of failing traces",
			Version:     cli.Version(version),
		},
		Factories: components,
		// health_check makes of its short form what the notice asks for.
		LoggingOptions: []zap.Option{cli.Harmless(), cli.WithoutMessage("Feature gate enabled but using legacy config format")},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{
					envprovider.NewFactory(),
					fileprovider.NewFactory(),
					httpprovider.NewFactory(),
					httpsprovider.NewFactory(),
					yamlprovider.NewFactory(),
				},
				ConverterFactories: []confmap.ConverterFactory{converter},
			},
		},
		ProviderModules: map[string]string{
			"env":   cli.Module("go.opentelemetry.io/collector/confmap/provider/envprovider"),
			"file":  cli.Module("go.opentelemetry.io/collector/confmap/provider/fileprovider"),
			"http":  cli.Module("go.opentelemetry.io/collector/confmap/provider/httpprovider"),
			"https": cli.Module("go.opentelemetry.io/collector/confmap/provider/httpsprovider"),
			"yaml":  cli.Module("go.opentelemetry.io/collector/confmap/provider/yamlprovider"),
		},
	}
}
