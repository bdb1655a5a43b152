package e2e

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

// run runs a command on the fleet's store.
func (f *Fleet) run(command ...string) Result {
	f.t.Helper()
	args := append(command, "--config="+filepath.Join(RepositoryRoot(f.t), "config", "production.yaml"))
	return Run(f.t, f.env, append(args, f.args...)...)
}

// done requires that a command succeeded, and returns what it said.
func done(t *testing.T, r Result) string {
	t.Helper()
	require.Zero(t, r.ExitCode, r.Stderr)
	assert.Empty(t, r.Stderr)
	return r.Stdout
}

// failed requires that a command ended with an exit code and said why.
func failed(t *testing.T, r Result, code int, why string) {
	t.Helper()
	assert.Equal(t, code, r.ExitCode, r.Stdout+r.Stderr)
	assert.Contains(t, r.Stderr, why)
}

type deadLettersView struct {
	DeadLetters struct {
		Analyses int `json:"analyses"`
	} `json:"dead_letters"`
}

func deadAnalyses(t *testing.T, c *Collector) int {
	return mustGet[deadLettersView](t, c, "/query/status").DeadLetters.Analyses
}

// Operators migrate, merge, split and put back on PostgreSQL while collectors run.
func TestMaintenanceOfAFleet(t *testing.T) {
	t.Parallel()
	f := NewFleet(t)
	said := make([]string, 5)
	var all sync.WaitGroup
	for i := range said {
		all.Go(func() {
			said[i] = Run(t, f.env, "migrate", "--config="+filepath.Join(RepositoryRoot(t), "config", "production.yaml")).Stdout
		})
	}
	all.Wait()
	assert.Equal(t, 1, strings.Count(strings.Join(said, ""), "Brought the schema of signal_store (PostgreSQL) from version 0 to "), said)
	assert.Equal(t, 4, strings.Count(strings.Join(said, ""), " already."), said)

	c := f.Start("production.yaml", nil, hasty...)
	sendSplit(t, []*Collector{c}, twoCauses(4), atOnce)
	incidents := c.awaitIncidents(t, 2, incidentWait)
	one, other := incidents[0].ID, incidents[1].ID
	assert.Contains(t, done(t, f.run("incidents", "merge", one, other)), "Merged incident ")
	merged := c.awaitIncidents(t, 1, incidentWait)[0]
	assert.Equal(t, 4, merged.FailingTraces)
	younger := one
	if merged.ID == one {
		younger = other
	}
	assert.Equal(t, merged.ID, mustGet[incidentView](t, c, "/query/incidents/"+younger).ID, "its address leads to the older")
	done(t, f.run("incidents", "split", younger))
	assert.Equal(t, 2, c.awaitIncidents(t, 2, incidentWait)[0].FailingTraces)

	s, err := postgres.Open(t.Context(), f.database, postgres.Options{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	bury(t, s, one)
	assert.Equal(t, 1, deadAnalyses(t, c))
	assert.Contains(t, done(t, f.run("dead-letters", "retry", one)), "Put back the analysis of incident "+one)
	require.Eventually(t, func() bool { return deadAnalyses(t, c) == 0 }, incidentWait, pollInterval)
	c.awaitIncidents(t, 2, incidentWait)

	failed(t, f.run("dead-letters", "retry", one), 1, "nothing was given up under "+one)
	failed(t, f.run("incidents", "split", "nobody"), 2, `"nobody" is no incident's ID`)
	failed(t, f.run("incidents", "split", strings.Repeat("0", 32)), 1, "not found")
	failed(t, f.run("incidents", "merge", one), 2, "accepts 2 arg(s)")
	failed(t, f.run("migrate", "--store=signal_store/other"), 2, `no signal_store extension "signal_store/other"; it has: signal_store`)
}

// bury gives an analysis up before a worker can do it.
func bury(t *testing.T, s store.Store, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		require.NoError(t, s.RequestAnalysis(t.Context(), "", id))
		claims, err := s.ClaimIncidents(t.Context(), "test", time.Minute, 1)
		require.NoError(t, err)
		if len(claims) == 0 {
			return false
		}
		require.NoError(t, s.FailAnalysis(t.Context(), claims[0], "the test gave it up", time.Time{}))
		return claims[0].Incident.ID == id
	}, incidentWait, pollInterval)
}

