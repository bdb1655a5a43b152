package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/otelcol"
)

// Configuration reads the collector's configuration for a subcommand: from the same flags, places and
// variables as the collector, the default of [NewCommand] included.
type Configuration struct {
	locations []string // of --config
	sets      []string // of --set, as locations
}

// AddFlags adds --config and --set.
func (c *Configuration) AddFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.locations, configFlag, nil, "configuration of the collector; several are merged, the later one wins (default the embedded configuration)")
	flags.Func("set", "set one key of the configuration, as --set=extensions.signal_store.postgres.url='${env:DATABASE_URL}'", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("missing equal sign")
		}
		c.sets = append(c.sets, "yaml:"+strings.TrimSpace(strings.ReplaceAll(key, ".", "::"))+": "+strings.TrimSpace(value))
		return nil
	})
}

// Load reads the configuration. It checks no component's settings: callers check those they use.
func (c *Configuration) Load(ctx context.Context, set otelcol.CollectorSettings) (*otelcol.Config, error) {
	factories, err := set.Factories()
	if err != nil {
		return nil, fmt.Errorf("list the components: %w", err)
	}
	provide := set.ConfigProviderSettings
	provide.ResolverSettings.URIs = slices.Concat(c.locations, c.sets)
	if provide.ResolverSettings.DefaultScheme == "" {
		provide.ResolverSettings.DefaultScheme = "env"
	}
	provider, err := otelcol.NewConfigProvider(provide)
	if err != nil {
		return nil, err
	}
	config, err := provider.Get(ctx, factories)
	return config, errors.Join(err, provider.Shutdown(ctx))
}
