package e2e

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// activeMarkup is what no page may have of telemetry or a model.
var activeMarkup = regexp.MustCompile(`(?i)<script>fetch|<img src=x|href="(?:https?:)?//evil|href="javascript:|src="(?:https?:)?//evil`)

// A trace whose every record wants something, and a model that obeys all of it: nothing of it reaches
// report, API or page as a statement or as markup, no secret reaches the model, and the verdict stands.
func TestObedientModelOverTheWire(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "canary-outside.go"), []byte("package x // canary-content\n"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(root, "src"), 0o700))
	server := geminitest.New(scriptKey, geminitest.Obedient())
	script := httptest.NewServer(server)
	t.Cleanup(script.Close)
	c := StartCollector(t, Options{Args: append(asking(script), "--set=exporters.rca.agents.source_roots::payment::path="+filepath.Join(root, "src"))})

	require.True(t, c.sendTraces(hostileTrace()))
	id := c.awaitIncidents(t, 1, time.Minute)[0].ID
	said := awaitAgents(t, c, "/query/incidents/"+id+"/analysis")
	assert.Equal(t, "done", said.Agents.State, said.Agents.Reason)
	for _, claim := range said.Agents.Claims {
		assert.NotContains(t, quotes.ReplaceAllString(claim.Statement, ""), geminitest.Bait, claim.Statement)
	}
	report := mustGet[analysisView](t, c, "/query/incidents/"+id+"/analysis")
	assert.Equal(t, "root_cause", report.Verdict, "what a model obeys overturns nothing")
	assert.NotRegexp(t, activeMarkup, readPage(t, c.Query+"/incidents/"+id))
	require.NotEmpty(t, server.Requests())
	for _, r := range server.Requests() {
		sent := fmt.Sprintf("%+v", r.Contents)
		assert.NotContains(t, sent, "canary-content")
		assert.NotContains(t, sent, "Xk29fkq2Zw!canary")
		assert.NotContains(t, sent, "canary@example.com")
	}
}

var quotes = regexp.MustCompile(`“[^”]*”`)

// hostileTrace is a failing request whose spans carry every technique in name, status, attribute, event
// and stack, with secrets beside them.
func hostileTrace() ptrace.Traces {
	spans := analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans()
	last := spans.ResourceSpans().At(spans.ResourceSpans().Len() - 1).ScopeSpans().At(0).Spans()
	culprit := last.At(0)
	culprit.Attributes().PutStr("db.password", "Xk29fkq2Zw!canary")
	culprit.Attributes().PutStr("enduser.email", "canary@example.com")
	for i, hostile := range geminitest.HostileTexts() {
		text := strings.ToValidUTF8(hostile.Text, "")
		s := last.AppendEmpty()
		s.SetTraceID(culprit.TraceID())
		s.SetSpanID([8]byte{9, byte(i + 1)})
		s.SetParentSpanID(culprit.SpanID())
		s.SetName(text)
		s.SetKind(ptrace.SpanKindInternal)
		s.SetStartTimestamp(culprit.StartTimestamp())
		s.SetEndTimestamp(culprit.StartTimestamp() + 1)
		s.Attributes().PutStr("detail", text)
		s.Attributes().PutStr(text, "x")
		e := s.Events().AppendEmpty()
		e.SetName("note")
		e.Attributes().PutStr("message", text)
		culprit.Attributes().PutStr(fmt.Sprintf("hostile.%d", i), text)
	}
	return spans
}