// On SQLite the same commands work with the embedded default, once its collector is stopped.
func TestMaintenanceOfAFile(t *testing.T) {
	t.Parallel()
	c := StartCollector(t, Options{Args: hasty})
	env := []string{"PRODSENTINEL_DATA_DIR=" + c.DataDir}
	sendSplit(t, []*Collector{c}, twoCauses(4), atOnce)
	incidents := c.awaitIncidents(t, 2, incidentWait)
	merge := []string{"incidents", "merge", incidents[0].ID, incidents[1].ID}
	failed(t, Run(t, env, merge...), 1, "a running prodsentinel holds signal_store (SQLite, "+filepath.Join(c.DataDir, "prodsentinel.db")+"), and only one process may: stop it")
	c.Stop()

	assert.Contains(t, done(t, Run(t, env, "migrate")), " already.")
	assert.Contains(t, done(t, Run(t, env, "dead-letters", "retry", "--all")), "nothing to put back")
	done(t, Run(t, env, merge...))
	again := StartCollector(t, Options{DataDir: c.DataDir, Args: hasty})
	assert.Equal(t, 4, again.awaitIncidents(t, 1, incidentWait)[0].FailingTraces)

	failed(t, Run(t, nil, "dead-letters", "retry", "--all"), 1, "there is no SQLite store at ")
	failed(t, Run(t, env, "dead-letters", "retry"), 2, "or --all")
}

func TestMaintenanceShowsNoPassword(t *testing.T) {
	server, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	server.User = url.UserPassword("stranger", "s3cr3t")
	for name, test := range map[string]struct{ url, why string }{
		"refused":    {server.String(), "PostgreSQL refuses the login"},
		"gone":       {"postgres://stranger:s3cr3t@127.0.0.1:1/prodsentinel", "PostgreSQL cannot be reached"},
		"unreadable": {"postgres://stranger:s3cr3t@127.0.0.1:port", "postgres: url: cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			config := "--config=" + filepath.Join(RepositoryRoot(t), "config", "production.yaml")
			result := Run(t, []string{"DATABASE_URL=" + test.url}, "migrate", config)
			failed(t, result, 1, test.why)
			assert.NotContains(t, result.Stdout+result.Stderr, "s3cr3t")
		})
	}
}

// A bundle can be had from behind an authenticator, which guards /query/ on every listener.
func TestExportWithAToken(t *testing.T) {
	t.Parallel()
	c := StartCollector(t, Options{Token: "s3cr3t", Args: append([]string{
		"--set=extensions.bearertokenauth.token=s3cr3t", "--set=extensions.query.http.auth.authenticator=bearertokenauth",
		"--set=service.extensions=[health, health_check, request_limiter, signal_store, coordination, bearertokenauth, query]",
	}, hasty...)})
	sendSplit(t, []*Collector{c}, twoCauses(2)[:1], atOnce)
	id := c.awaitIncidents(t, 1, incidentWait)[0].ID
	mounted := *c
	mounted.Query = c.Ingest
	assert.Len(t, mustGet[page[incidentView]](t, &mounted, "/query/incidents").Items, 1)
	mounted.token = ""
	status, err := mounted.get("/query/incidents", new(any))
	require.Error(t, err)
	assert.Equal(t, http.StatusUnauthorized, status)
	export := []string{"export", id, "--api", c.Query, "-f", "-"}
	failed(t, Run(t, nil, export...), 1, "put one into the variable PRODSENTINEL_TOKEN")
	failed(t, Run(t, []string{"PRODSENTINEL_TOKEN=wrong"}, export...), 1, "refuses the token in the variable PRODSENTINEL_TOKEN")
	assert.NotEmpty(t, done(t, Run(t, []string{"PRODSENTINEL_TOKEN=s3cr3t"}, export...)))
}
