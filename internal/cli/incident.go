package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// IncidentIDs reads arguments of cmd as the API reads IDs of incidents, in either case, and returns them as they
// are stored.
func IncidentIDs(cmd *cobra.Command, args []string) ([]string, error) {
	ids := make([]string, len(args))
	for i, arg := range args {
		id, err := signal.ParseID(arg)
		if err != nil {
			return nil, UsageError(cmd, fmt.Errorf("%q is no incident's ID: %w", arg, err))
		}
		ids[i] = id.String()
	}
	return ids, nil
}
