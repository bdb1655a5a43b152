package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A retry loop that fails fifty times in one trace is one incident with one verdict, whether the errors
// come at once or over several quiet periods, waits and debounce windows (all shortened here alike).
func TestStormIsOneIncidentWithOneVerdict(t *testing.T) {
	t.Parallel()
	c := StartCollector(t, Options{Args: []string{
		"--set=processors.trace_correlation.quiet_period=1s", "--set=exporters.rca.quiet_period=1s",
		"--set=processors.trace_correlation.max_wait=4s", "--set=exporters.rca.max_wait=4s",
		"--set=processors.trace_correlation.debounce_window=6s",
	}})
	t.Run("storms", func(t *testing.T) {
		for name, order := range map[string]string{
			"burst":  "order-fail-pay-1?storm=50",
			"spread": "order-fail-pay-1?storm=50&spread=15s",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := StartShop(t, c, "SHOP_ENVIRONMENT="+name, "OTEL_BSP_SCHEDULE_DELAY=300", "OTEL_BLRP_SCHEDULE_DELAY=300")
				status, traceID := s.Pay(s.Payment, order) // the gateway would not wait so long
				require.Equal(t, http.StatusInternalServerError, status)
				incident := awaitStorm(t, c, traceID)
				assert.Equal(t, 50, errorLogs(t, c, traceID), "every error is stored")
				requireOneVerdict(t, c, incident)
			})
		}
	})
	var incidents struct {
		Items []struct {
			FailingTraces int `json:"failing_traces"`
		}
	}
	readAPI(t, c, "/query/incidents", &incidents)
	require.Len(t, incidents.Items, 2, "one for each environment")
	for _, incident := range incidents.Items {
		assert.Equal(t, 1, incident.FailingTraces)
	}
}

// awaitStorm waits until the trace's incident is analysed with every error signal of the storm: the log,
// the acquire's span and its exception of each attempt, and the request's own span and exception.
func awaitStorm(t *testing.T, c *Collector, traceID string) (incident string) {
	t.Helper()
	const signals = 50*3 + 2
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		var trace struct {
			Failure struct {
				State        string
				ErrorSignals int `json:"error_signals"`
				Incidents    []string
			}
		}
		readAPI(collect, c, "/query/traces/"+traceID+"?limit=1", &trace)
		assert.Equal(collect, "classified", trace.Failure.State)
		assert.Equal(collect, signals, trace.Failure.ErrorSignals)
		require.Len(collect, trace.Failure.Incidents, 1)
		incident = trace.Failure.Incidents[0]
		var found struct {
			AnalysisState string `json:"analysis_state"`
		}
		readAPI(collect, c, "/query/incidents/"+incident, &found)
		assert.Equal(collect, "done", found.AnalysisState)
	}, time.Minute, 100*time.Millisecond)
	return incident
}

func errorLogs(t *testing.T, c *Collector, traceID string) int {
	t.Helper()
	var logs struct{ Items []json.RawMessage }
	readAPI(t, c, "/query/signals?kind=log&severity=error&limit=1000&trace_id="+traceID, &logs)
	return len(logs.Items)
}

// requireOneVerdict reads every revision of the analysis: none may have named another cause.
func requireOneVerdict(t *testing.T, c *Collector, incident string) {
	t.Helper()
	var revisions struct{ Items []struct{ Revision int } }
	readAPI(t, c, "/query/incidents/"+incident+"/revisions", &revisions)
	require.NotEmpty(t, revisions.Items)
	for _, r := range revisions.Items {
		var analysis struct {
			RootCause struct{ Kind, Component, Category string } `json:"root_cause"`
		}
		readAPI(t, c, fmt.Sprintf("/query/incidents/%s/analysis?revision=%d", incident, r.Revision), &analysis)
		assert.Equal(t, "resource payment connection_pool_exhausted",
			analysis.RootCause.Kind+" "+analysis.RootCause.Component+" "+analysis.RootCause.Category, "revision %d", r.Revision)
	}
}

// readAPI reads an answer of the query API.
func readAPI(t require.TestingT, c *Collector, path string, into any) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Query+path, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode, path)
	require.NoError(t, json.NewDecoder(response.Body).Decode(into))
}
