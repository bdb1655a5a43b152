// Package cli turns the collector's command into the prodsentinel command: it adds the configuration
// that runs without --config, further subcommands, and exit codes. It must not know any component.
package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/internal/escape"
)

// NewCommand returns the collector's command for set with the subcommands added. Wherever the
// collector takes --config (run, validate, print-config), defaultConfig is used if the flag is absent;
// --set applies on top of it. Errors about how the command was called are of the kind [ExitCode]
// tells apart.
func NewCommand(set otelcol.CollectorSettings, defaultConfig string, subcommands ...*cobra.Command) *cobra.Command {
	root := otelcol.NewCommand(set)
	root.Short = set.BuildInfo.Description
	root.Long = set.BuildInfo.Description + `

Without --config it runs the embedded default configuration: no servers needed, everything on
loopback, state in ./prodsentinel-data. print-default-config shows it; --set overrides any key.`
	root.Args = rejectUnknownCommand
	root.SilenceErrors = true
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(subcommands...)
	root.AddCommand(newPrintDefaultConfigCommand(defaultConfig), newHealthCommand())

	useDefaultConfig(root, defaultConfig)
	markUsageErrors(root)
	return root
}

// WarnOnValidate makes the validate command of root print warnings, which the collector itself writes to
// its log only when it runs.
func WarnOnValidate(root *cobra.Command, warnings func() []string) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "validate" {
			continue
		}
		cmd.PostRun = func(cmd *cobra.Command, _ []string) {
			for _, w := range warnings() {
				cmd.PrintErrln("Warning:", escape.Text(w))
			}
		}
	}
}

// NewGroup returns a command that only holds others.
func NewGroup(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:                        use,
		Short:                      short,
		Args:                       rejectUnknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
	}
	group.AddCommand(subcommands...)
	return group
}

func rejectUnknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return fmt.Errorf("unknown command %q, did you mean %q?", args[0], similar[0])
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func newPrintDefaultConfigCommand(config string) *cobra.Command {
	return &cobra.Command{
		Use:   "print-default-config",
		Short: "Prints the configuration that runs without --config, comments included",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config)
			return err
		},
	}
}
