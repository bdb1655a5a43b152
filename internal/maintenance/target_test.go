package maintenance

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestWrongUse(t *testing.T) {
	one := sqliteSite(t).yaml
	two := extensions("signal_store: {sqlite: {path: a.db}}", "signal_store/b: {sqlite: {path: b.db}}")
	for name, test := range map[string]struct {
		config string
		args   []string
		want   string
	}{
		"surplus argument":    {one, []string{"migrate", "now"}, "unknown command"},
		"unknown flag":        {one, []string{"migrate", "--nope"}, "unknown flag: --nope"},
		"--set without value": {one, []string{"migrate", "--set", "a.b"}, "missing equal sign"},
		"unknown store":       {one, []string{"migrate", "--store", "signal_store/b"}, `no signal_store extension "signal_store/b"; it has: signal_store`},
		"several stores":      {two, []string{"migrate"}, "name one by --store: signal_store, signal_store/b"},
		"unknown subcommand":  {one, []string{"dead-letters", "retyr"}, `did you mean "retry"?`},
		"no IDs":              {one, []string{"dead-letters", "retry"}, "or --all"},
		"IDs and --all":       {one, []string{"dead-letters", "retry", "--all", "x"}, "either --all or IDs"},
		"one incident":        {one, []string{"incidents", "merge", "x"}, "accepts 2 arg(s)"},
		"no ID":               {one, []string{"incidents", "split", "x"}, `"x" is no incident's ID: want 32 hex digits`},
		"one ID of two":       {one, []string{"incidents", "merge", nobody, nobody[1:]}, "want 32 hex digits, got 31 characters"},
		"no incident":         {one, []string{"incidents", "split"}, "accepts 1 arg(s)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := run(t, test.config, test.args...)
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, cli.ExitUsage, cli.ExitCode(err))
			assert.ErrorContains(t, err, "--help' for usage.")
		})
	}
}

func TestNoStoreToWorkOn(t *testing.T) {
	there := sqliteSite(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no store":          {[]string{"--config", "yaml:{}"}, "no signal_store extension: add one"},
		"no backend":        {[]string{"--config", "yaml:" + extensions("signal_store: {}")}, "extensions::signal_store: name a backend"},
		"unknown component": {[]string{"--set", "extensions.nope={}"}, "nope"},
		"unreadable":        {[]string{"--config", "file:/nowhere.yaml"}, "file"},
		"no file":           {nil, "there is no SQLite store at "},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := run(t, there.yaml, append([]string{"dead-letters", "retry", "--all"}, test.args...)...)
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, cli.ExitFailed, cli.ExitCode(err))
		})
	}
	assert.NoFileExists(t, there.config.SQLite.Path, "nothing is made by looking for it")
}

func TestStoreOfSeveral(t *testing.T) {
	dir := t.TempDir()
	config := "{extensions: {signal_store: {sqlite: {path: " + filepath.Join(dir, "a.db") + "}}, signal_store/b: {sqlite: {path: " + filepath.Join(dir, "b.db") + "}}}, service: {extensions: [signal_store/b]}}"
	out, _, err := run(t, config, "migrate", "--config=yaml:"+config)
	require.NoError(t, err)
	assert.Contains(t, out, "signal_store/b (SQLite, "+filepath.Join(dir, "b.db"), "the one that the collector starts")
	_, _, err = run(t, config, "migrate", "--config=yaml:"+config, "--store", "signal_store")
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "a.db"))
	_, _, err = run(t, config, "migrate", "--config=yaml:"+config, "--set", "extensions.signal_store/b.sqlite.path="+filepath.Join(dir, "c.db"))
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "c.db"))
}

func TestFileOfARunningCollector(t *testing.T) {
	s := sqliteSite(t)
	s.with(t, func(store.Store) {
		for _, args := range [][]string{{"migrate"}, {"dead-letters", "retry", "--all"}, {"incidents", "split", nobody}} {
			_, _, err := run(t, s.yaml, args...)
			require.ErrorContains(t, err, "a running prodsentinel holds signal_store (SQLite, "+s.config.SQLite.Path+"), and only one process may: stop it")
			assert.Equal(t, cli.ExitFailed, cli.ExitCode(err))
		}
	})
}
