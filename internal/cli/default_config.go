package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

const configFlag = "config"

// useDefaultConfig makes config the first --config of cmd and everything below it if none is given. It
// cannot be left to the collector's own default URIs: those give way to --set as well.
func useDefaultConfig(cmd *cobra.Command, config string) {
	for _, sub := range cmd.Commands() {
		useDefaultConfig(sub, config)
	}
	flag := cmd.Flags().Lookup(configFlag)
	if flag == nil || cmd.RunE == nil {
		return
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
