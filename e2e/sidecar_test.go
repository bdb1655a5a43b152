package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

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
	sendSplit(t, []*Collector{sidecar}, requests, atOnce)
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
	assert.Equal(t, http.StatusServiceUnavailable, sidecar.postTraces(t, r.Spans()).StatusCode)
	assert.Equal(t, codes.Unavailable, status.Code(sidecar.exportTraces(t, r.Spans())))
}

// While the database is away the gateway, and a sidecar before it, tell an application when to send again.
// When it is back, what was acknowledged before and what is sent again are there.
func TestWithoutTheDatabaseSendersAreToldWhenToComeAgain(t *testing.T) {
	t.Parallel()
	database := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	gateway, endpoint := startGatewayForSidecars(NewFleet(t, hasty...), []string{"DATABASE_URL=" + database.Database()})
	sidecar := startSidecar(t, endpoint)
	requests := twoCauses(24)
	before, meanwhile := requests[:12], requests[12:]
	sendSplit(t, []*Collector{gateway, sidecar}, before, atOnce)

	database.Stop(true)
	for _, c := range []*Collector{gateway, sidecar} {
		for _, r := range meanwhile[:2] {
			requireDelay(t, c, r.Spans())
		}
	}
	assert.Equal(t, "StatusRecoverableError", healthOf(t, gateway), "the store cannot be written")
	database.Start()

	require.Eventually(t, func() bool { return sidecar.sendTraces(meanwhile[0].Spans()) }, incidentWait, pollInterval, "the database is back")
	require.Eventually(t, func() bool { return healthOf(t, gateway) == "StatusOK" }, incidentWait, pollInterval)
	sendSplit(t, []*Collector{sidecar, gateway}, meanwhile, atOnce)
	requireTwoCauses(t, gateway, len(requests)/2)
	for _, r := range requests {
		trace := mustGet[page[map[string]any]](t, gateway, "/query/traces/"+r.Key())
		assert.Len(t, trace.Items, r.NumSpans()+logsPerTrace, "trace %s", r.Key())
	}
}

// What a sidecar takes over HTTP the gateway takes from it, at once or from the queue.
func TestLargeRequestsReachTheGateway(t *testing.T) {
	t.Parallel()
	gateway, endpoint := startGatewayForSidecars(NewFleet(t, hasty...), nil)
	queue := "--config=" + filepath.Join(RepositoryRoot(t), "examples", "sidecar-queue.yaml")
	for n, sidecar := range []*Collector{startSidecar(t, endpoint), startSidecar(t, endpoint, queue)} {
		request := largeRequest(n)
		require.Greater(t, (&ptrace.ProtoMarshaler{}).TracesSize(request), 6<<20)
		require.Equal(t, http.StatusOK, sidecar.postTraces(t, request).StatusCode)
		var stored struct{ Spans int }
		require.Eventually(t, func() bool {
			_, err := gateway.get("/query/traces/"+largeTrace(n).String()+"?limit=1", &stored)
			return err == nil && stored.Spans == request.SpanCount()
		}, incidentWait, pollInterval, "what sidecar %d acknowledged: %d spans, the gateway has %+v", n, request.SpanCount(), &stored)
	}
}

// largeRequest is one trace of more than 6 MiB.
func largeRequest(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "reports")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range 1_600 {
		s := spans.AppendEmpty()
		s.SetTraceID(largeTrace(n))
		s.SetSpanID(pcommon.SpanID{1, 0, 0, 0, 0, 0, byte(i >> 8), byte(i)})
		s.SetName("render")
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		s.Attributes().PutStr("report.page", strings.Repeat("lorem ipsum ", 350))
	}
	return td
}

func largeTrace(n int) pcommon.TraceID { return pcommon.TraceID{1, byte(n)} }

// healthOf is the status that the health check tells; it answers with success while the process runs.
func healthOf(t *testing.T, c *Collector) string {
	t.Helper()
	response, err := http.Get(c.Health) //nolint:noctx // a test's
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusOK, response.StatusCode)
	var health struct{ Status string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&health))
	return health.Status
}

// requireDelay requires that the collector refuses the spans for now, over HTTP and gRPC, and says for how
// long.
func requireDelay(t *testing.T, c *Collector, td ptrace.Traces) {
	t.Helper()
	response := c.postTraces(t, td)
	assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	require.NoError(t, err, "Retry-After")
	assert.GreaterOrEqual(t, seconds, 1)

	refused := status.Convert(c.exportTraces(t, td))
	assert.Equal(t, codes.Unavailable, refused.Code(), refused.Message())
	var delays []time.Duration
	for _, detail := range refused.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			delays = append(delays, info.GetRetryDelay().AsDuration())
		}
	}
	require.Len(t, delays, 1, "RetryInfo of %v", refused)
	assert.GreaterOrEqual(t, delays[0], time.Second)
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
