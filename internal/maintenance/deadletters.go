package maintenance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func newRetryCommand(set otelcol.CollectorSettings) *cobra.Command {
	t := target{settings: set}
	var all bool
	cmd := &cobra.Command{
		Use:   "retry (--all | ID...)",
		Short: "Puts back what was given up, with its attempts forgotten",
		Long: `Puts back analyses that were given up, agents that failed on an incident's newest analysis, failures
that repeatedly could not be classified, and messages that a receiver refuses: they are taken up as if new. An ID is that of an incident or
the key of a failure, as GET /query/status and the dashboard's page /status list them. Mend what made
them fail first; the list says what it was.` + aboutProcesses,
		Example: `  prodsentinel dead-letters retry --all
  prodsentinel dead-letters retry fc85274444b9860533fed937ee4a0d36 --config config/production.yaml`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			switch {
			case all && len(ids) > 0:
				return cli.UsageError(cmd, errors.New("give either --all or IDs"))
			case !all && len(ids) == 0:
				return cli.UsageError(cmd, errors.New("give the IDs of incidents or failures, or --all"))
			}
			return t.change(cmd, func(ctx context.Context, s store.Store) (news, error) {
				retried, err := s.RetryDeadLetters(ctx, t.tenant, ids)
				if err != nil {
					return news{}, err
				}
				return newsOf(t.tenant, retried), report(cmd.OutOrStdout(), retried, ids)
			})
		},
	}
	t.addFlags(cmd)
	t.addTenantFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "put back everything that was given up")
	return cmd
}

var kindNames = map[store.DeadLetterKind]string{
	store.DeadAnalysis: "the analysis of incident",
	store.DeadAgents:   "the agents' look at incident",
	store.DeadFailure:  "the classification of failure",
	store.DeadDelivery: "the message about incident",
}

// report says what was put back. An ID under which nothing was given up is an error.
func report(out io.Writer, retried []store.DeadLetter, ids []string) error {
	for _, d := range retried {
		what := kindNames[d.Kind] + " " + d.ID()
		if d.Receiver != "" {
			what += " to " + d.Receiver
		}
		if _, err := fmt.Fprintf(out, "Put back %s (attempts so far: %d).\n", what, d.Attempts); err != nil {
			return err
		}
	}
	if len(ids) == 0 && len(retried) == 0 {
		_, err := fmt.Fprintln(out, "Nothing was given up, so there is nothing to put back.")
		return err
	}
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(retried, func(d store.DeadLetter) bool { return d.ID() == id })
	})
	if len(unknown) > 0 {
		return fmt.Errorf("nothing was given up under %s: see dead_letters of GET /query/status", strings.Join(unknown, ", "))
	}
	return nil
}

func newsOf(tenant string, retried []store.DeadLetter) news {
	n := news{work: map[coordination.Queue][]string{}}
	queues := map[store.DeadLetterKind]coordination.Queue{
		store.DeadAnalysis: coordination.QueueIncidents, store.DeadAgents: coordination.QueueAgents, store.DeadFailure: coordination.QueueFailures,
	}
	for _, d := range retried {
		if q, woken := queues[d.Kind]; woken { // the announcement wakes who sends messages
			n.work[q] = append(n.work[q], d.ID())
		}
		if d.IncidentID != "" {
			n.incidents = append(n.incidents, coordination.Change{Tenant: tenant, IncidentID: d.IncidentID})
		}
	}
	return n
}
