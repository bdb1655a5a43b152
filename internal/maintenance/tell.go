package maintenance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// news is what a command changed.
type news struct {
	incidents []coordination.Change           // which open pages show
	work      map[coordination.Queue][]string // which waits for workers now
}

// tellTimeout bounds telling: it is a courtesy.
const tellTimeout = 10 * time.Second

// tell wakes workers and announces incidents to live pages. Where that fails, workers find the work by
// themselves, and pages show it when they are loaded again; the command has succeeded all the same.
func tell(cmd *cobra.Command, config *otelcol.Config, changed news) {
	ctx, cancel := context.WithTimeout(cmd.Context(), tellTimeout)
	defer cancel()
	for _, id := range extensionsOf[*coordinationextension.Config](config) {
		c := config.Extensions[id].(*coordinationextension.Config)
		if c.Memory != nil && c.Redis == nil {
			continue // it would tell this process alone
		}
		if err := tellThrough(ctx, c, changed); err != nil {
			cmd.PrintErrf("Running processes were not told (%s: %v); workers look by themselves every few seconds.\n", id, err)
		}
	}
}

func tellThrough(ctx context.Context, config *coordinationextension.Config, changed news) (err error) {
	if err := confmap.Validate(config); err != nil {
		return err
	}
	c, err := coordinationextension.Open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for q, ids := range changed.work {
		if err := c.Wake(ctx, q, ids...); err != nil {
			return fmt.Errorf("wake workers: %w", err)
		}
	}
	for _, change := range changed.incidents {
		if err := c.Announce(ctx, change); err != nil {
			return fmt.Errorf("announce incident %s: %w", change.IncidentID, err)
		}
	}
	if status := c.Status(ctx); !status.Shared {
		return errors.New(status.Problem)
	}
	return nil
}
