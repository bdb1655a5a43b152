package maintenance

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run executes the prodsentinel command with these commands and the configuration as its default.
func run(t *testing.T, config string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "prodsentinel"},
		Factories: func() (otelcol.Factories, error) {
			extensions, err := otelcol.MakeFactoryMap[extension.Factory](signalstoreextension.NewFactory(), coordinationextension.NewFactory())
			return otelcol.Factories{Extensions: extensions, Telemetry: otelconftelemetry.NewFactory()}, err
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
			DefaultScheme:     "yaml",
		}},
	}
	cmd := cli.NewCommand(settings, config, NewCommands(settings)...)
	var out, errs bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

// site is a store of a backend, and the configuration that names it.
type site struct {
	config *signalstoreextension.Config
	yaml   string
}

func sqliteSite(t *testing.T) site {
	path := filepath.Join(t.TempDir(), "store.db")
	return site{&signalstoreextension.Config{SQLite: &signalstoreextension.SQLiteConfig{Path: path}}, extensions("signal_store: {sqlite: {path: "+path+"}}", "coordination: {memory: {}}")}
}

func postgresSite(t *testing.T) site {
	url := servertest.Database(t)
	c := &signalstoreextension.Config{Postgres: &signalstoreextension.PostgresConfig{URL: configopaque.String(url)}}
	redis := fmt.Sprintf("coordination: {redis: {url: %q, timeout: 10s, key_prefix: test-%s}}", servertest.Redis(t), strings.ToLower(rand.Text()))
	return site{c, extensions(fmt.Sprintf("signal_store: {postgres: {url: %q}}", url), redis)}
}

// extensions is a configuration that starts them all.
func extensions(all ...string) string {
	var names []string
	for _, e := range all {
		name, _, _ := strings.Cut(e, ":")
		names = append(names, name)
	}
	return "{extensions: {" + strings.Join(all, ", ") + "}, service: {extensions: [" + strings.Join(names, ", ") + "]}}"
}

// onBoth runs a test on either backend.
func onBoth(t *testing.T, test func(*testing.T, site)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqliteSite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgresSite(t)) })
}

// with opens the store for fn, as a collector would that is stopped afterwards.
func (s site) with(t *testing.T, fn func(store.Store)) {
	t.Helper()
	opened, err := signalstoreextension.Open(t.Context(), s.config, zap.NewNop(), nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, opened.Close()) }()
	fn(opened)
}

// fails stores an error signal and its failure.
func fails(t *testing.T, s store.Store, key string) {
	t.Helper()
	_, err := s.Append(t.Context(), []store.Batch{{Errors: []store.ErrorSignal{{Key: key, Kind: "log", Ref: incident.Ref("log:" + key)}}}})
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: key}})
	require.NoError(t, err)
}

// opens makes a failure of a root and its incident.
func opens(t *testing.T, s store.Store, root string) (id string) {
	t.Helper()
	fails(t, s, "failure of "+root)
	claimed, err := s.ClaimFailures(t.Context(), "test", time.Minute, 1)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	at := signal.NanosOf(time.Now())
	changes, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: incident.Classification{
		Key: claimed[0].Key, State: incident.FailureClassified, Outcome: incident.OutcomeFailed, FirstError: at, LastError: at,
		Roots: []incident.Root{{
			Signature: root, Kind: incident.KindCode, Service: "payment", Component: "payment", Category: incident.CategoryCodeException,
			Title: root, Onset: at, Errors: 1, ErrorSignals: 1,
		}},
	}}}, incident.Policy{MaxNewIncidents: 100})
	require.NoError(t, err)
	require.Len(t, changes, 1)
	return changes[0].ID
}

// buries gives the analysis of a new incident up.
func buries(t *testing.T, s store.Store, root string) (id string) {
	t.Helper()
	id = opens(t, s, root)
	claims, err := s.ClaimIncidents(t.Context(), "test", time.Minute, 1)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	require.NoError(t, s.FailAnalysis(t.Context(), claims[0], "never", time.Time{}))
	return id
}

// exhausts sets a new failure aside.
func exhausts(t *testing.T, s store.Store, key string) {
	t.Helper()
	fails(t, s, key)
	var claimed []store.Failure
	require.Eventually(t, func() bool {
		var err error
		claimed, err = s.ClaimFailures(t.Context(), "test", time.Millisecond, 1)
		return assert.NoError(t, err) && len(claimed) == 1 && claimed[0].Attempts == store.MaxAttempts
	}, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, s.Postpone(t.Context(), []store.Postponed{{Failure: claimed[0], Until: time.Now().Add(time.Hour)}}))
}
