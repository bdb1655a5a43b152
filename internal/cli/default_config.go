package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

const configFlag = "config"

// useDefaultConfig makes config the first --config of root and its subcommands if none is given. It
// cannot be left to the collector's own default URIs: those give way to --set as well.
func useDefaultConfig(root *cobra.Command, config string) {
	for _, cmd := range append(root.Commands(), root) {
		flag := cmd.Flags().Lookup(configFlag)
		if flag == nil || cmd.RunE == nil {
			continue
		}
		run := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if !flag.Changed {
				if err := flag.Value.Set("yaml:" + config); err != nil {
					return fmt.Errorf("use the embedded default configuration: %w", err)
				}
			}
			return run(cmd, args)
		}
	}
}
