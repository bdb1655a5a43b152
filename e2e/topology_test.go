package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

const (
	storeOnly    = "PRODSENTINEL_WORKERS=0"
	incidentWait = 90 * time.Second
)

// Two causes, whose failures look alike at the entry, are two incidents in every topology, although no
// process but those that analyse sees a whole trace.
func TestTwoCausesAreTwoIncidentsInEveryTopology(t *testing.T) {
	topologies := map[string]func(*Fleet) (senders []*Collector, reader *Collector){
		"production": func(f *Fleet) ([]*Collector, *Collector) {
			c := f.Start("production.yaml", nil)
			return []*Collector{c}, c
		},
		"three gateways": func(f *Fleet) ([]*Collector, *Collector) {
			senders := []*Collector{f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil)}
			return senders, senders[0]
		},
		"gateways and workers": func(f *Fleet) ([]*Collector, *Collector) {
			senders := []*Collector{f.Start("gateway.yaml", []string{storeOnly}), f.Start("gateway.yaml", []string{storeOnly})}
			f.Start("workers.yaml", nil)
			f.Start("workers.yaml", nil)
			return senders, senders[1]
		},
		"sidecars and a gateway": func(f *Fleet) ([]*Collector, *Collector) {
			gateway, endpoint := startGatewayForSidecars(f, nil)
			return []*Collector{startSidecar(f.t, endpoint), startSidecar(f.t, endpoint)}, gateway
		},
	}
	for name, start := range topologies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			senders, reader := start(NewFleet(t, hasty...))
			requests := twoCauses(24)
			sendSplit(t, senders, requests)
			requireTwoCauses(t, reader, len(requests)/2)
		})
	}
}

// What is stored while no worker runs is analysed when one does, and another takes over from one killed.
func TestWorkersComeLateAndAreKilled(t *testing.T) {
	t.Parallel()
	f := NewFleet(t, hasty...)
	gateway := f.Start("gateway.yaml", []string{storeOnly})
	requests := twoCauses(24)
	sendSplit(t, []*Collector{gateway}, requests)
	require.Eventually(t, func() bool { return failuresWaiting(t, gateway) == len(requests) }, incidentWait, pollInterval, "all failures wait")
	assert.Empty(t, mustGet[page[incidentView]](t, gateway, "/query/incidents").Items)

	f.Start("workers.yaml", nil).Kill()
	f.Start("workers.yaml", nil)
	requireTwoCauses(t, gateway, len(requests)/2)
}

// A trace that a sidecar has reported is not reported again by the gateway, which still correlates what
// applications send to it directly.
func TestGatewayLeavesReportsToSidecars(t *testing.T) {
	t.Parallel()
	f := NewFleet(t, hasty...)
	metrics := freePorts(t, 1)[0]
	gateway, endpoint := startGatewayForSidecars(f, []string{"PRODSENTINEL_METRICS_PORT=" + metrics[strings.LastIndex(metrics, ":")+1:]},
		"--set=service.telemetry.metrics.level=normal")
	sidecar := startSidecar(t, endpoint)
	through := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
	require.True(t, sidecar.sendTraces(through.Spans()) && sidecar.sendLogs(through.Logs(0, 1)))
	gateway.awaitIncidents(t, 1, incidentWait)
	assert.NotContains(t, scrape(t, metrics), "otelcol_trace_correlation_reports{")

	direct := analysistest.NewRequest(2, time.Now(), analysistest.BadData)
	require.True(t, gateway.sendTraces(direct.Spans()))
	require.Eventually(t, func() bool { return strings.Contains(scrape(t, metrics), "otelcol_trace_correlation_reports{") }, incidentWait, pollInterval)
}

// With a queue on disk a sidecar acknowledges while the gateway is away, and what it acknowledged arrives
// although it was killed meanwhile.
func TestSidecarsQueueSurvivesAKill(t *testing.T) {
	t.Parallel()
	f := NewFleet(t, hasty...)
	endpoint := freePorts(t, 1)[0]
	queue := "--config=" + filepath.Join(RepositoryRoot(t), "examples", "sidecar-queue.yaml")
	sidecar := startSidecar(t, endpoint, queue)
	requests := twoCauses(12)
	sendSplit(t, []*Collector{sidecar}, requests)
	sidecar.Kill()

	gateway := f.Start("gateway.yaml", nil, "--set=receivers.otlp/sidecars.protocols.grpc.endpoint="+endpoint)
	StartCollector(t, Options{DataDir: sidecar.DataDir, Config: sidecarConfig(t), Env: sidecarEnv(endpoint), Args: append([]string{queue}, hasty...)})
	requireTwoCauses(t, gateway, len(requests)/2)
}

