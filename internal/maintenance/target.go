package maintenance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// target is the store that a command works on.
type target struct {
	settings      otelcol.CollectorSettings
	configuration cli.Configuration
	id            string // of its extension; "" for the only one
	tenant        string
}

func (t *target) addFlags(cmd *cobra.Command) {
	t.configuration.AddFlags(cmd.Flags())
	cmd.Flags().StringVar(&t.id, "store", "", "ID of the signal_store extension, where the configuration has several")
}

func (t *target) addTenantFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.tenant, "tenant", "", "tenant, where tenancy is on")
}

// found is a store's configuration and that of the collector around it.
type found struct {
	collector *otelcol.Config
	id        component.ID
	store     *signalstoreextension.Config
}

// String names the store without its URL.
func (f found) String() string {
	if f.store.SQLite != nil {
		return fmt.Sprintf("%s (SQLite, %s)", f.id, f.store.SQLite.Path)
	}
	return fmt.Sprintf("%s (PostgreSQL)", f.id)
}

func (t *target) find(cmd *cobra.Command) (found, error) {
	config, err := t.configuration.Load(cmd.Context(), t.settings)
	if err != nil {
		return found{}, err
	}
	id, err := choose(cmd, config, t.id)
	if err != nil {
		return found{}, err
	}
	f := found{collector: config, id: id, store: config.Extensions[id].(*signalstoreextension.Config)}
	if err := confmap.Validate(f.store); err != nil {
		return found{}, fmt.Errorf("extensions::%s: %w", id, err)
	}
	return f, nil
}

// choose finds the wanted store, or the one that the collector starts.
func choose(cmd *cobra.Command, config *otelcol.Config, wanted string) (component.ID, error) {
	stores := extensionsOf[*signalstoreextension.Config](config)
	if wanted != "" {
		i := slices.IndexFunc(stores, func(id component.ID) bool { return id.String() == wanted })
		if i < 0 {
			return component.ID{}, cli.UsageError(cmd, fmt.Errorf("--store: the configuration has no signal_store extension %q; it has: %s", wanted, join(stores)))
		}
		return stores[i], nil
	}
	if len(stores) > 1 {
		stores = slices.DeleteFunc(stores, func(id component.ID) bool { return !slices.Contains(config.Service.Extensions, id) })
	}
	switch len(stores) {
	case 0:
		return component.ID{}, errors.New("the configuration has no signal_store extension: add one under extensions and service::extensions")
	case 1:
		return stores[0], nil
	default:
		return component.ID{}, cli.UsageError(cmd, fmt.Errorf("the configuration has several stores: name one by --store: %s", join(stores)))
	}
}

// extensionsOf are the IDs of the extensions with a configuration of type C, by name.
func extensionsOf[C component.Config](config *otelcol.Config) []component.ID {
	var ids []component.ID
	for id, c := range config.Extensions {
		if _, ok := c.(C); ok {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b component.ID) int { return strings.Compare(a.String(), b.String()) })
	return ids
}

func join(ids []component.ID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return strings.Join(names, ", ")
}

// change opens the store, has fn change it, closes it, and tells running processes what fn says that it
// changed, even where not all of it succeeded.
func (t *target) change(cmd *cobra.Command, fn func(context.Context, store.Store) (news, error)) error {
	f, err := t.find(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := f.mustExist(); err != nil {
		return err
	}
	s, err := signalstoreextension.Open(ctx, f.store, zap.NewNop(), nil)
	if err != nil {
		return explain(f, err)
	}
	changed, err := fn(ctx, s)
	err = errors.Join(err, s.Close())
	if f.store.Postgres != nil && len(changed.work) > 0 { // on SQLite there is no other process
		tell(cmd, f.collector, changed)
	}
	return err
}

// mustExist refuses an SQLite store that opening it would make: the collector's is elsewhere.
func (f found) mustExist() error {
	if c := f.store.SQLite; c != nil {
		if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no SQLite store at %s: give the collector's --config, or its PRODSENTINEL_DATA_DIR", c.Path)
		}
	}
	return nil
}

// explain says what to do where a collector holds the store.
func explain(f found, err error) error {
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("a running prodsentinel holds %s, and only one process may: stop it, run this command, and start it again", f)
	}
	return err
}
