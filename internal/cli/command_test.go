package cli

import (
	"bytes"
	"errors"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/nopexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

const testConfig = `# a comment
receivers: {otlp: {protocols: {grpc: {endpoint: "localhost:0"}}}}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
`

func TestDefaultConfig(t *testing.T) {
	const other = "--config=yaml:exporters: {nop/other: }"
	tests := map[string]struct {
		args []string
		code int
		err  string
	}{
		"absent --config":          {args: []string{"validate"}},
		"--set on top of it":       {args: []string{"validate", "--set=exporters.nope=1"}, code: ExitFailed, err: "nope"},
		"--set keeps the rest":     {args: []string{"validate", "--set=receivers.otlp.protocols.grpc.endpoint=localhost:1"}},
		"--config replaces it":     {args: []string{"validate", other}, code: ExitFailed, err: "no receiver configuration"},
		"several --config merge":   {args: []string{"validate", "--config=yaml:" + testConfig, other}},
		"also before a subcommand": {args: []string{other, "validate"}, code: ExitFailed, err: "no receiver configuration"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, tt.args...)
			assert.Equal(t, tt.code, ExitCode(err))
			if tt.err != "" {
				assert.ErrorContains(t, err, tt.err)
			}
		})
	}
}

func TestPrintDefaultConfig(t *testing.T) {
	out, err := execute(t, "print-default-config")
	require.NoError(t, err)
	assert.Equal(t, testConfig, out)
}

func TestWrongUse(t *testing.T) {
	tests := map[string]struct {
		args []string
		err  string
	}{
		"unknown flag":                 {[]string{"--nope"}, "unknown flag: --nope"},
		"unknown flag of a subcommand": {[]string{"validate", "--nope"}, "'prodsentinel validate --help'"},
		"flag without its value":       {[]string{"--config"}, "flag needs an argument"},
		"--set without equal sign":     {[]string{"--set", "a.b"}, "missing equal sign"},
		"unknown feature gate":         {[]string{"--feature-gates", "nope"}, "no such feature gate"},
		"unknown command":              {[]string{"frobnicate"}, `unknown command "frobnicate"`},
		"misspelt command":             {[]string{"valdate"}, `did you mean "validate"?`},
		"surplus argument":             {[]string{"print-default-config", "x"}, `unknown command "x"`},
		"said by the command itself":   {[]string{"fail", "--wrong-use"}, "as asked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, tt.args...)
			require.ErrorContains(t, err, tt.err)
			assert.Equal(t, ExitUsage, ExitCode(err))
			assert.ErrorContains(t, err, "--help' for usage.")
		})
	}
}

func TestFailureIsNotWrongUse(t *testing.T) {
	_, err := execute(t, "fail")
	require.EqualError(t, err, "as asked")
	assert.Equal(t, ExitFailed, ExitCode(err))
}

// execute runs the command with a small set of components and a subcommand that fails.
func execute(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "prodsentinel"},
		Factories: testFactories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
			DefaultScheme:     "yaml",
		}},
	}
	cmd := NewCommand(settings, testConfig, newFailCommand())
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func newFailCommand() *cobra.Command {
	var wrongUse bool
	cmd := &cobra.Command{
		Use: "fail",
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := errors.New("as asked")
			if wrongUse {
				return UsageError(cmd, err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&wrongUse, "wrong-use", false, "")
	return cmd
}

func testFactories() (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](nopexporter.NewFactory())
	return otelcol.Factories{
		Receivers: receivers,
		Exporters: exporters,
		Telemetry: otelconftelemetry.NewFactory(),
	}, err
}
