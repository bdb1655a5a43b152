package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const protobuf = "application/x-protobuf"

// What the tests read of the API's answers.
type (
	incidentView struct {
		ID            string `json:"id"`
		Title         string `json:"title"`
		Status        string `json:"status"`
		Severity      string `json:"severity"`
		AnalysisState string `json:"analysis_state"`
		FailingTraces int    `json:"failing_traces"`
		ErrorSignals  int    `json:"error_signals"`
	}
	analysisView struct {
		Revision  int    `json:"revision"`
		Verdict   string `json:"verdict"`
		RootCause *struct {
			Kind      string   `json:"kind"`
			Service   string   `json:"service"`
			Component string   `json:"component"`
			Category  string   `json:"category"`
			Statement string   `json:"statement"`
			Evidence  []string `json:"evidence"`
		} `json:"root_cause"`
	}
	revisionView struct {
		Revision int    `json:"revision"`
		Reason   string `json:"reason"`
	}
	failureView struct {
		Key   string `json:"key"`
		State string `json:"state"`
	}
	page[T any] struct {
		Items []T `json:"items"`
	}
)

// post sends a body to the OTLP/HTTP receiver and returns the answer's status, 0 for none.
func (c *Collector) post(path, contentType string, body []byte) int {
	response, err := c.send(path, contentType, body)
	if err != nil {
		return 0
	}
	return response.StatusCode
}

// send is post that returns the answer, its body read.
func (c *Collector) send(path, contentType string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.OTLPHTTP+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

// postTraces sends spans over HTTP and returns the answer.
func (c *Collector) postTraces(t testing.TB, td ptrace.Traces) *http.Response {
	t.Helper()
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	response, err := c.send("/v1/traces", protobuf, body)
	require.NoError(t, err)
	return response
}

// exportTraces sends spans over gRPC and returns what the collector says against it.
func (c *Collector) exportTraces(t testing.TB, td ptrace.Traces) error {
	t.Helper()
	conn, err := grpc.NewClient(c.OTLPGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(td))
	return err
}

// sendTraces and sendLogs tell whether the collector acknowledged the signals.
func (c *Collector) sendTraces(td ptrace.Traces) bool {
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	return err == nil && c.post("/v1/traces", protobuf, body) == http.StatusOK
}

func (c *Collector) sendLogs(ld plog.Logs) bool {
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	return err == nil && c.post("/v1/logs", protobuf, body) == http.StatusOK
}

// get reads an answer of the query API; it returns the status, 0 for none.
func (c *Collector) get(path string, into any) (int, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Query+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return response.StatusCode, json.NewDecoder(response.Body).Decode(into)
}

// mustGet is get where nothing but success will do.
func mustGet[T any](t testing.TB, c *Collector, path string) T {
	t.Helper()
	var answer T
	_, err := c.get(path, &answer)
	require.NoError(t, err)
	return answer
}

// readPage returns a page of the dashboard.
func readPage(t testing.TB, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return string(body)
}

// awaitIncidents waits until the collector lists n incidents, each with its analysis done, and
// returns them.
func (c *Collector) awaitIncidents(t testing.TB, n int, within time.Duration) []incidentView {
	t.Helper()
	var last page[incidentView]
	for deadline := time.Now().Add(within); ; time.Sleep(pollInterval) {
		_, err := c.get("/query/incidents", &last)
		if err == nil && len(last.Items) == n && allAnalysed(last.Items) {
			return last.Items
		}
		require.True(t, time.Now().Before(deadline), "want %d analysed incidents within %s, last: %+v %v", n, within, last.Items, err)
	}
}

func allAnalysed(incidents []incidentView) bool {
	for _, in := range incidents {
		if in.AnalysisState != "done" {
			return false
		}
	}
	return true
}
