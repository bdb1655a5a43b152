package e2e

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

const quickQuiet = time.Second

// quick shortens the time until a trace counts as quiet.
var quick = []string{
	"--set=processors.trace_correlation.quiet_period=" + quickQuiet.String(), "--set=exporters.rca.quiet_period=" + quickQuiet.String(),
	"--set=processors.trace_correlation.max_wait=4s", "--set=exporters.rca.max_wait=4s",
}

// asking are the arguments by which a collector asks a script in the model's place.
func asking(script *httptest.Server) []string {
	return append([]string{
		"--set=exporters.rca.agents.provider=gemini",
		"--set=exporters.rca.agents.api_key=" + scriptKey,
		"--set=exporters.rca.agents.endpoint=" + script.URL,
	}, quick...)
}

const scriptKey = "scripted"

func serveScript(t testing.TB) *httptest.Server {
	t.Helper()
	script := httptest.NewServer(geminitest.New(scriptKey, geminitest.Scripted()))
	t.Cleanup(script.Close)
	return script
}

// What agents said goes from a script over the wire to worker, store, API and page, and comes again
// from the bundle, with the rules' report, when collector and script are gone and a later revision has
// changed the incident.
func TestAgentsFromTheScriptToTheReplay(t *testing.T) {
	t.Parallel()
	script := serveScript(t)
	c := StartCollector(t, Options{Args: asking(script)})
	require.True(t, c.sendTraces(analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans()))
	id := c.awaitIncidents(t, 1, time.Minute)[0].ID
	analysis := "/query/incidents/" + id + "/analysis?revision=1"
	said := awaitAgents(t, c, analysis)
	assert.Equal(t, "done", said.Agents.State, said.Agents.Reason)
	assert.True(t, said.Agents.Scripted)
	require.NotEmpty(t, said.Agents.Claims)
	shown := readPage(t, c.Query+"/incidents/"+id)
	assert.Contains(t, shown, "A script, not a model, answered here")
	assert.Contains(t, shown, said.Agents.Claims[0].Statement)
	assert.Contains(t, shown, "“POST /charge” with 500")

	many := ptrace.NewTraces()
	for n := range 12 {
		analysistest.NewRequest(2+n, time.Now(), analysistest.BadData).Spans().ResourceSpans().MoveAndAppendTo(many.ResourceSpans())
	}
	require.True(t, c.sendTraces(many))
	require.Eventually(t, func() bool {
		return len(mustGet[page[revisionView]](t, c, "/query/incidents/"+id+"/revisions").Items) > 1
	}, time.Minute, pollInterval)
	stored := mustGet[map[string]json.RawMessage](t, c, analysis)
	bundle := filepath.Join(t.TempDir(), "incident.tar.gz")
	exported := Run(t, nil, "export", id, "--api", c.Query, "--file", bundle)
	require.Zero(t, exported.ExitCode, exported.Stderr)
	c.Stop()
	script.Close()

	replayed := Run(t, nil, "analyze", bundle, "--replay", "--output", "json")
	require.Zero(t, replayed.ExitCode, replayed.Stderr)
	var again map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(replayed.Stdout), &again), "one document")
	assert.Contains(t, again, "root_cause")
	assert.Contains(t, again, "agents")
	for field, body := range again {
		var is bytes.Buffer
		require.NoError(t, json.Compact(&is, body))
		assert.Equal(t, string(stored[field]), is.String(), field)
	}
	text := Run(t, nil, "analyze", bundle, "--replay")
	require.Zero(t, text.ExitCode, text.Stderr)
	assert.Contains(t, text.Stdout, said.Agents.Claims[0].Statement)
	assert.Contains(t, text.Stdout, "A script, not a model, answered")
}

// agentsView is what the tests read of the agents' part of an analysis.
type agentsView struct {
	Agents struct {
		State    string `json:"state"`
		Reason   string `json:"reason"`
		Scripted bool   `json:"scripted"`
		Claims   []struct {
			Statement string `json:"statement"`
		} `json:"claims"`
	} `json:"agents"`
}

// awaitAgents waits until agents came to an end with an analysis.
func awaitAgents(t testing.TB, c *Collector, path string) (said agentsView) {
	t.Helper()
	require.Eventually(t, func() bool {
		said = mustGet[agentsView](t, c, path)
		return said.Agents.State != "pending" && said.Agents.State != "running"
	}, time.Minute, pollInterval)
	return said
}
