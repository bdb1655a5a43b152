package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// Reports come as soon with agents as without: two collectors get the same failures side by side, one
// alone and one whose agents look at every incident. `go test -v` shows the times.
func TestAgentsDoNotDelayTheReport(t *testing.T) {
	const (
		incidents = 40
		spacing   = 250 * time.Millisecond
		tolerated = time.Second // of a busy machine; both medians are far below
	)
	alone := &delays{c: StartCollector(t, Options{Args: quick})}
	asked := &delays{c: StartCollector(t, Options{Args: asking(serveScript(t))})}
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	deadline := time.Now().Add(incidents*spacing + time.Minute)
	for begun := time.Now(); len(alone.taken) < incidents || len(asked.taken) < incidents; <-ticker.C {
		if n := len(alone.quietAt); n < incidents && time.Since(begun) > time.Duration(n)*spacing {
			alone.fail(t)
			asked.fail(t)
		}
		alone.look(t)
		asked.look(t)
		require.True(t, time.Now().Before(deadline), "%d and %d reports", len(alone.taken), len(asked.taken))
	}
	t.Logf("from a quiet trace to its report, %d incidents each, side by side: agents off: %s; a script for a model: %s", incidents, alone, asked)
	assert.Less(t, asked.at(50)-alone.at(50), tolerated)
	for _, in := range mustGet[page[incidentView]](t, asked.c, "/query/incidents?limit=100").Items {
		said := awaitAgents(t, asked.c, "/query/incidents/"+in.ID+"/analysis?revision=1")
		assert.Equal(t, "done", said.Agents.State, said.Agents.Reason)
	}
}

// delays are the times from failing traces being quiet to their reports being readable.
type delays struct {
	c       *Collector
	quietAt []time.Time     // by failure
	seen    map[string]bool // incidents with a report
	taken   []time.Duration
}

// fail sends a failing trace of a cause of its own.
func (d *delays) fail(t testing.TB) {
	t.Helper()
	n := len(d.quietAt)
	spans := analysistest.NewRequest(n, time.Now(), analysistest.BadData).Spans()
	exception := spans.ResourceSpans().At(2).ScopeSpans().At(0).Spans().At(0).Events().At(0)
	exception.Attributes().PutStr("exception.type", causeOf(n))
	require.True(t, d.c.sendTraces(spans))
	d.quietAt = append(d.quietAt, time.Now().Add(quickQuiet))
}

// look notes which reports have become readable.
func (d *delays) look(t testing.TB) {
	t.Helper()
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	for _, in := range mustGet[page[incidentView]](t, d.c, "/query/incidents?limit=100").Items {
		if d.seen[in.ID] || in.AnalysisState != "done" {
			continue
		}
		n := 0
		for n < len(d.quietAt) && !strings.Contains(in.Title, causeOf(n)) {
			n++
		}
		require.Less(t, n, len(d.quietAt), "whose incident is %q", in.Title)
		d.seen[in.ID] = true
		d.taken = append(d.taken, time.Since(d.quietAt[n]))
	}
}

func causeOf(n int) string { return fmt.Sprintf("Error%c%c", 'A'+n/26, 'A'+n%26) }

// at is a percentile.
func (d *delays) at(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(d.taken))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)].Round(time.Millisecond)
}

func (d *delays) String() string {
	return fmt.Sprintf("median %s, p90 %s, max %s", d.at(50), d.at(90), d.at(100))
}
