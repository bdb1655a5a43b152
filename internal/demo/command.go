// Package demo is the prodsentinel demo command: it starts the collector and the shop as processes of
// their own, makes the shop fail, and shows or checks what ProdSentinel concludes.
//
// It knows ProdSentinel only from outside, by its command line and its HTTP API. It must not import any
// component.
package demo

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/internal/cli"
)

// options are the command's flags.
type options struct {
	once    bool
	dataDir string
	timeout time.Duration
	set     []string
	// agents is "" for none or agentsScripted.
	agents string
}

// NewCommand returns the demo command. It runs the executable it is part of again, as collector and as
// the shop's services.
func NewCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Starts ProdSentinel and a small shop, lets the shop fail and shows the report",
		Long: `Starts ProdSentinel and a shop of three services, pays some orders, lets a payment fail
and prints the report on its cause. Then it keeps running until it is interrupted.

With --once it runs every kind of failure the shop knows, by OTLP and by plain JSON, checks every
verdict, and exits with 0 only if all are right; with --agents=scripted also what agents say.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.agents != "" && opts.agents != agentsScripted {
				return cli.UsageError(cmd, fmt.Errorf("--agents: %q is not %s", opts.agents, agentsScripted))
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return run(ctx, cmd.OutOrStdout(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.once, "once", false, "run and check every kind of failure, then exit")
	cmd.Flags().StringVar(&opts.dataDir, "data-dir", "", "keep data and logs here (default: a temporary directory, removed at the end)")
	cmd.Flags().DurationVar(&opts.timeout, "timeout", 3*time.Minute, "how long to wait for the verdicts")
	cmd.Flags().StringArrayVar(&opts.set, "set", nil, "set a key of the collector's configuration, as in --set extensions.query.http.endpoint=localhost:9080")
	cmd.Flags().StringVar(&opts.agents, "agents", "", "scripted: a script stands where the model does, to show what agents add without a key")
	cmd.AddCommand(newServiceCommand())
	return cmd
}

// newServiceCommand returns the command that the demo runs for each of the shop's services.
func newServiceCommand() *cobra.Command {
	return &cobra.Command{
		Use:          "shop-service NAME",
		Hidden:       true,
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return shop.Run(ctx, args[0], shop.ConfigFromEnv())
		},
	}
}
