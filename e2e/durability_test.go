package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// hasty are settings with which a failure is reported within a second.
var hasty = []string{
	"--set=processors.trace_correlation.quiet_period=300ms",
	"--set=processors.trace_correlation.max_wait=1s",
	"--set=processors.trace_correlation.debounce_window=2s",
	"--set=exporters.rca.quiet_period=300ms",
	"--set=exporters.rca.max_wait=1s",
	"--set=exporters.rca.sweep.interval=500ms",
	"--set=exporters.rca.sweep.min_age=2s",
}

const logsPerTrace = 3

func TestAcknowledgedSignalsSurviveKill(t *testing.T) {
	const senders, wanted = 4, 200
	c := StartCollector(t, Options{Args: hasty})
	acknowledged := sendUntilKilled(t, c, senders, wanted)
	require.GreaterOrEqual(t, len(acknowledged), wanted)

	c = StartCollector(t, Options{DataDir: c.DataDir, Args: hasty})
	for _, f := range acknowledged {
		trace := mustGet[page[map[string]any]](t, c, "/query/traces/"+f.Key())
		assert.Len(t, trace.Items, 3+logsPerTrace, "acknowledged signals of trace %s", f.Key())
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		incidents := c.awaitIncidents(t, 1, time.Until(deadline))
		if incidents[0].FailingTraces >= len(acknowledged) {
			break
		}
		require.True(t, time.Now().Before(deadline), "failures of %d traces, want %d", incidents[0].FailingTraces, len(acknowledged))
		time.Sleep(pollInterval)
	}
}

