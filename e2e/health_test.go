package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// probe asks a probe, and returns its answer's status and the problems that it names.
func (c *Collector) probe(t *testing.T, path string) (code int, problems string) {
	t.Helper()
	response, err := http.Get(c.Health + path) //nolint:noctx // a test's
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Problems []struct{ Component, Problem string }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	var lines strings.Builder
	for _, p := range answer.Problems {
		lines.WriteString(p.Component + ": " + p.Problem + "\n")
	}
	return response.StatusCode, lines.String()
}

// awaitProbe waits for an answer of /healthz, and returns what it says.
func (c *Collector) awaitProbe(t *testing.T, want int) string {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(pollInterval) {
		code, problems := c.probe(t, "/healthz")
		if code == want {
			t.Logf("%d after %.1f s", want, time.Since(begun).Seconds())
			return problems
		}
		require.Less(t, time.Since(begun), time.Minute, problems)
	}
}

// Nobody sends anything: a gateway, a worker and a sidecar know all the same that what they need is gone.
func TestIdleProcessesTellTheTruth(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	fleet := NewFleet(t)
	env := []string{"DATABASE_URL=" + server.Database()}
	gateway, endpoint := startGatewayForSidecars(fleet, append([]string{"PRODSENTINEL_WORKERS=0"}, env...))
	worker := fleet.Start("workers.yaml", env)
	sidecar := startSidecar(t, endpoint)
	for _, c := range []*Collector{gateway, worker, sidecar} {
		c.awaitProbe(t, http.StatusOK)
		code, problems := c.probe(t, "/readyz")
		assert.Equal(t, http.StatusOK, code, problems)
		assert.Zero(t, Run(t, nil, "health", c.Health+"/healthz").ExitCode)
	}

	server.Stop(true)
	for _, c := range []*Collector{gateway, worker} {
		assert.Contains(t, c.awaitProbe(t, http.StatusServiceUnavailable), "extension signal_store: store unavailable: PostgreSQL cannot be reached: connection refused")
		for _, path := range []string{"/livez", "/readyz", "/"} {
			code, problems := c.probe(t, path)
			assert.Equal(t, http.StatusOK, code, "%s: %s", path, problems)
		}
		failed(t, Run(t, nil, "health", c.Health+"/healthz"), 1, "extension signal_store: store unavailable: PostgreSQL cannot be reached")
	}
	state := mustGet[struct {
		Store struct{ State, Problem string }
	}](t, gateway, "/query/status")
	assert.Equal(t, "unavailable", state.Store.State)
	assert.Contains(t, state.Store.Problem, "PostgreSQL cannot be reached")
	code, problems := sidecar.probe(t, "/healthz")
	assert.Equal(t, http.StatusOK, code, problems)

	server.Start()
	gateway.awaitProbe(t, http.StatusOK)
	worker.awaitProbe(t, http.StatusOK)
	gateway.Kill()
	assert.Contains(t, sidecar.awaitProbe(t, http.StatusServiceUnavailable), "upstream "+endpoint)
}

// A total outage under load, of traces that fail, is told in few lines, and without stacks.
func TestOutageWritesFewLines(t *testing.T) {
	t.Parallel()
	const senders, size, most = 4, 100, 20
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	redis := servertest.StartRedis(t)
	c := StartCollector(t, Options{Config: RepositoryRoot(t) + "/config/production.yaml",
		Env: []string{"DATABASE_URL=" + server.Database(), "REDIS_URL=" + redis.URL()}})
	load := startLoad(t, c.OTLPGRPC, senders, size)
	require.Eventually(t, func() bool { return load.accepted.Load() > senders }, time.Minute, pollInterval)
	before, refused := len(c.Log()), load.refused.Load()
	server.Stop(true)
	redis.Kill()
	n := 0
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(pollInterval) {
		n++
		require.False(t, c.sendTraces(analysistest.NewRequest(n, time.Now(), analysistest.BadData).Spans()))
		code, err := c.postJSON(c.Ingest+"/ingest/logs", `{"service":"s","level":"error","message":"m"}`)
		require.NoError(t, err)
		require.NotEqual(t, http.StatusOK, code)
	}
	log := c.Log()[before:]
	require.Greater(t, load.refused.Load(), refused+10)
	load.stop()
	t.Logf("%d lines", strings.Count(log, "\n"))
	assert.LessOrEqual(t, strings.Count(log, "\n"), most, log)
	assert.NotContains(t, log, "\n\t", "a stack")
	assert.Contains(t, log, "PostgreSQL cannot be reached")
}

// postJSON sends a body and returns the answer's status.
func (c *Collector) postJSON(url, body string) (int, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
