// Package maintenance holds the commands that change a store from outside the collector: migrate,
// dead-letters and incidents. They read the collector's configuration, open the store that it names,
// and tell running processes of what they changed. Nothing they print has a URL of a server in it.
package maintenance

import (
	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/internal/cli"
)

// NewCommands returns the commands for a collector of these settings.
func NewCommands(set otelcol.CollectorSettings) []*cobra.Command {
	return []*cobra.Command{
		newMigrateCommand(set),
		cli.NewGroup("dead-letters", "Work that was given up", newRetryCommand(set)),
		cli.NewGroup("incidents", "Correct which failures belong together", newMergeCommand(set), newSplitCommand(set)),
	}
}

const aboutConfiguration = `

The store is that of the collector's configuration: give --config and --set, and the variables it reads,
as to the collector itself.`

const aboutProcesses = aboutConfiguration + ` Running collectors and workers on PostgreSQL hear of the change at once; an
SQLite file is one process' at a time, so stop its collector first.`