// sendUntilKilled sends failing traces from several senders, kills the collector in the middle of
// it after so many were acknowledged in full, and returns all those that were.
func sendUntilKilled(t *testing.T, c *Collector, senders, wanted int) (acknowledged []analysistest.Request) {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	enough := make(chan struct{})
	start := time.Now()
	for sender := range senders {
		running.Go(func() {
			for n := sender; ; n += senders {
				f := analysistest.NewRequest(n, start, analysistest.BadData)
				if !c.sendTraces(f.Spans()) || !c.sendLogs(f.Logs(0, logsPerTrace)) {
					return
				}
				mu.Lock()
				if acknowledged = append(acknowledged, f); len(acknowledged) == wanted {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		assert.Fail(t, "the collector acknowledges too slowly or not at all")
	}
	c.Kill()
	running.Wait()
	return acknowledged
}

func TestStormIsOneIncidentOneFailureOneVerdict(t *testing.T) {
	const errors = 50
	// Time enough between a log and its span on a machine that is busy with other tests: a pause
	// longer than the quiet period rightly makes a revision.
	patient := append(slices.Clone(hasty),
		"--set=processors.trace_correlation.quiet_period=2s",
		"--set=processors.trace_correlation.max_wait=3s",
		"--set=exporters.rca.quiet_period=2s",
		"--set=exporters.rca.max_wait=3s",
	)
	tests := map[string]struct {
		logsFirst bool
		pause     time.Duration
	}{
		"burst, spans first": {},
		"burst, logs first":  {logsFirst: true},
		// 4 s: across max wait and debounce window.
		"spread, spans first": {pause: 80 * time.Millisecond},
		"spread, logs first":  {pause: 80 * time.Millisecond, logsFirst: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := StartCollector(t, Options{Args: patient})
			r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
			for i := range errors {
				r.Call = byte(i)
				if tt.logsFirst {
					require.True(t, c.sendLogs(r.Logs(i, 1)) && c.sendTraces(r.Spans()))
				} else {
					require.True(t, c.sendTraces(r.Spans()) && c.sendLogs(r.Logs(i, 1)))
				}
				time.Sleep(tt.pause)
			}
			path := "/query/incidents/" + c.awaitOneFailure(t)
			assert.Len(t, mustGet[page[revisionView]](t, c, path+"/revisions").Items, 1)
			assert.Len(t, mustGet[page[map[string]any]](t, c, "/query/traces/"+r.Key()).Items, errors*(r.NumSpans()+1))
			analysis := mustGet[analysisView](t, c, path+"/analysis")
			require.NotNil(t, analysis.RootCause)
			assert.Equal(t, "payment", analysis.RootCause.Service)
		})
	}
}

// The first report is made of logs alone; the spans tell more, but nothing else.
func TestSpansAfterTheReportKeepItsIncident(t *testing.T) {
	c := StartCollector(t, Options{Args: hasty})
	r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
	require.True(t, c.sendLogs(r.Logs(0, 5)))
	first := c.awaitOneFailure(t)
	require.True(t, c.sendTraces(r.Spans()))
	require.Eventually(t, func() bool {
		revisions := mustGet[page[revisionView]](t, c, "/query/incidents/"+first+"/revisions").Items
		return len(revisions) == 2 && revisions[0].Reason == "late_signals"
	}, 20*time.Second, pollInterval, "a second revision")
	assert.Equal(t, first, c.awaitOneFailure(t))
	analysis := mustGet[analysisView](t, c, "/query/incidents/"+first+"/analysis")
	require.NotNil(t, analysis.RootCause)
	assert.Equal(t, "payment", analysis.RootCause.Service)
}

// awaitOneFailure waits until there is one incident, analysed, with one classified failure, and
// returns its ID.
func (c *Collector) awaitOneFailure(t *testing.T) (incidentID string) {
	t.Helper()
	incidents := c.awaitIncidents(t, 1, 20*time.Second)
	require.Eventually(t, func() bool {
		failures := mustGet[page[failureView]](t, c, "/query/incidents/"+incidents[0].ID+"/failures").Items
		return len(failures) == 1 && failures[0].State == "classified"
	}, 20*time.Second, pollInterval, "one classified failure")
	return incidents[0].ID
}

// foreign is OTLP/HTTP JSON as another system's recording has it: event times years old, no
// status on any span, the exception only as text in a log's body. Newlines are not part of a line.
func foreign(trace string) (spans, logs string) {
	span := func(id, parent, name, service, kind string, from, to int) string {
		return fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},"scopeSpans":[{"spans":[`+
			`{"traceId":%q,"spanId":%q,"parentSpanId":%q,"name":%q,"kind":%s,"startTimeUnixNano":"16253097%02d000000000","endTimeUnixNano":"16253097%02d000000000"}]}]}`,
			service, trace, id, parent, name, kind, from, to)
	}
	spans = `{"resourceSpans":[` + strings.Join([]string{
		span("a000000000000001", "", "/api/v1/travel", "ui", "2", 10, 40),
		span("a000000000000002", "a000000000000001", "POST /route", "ui", "3", 11, 39),
		span("a000000000000003", "a000000000000002", "/route", "travel", "2", 12, 38),
		span("a000000000000004", "a000000000000003", "GET /price", "travel", "3", 13, 37),
		span("a000000000000005", "a000000000000004", "/price", "price", "2", 14, 36),
	}, ",") + `]}`
	body := `java.lang.NullPointerException: Cannot invoke \"Price.rate()\" because \"price\" is null` +
		` at price.service.PriceServiceImpl.findPrice(PriceServiceImpl.java:57)` +
		` at price.controller.PriceController.query(PriceController.java:31)`
	logs = fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"price"}}]},"scopeLogs":[{"logRecords":[`+
		`{"timeUnixNano":"1625309720000000000","severityNumber":17,"severityText":"ERROR","traceId":%q,"spanId":"a000000000000005","body":{"stringValue":"%s"}}]}]}]}`,
		trace, body)
	return spans, logs
}

func TestForeignRecordingGivesAnIncident(t *testing.T) {
	c := StartCollector(t, Options{Args: hasty})
	spans, logs := foreign("0123456789abcdef0123456789abcdef")
	require.Equal(t, 200, c.post("/v1/traces", "application/json", []byte(spans)))
	require.Equal(t, 200, c.post("/v1/logs", "application/json", []byte(logs)))

	incident := c.awaitIncidents(t, 1, 20*time.Second)[0]
	analysis := mustGet[analysisView](t, c, "/query/incidents/"+incident.ID+"/analysis")
	require.NotNil(t, analysis.RootCause)
	assert.Equal(t, "price", analysis.RootCause.Service)
	assert.Equal(t, "code", analysis.RootCause.Kind)
	assert.Equal(t, "code_exception", analysis.RootCause.Category)
	assert.NotEmpty(t, analysis.RootCause.Evidence)
}
