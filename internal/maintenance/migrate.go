package maintenance

import (
	"fmt"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
)

func newMigrateCommand(set otelcol.CollectorSettings) *cobra.Command {
	t := target{settings: set}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Brings the store's schema up to date, and says from which version to which",
		Long: `Brings the schema of the store up to date, as every collector does at start if its login may. Run it
before an upgrade where the collectors' login may not. Any number may run at once.` + aboutConfiguration,
		Example: `  DATABASE_URL=postgres://prodsentinel_migrator@db.example/prodsentinel \
      prodsentinel migrate --config config/production.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := t.find(cmd)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("config") { // nobody asked for a file at the default's place
				if err := f.mustExist(); err != nil {
					return err
				}
			}
			from, to, err := signalstoreextension.Migrate(cmd.Context(), f.store)
			switch {
			case err != nil:
				return explain(f, err)
			case from == to:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "The schema of %s has version %d already.\n", f, to)
			default:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Brought the schema of %s from version %d to %d.\n", f, from, to)
			}
			return err
		},
	}
	t.addFlags(cmd)
	return cmd
}