// Without one, an application is told to send again while the gateway is away.
func TestSidecarAcknowledgesNothingWithoutItsGateway(t *testing.T) {
	t.Parallel()
	sidecar := startSidecar(t, freePorts(t, 1)[0])
	r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
	body, err := ptraceotlp.NewExportRequestFromTraces(r.Spans()).MarshalProto()
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, sidecar.post("/v1/traces", "application/x-protobuf", body))
}

func startGatewayForSidecars(f *Fleet, env []string, args ...string) (gateway *Collector, endpoint string) {
	f.t.Helper()
	endpoint = freePorts(f.t, 1)[0]
	return f.Start("gateway.yaml", env, append(args, "--set=receivers.otlp/sidecars.protocols.grpc.endpoint="+endpoint)...), endpoint
}

func startSidecar(t testing.TB, endpoint string, args ...string) *Collector {
	t.Helper()
	return StartCollector(t, Options{Config: sidecarConfig(t), Env: sidecarEnv(endpoint), Args: append(args, hasty...)})
}

func sidecarConfig(t testing.TB) string {
	t.Helper()
	return filepath.Join(RepositoryRoot(t), "config", "sidecar.yaml")
}

func sidecarEnv(gateway string) []string {
	return []string{"PRODSENTINEL_GATEWAY_ENDPOINT=" + gateway, "PRODSENTINEL_GATEWAY_INSECURE=true"}
}

// twoCauses makes n requests that fail, by turns, for one of two causes.
func twoCauses(n int) []analysistest.Request {
	start := time.Now()
	requests := make([]analysistest.Request, n)
	for i := range requests {
		fault := analysistest.BadData
		if i%2 == 1 {
			fault = analysistest.LostBase
		}
		requests[i] = analysistest.NewRequest(i, start, fault)
	}
	return requests
}

// sendSplit sends each request in three parts, the entry span, the other spans and the logs, to one
// collector after the other, and requires that each part is acknowledged. The orders of the parts take
// turns, so that each cause meets each order, and so do the collectors that a trace begins with.
func sendSplit(t *testing.T, collectors []*Collector, requests []analysistest.Request) {
	t.Helper()
	orders := [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	var sending sync.WaitGroup
	for i, r := range requests {
		sending.Go(func() {
			for n, part := range orders[i/2%len(orders)] {
				c := collectors[(i/(2*len(orders))+n)%len(collectors)]
				acknowledged := []func() bool{
					func() bool { return c.sendTraces(r.Entry()) },
					func() bool { return c.sendTraces(r.Rest()) },
					func() bool { return c.sendLogs(r.Logs(0, logsPerTrace)) },
				}[part]()
				assert.True(t, acknowledged, "part %d of request %d", part, i)
			}
		})
	}
	sending.Wait()
}

// requireTwoCauses waits for an incident of either cause with so many failing traces each, and requires
// that each names its own.
func requireTwoCauses(t *testing.T, c *Collector, traces int) {
	t.Helper()
	var incidents []incidentView
	require.Eventually(t, func() bool {
		incidents = mustGet[page[incidentView]](t, c, "/query/incidents").Items
		return failuresWaiting(t, c) == 0 && len(incidents) == 2 && allAnalysed(incidents) &&
			incidents[0].FailingTraces == traces && incidents[1].FailingTraces == traces
	}, incidentWait, 4*pollInterval, "two incidents of %d traces each, last: %+v", traces, &incidents)
	var causes []string
	for _, incident := range incidents {
		analysis := mustGet[analysisView](t, c, "/query/incidents/"+incident.ID+"/analysis")
		require.NotNil(t, analysis.RootCause, incident.Title)
		causes = append(causes, fmt.Sprintf("%s %s", analysis.RootCause.Kind, analysis.RootCause.Component))
	}
	assert.ElementsMatch(t, []string{"code payment", "dependency ledger.example"}, causes)
}

func failuresWaiting(t *testing.T, c *Collector) int {
	t.Helper()
	return mustGet[struct {
		Backlog struct {
			FailuresWaiting int `json:"failures_waiting"`
		} `json:"backlog"`
	}](t, c, "/query/status").Backlog.FailuresWaiting
}

// scrape returns a collector's own metrics.
func scrape(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get("http://" + address + "/metrics") //nolint:noctx // the collector ends with the test
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
