package maintenance

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func newMergeCommand(set otelcol.CollectorSettings) *cobra.Command {
	t := target{settings: set}
	cmd := &cobra.Command{
		Use:   "merge INCIDENT INCIDENT",
		Short: "Makes one incident of two that have one cause: the younger joins the older",
		Long: `Merges the younger of two incidents into the older, in whatever order they are given. The older one
takes the failures of both from then on and is analysed again; the address of the younger leads to it.
The merge is kept in the history of both; split undoes it.` + aboutProcesses,
		Example: `  prodsentinel incidents merge fc85274444b9860533fed937ee4a0d36 0d36ee4afc85274444b9860533fed937`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := cli.IncidentIDs(cmd, args)
			if err != nil {
				return err
			}
			return t.change(cmd, func(ctx context.Context, s store.Store) (news, error) {
				merged, err := s.MergeIncidents(ctx, t.tenant, ids[0], ids[1])
				if err != nil {
					return news{}, fmt.Errorf("merge incidents: %w", err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Merged incident %s into the older %s, which is analysed again. To undo it: prodsentinel incidents split %s\n",
					merged.From, merged.Into, merged.From)
				return t.reanalysed(merged.Into, merged.From), err
			})
		},
	}
	t.addFlags(cmd)
	t.addTenantFlag(cmd)
	return cmd
}

func newSplitCommand(set otelcol.CollectorSettings) *cobra.Command {
	t := target{settings: set}
	cmd := &cobra.Command{
		Use:   "split INCIDENT",
		Short: "Takes a merged incident out of the one that it was merged into",
		Long: `Takes an incident out of the one that it was merged into, whether by a user or by ProdSentinel, with the
failures of its root that came before and since; a failure that belonged to both stays where it is. Both
are analysed again. The split is kept in the history of both; merge undoes it.` + aboutProcesses,
		Example: `  prodsentinel incidents split 0d36ee4afc85274444b9860533fed937`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := cli.IncidentIDs(cmd, args)
			if err != nil {
				return err
			}
			return t.change(cmd, func(ctx context.Context, s store.Store) (news, error) {
				split, err := s.SplitIncident(ctx, t.tenant, ids[0])
				if err != nil {
					return news{}, fmt.Errorf("split an incident: %w", err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Split incident %s off %s; both are analysed again. To undo it: prodsentinel incidents merge %s %s\n",
					split.To, split.From, split.To, split.From)
				return t.reanalysed(split.To, split.From), err
			})
		},
	}
	t.addFlags(cmd)
	t.addTenantFlag(cmd)
	return cmd
}

// reanalysed is the news that incidents changed, and that those which live are to be analysed.
func (t *target) reanalysed(ids ...string) news {
	n := news{work: map[coordination.Queue][]string{coordination.QueueIncidents: ids}}
	for _, id := range ids {
		n.incidents = append(n.incidents, coordination.Change{Tenant: t.tenant, IncidentID: id})
	}
	return n
}
