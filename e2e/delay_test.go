package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// BenchmarkReportDelay measures the time from a failing trace being quiet to its report being
// readable through the API: for each failure a new incident, by the embedded default.
func BenchmarkReportDelay(b *testing.B) {
	const quiet = 6 * time.Second
	c := StartCollector(b, Options{})
	var delays []time.Duration
	for b.Loop() {
		n := len(delays)
		r := analysistest.NewRequest(n, time.Now(), analysistest.BadData)
		spans := r.Spans()
		exception := spans.ResourceSpans().At(2).ScopeSpans().At(0).Spans().At(0).Events().At(0)
		exception.Attributes().PutStr("exception.type", fmt.Sprintf("Error%c%c", 'A'+n/26%26, 'A'+n%26))
		require.True(b, c.sendTraces(spans))
		quietAt := time.Now().Add(quiet)
		time.Sleep(quiet / 2)
		c.awaitIncidents(b, n+1, time.Minute)
		delays = append(delays, time.Since(quietAt))
	}
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Milliseconds()), "median-ms")
	b.ReportMetric(float64(delays[len(delays)-1].Milliseconds()), "max-ms")
}
