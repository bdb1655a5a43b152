package compose

import (
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// incidentWithin is ample for the shipped quiet period and the shop's exports.
const incidentWithin = 2 * time.Minute

// What the README says to type into a shell shows an incident on the dashboard's port.
func TestStackShowsAnIncident(t *testing.T) {
	s := startStack(t, loadProject(t))
	status := s.request(t, http.MethodPost, "gateway", "localhost:8003", "/pay/order-fail-pay-1?storm=50", nil)
	require.Equal(t, http.StatusBadGateway, status)

	var incidents struct {
		Items []struct {
			ID            string `json:"id"`
			AnalysisState string `json:"analysis_state"`
		} `json:"items"`
	}
	require.Eventually(t, func() bool {
		status := s.request(t, http.MethodGet, "collector", "localhost:8080", "/query/incidents", &incidents)
		return status == http.StatusOK && len(incidents.Items) == 1 && incidents.Items[0].AnalysisState == "done"
	}, incidentWithin, pollInterval, "one analysed incident, last: %+v", &incidents)

	var analysis struct {
		RootCause struct {
			Service  string `json:"service"`
			Category string `json:"category"`
		} `json:"root_cause"`
	}
	path := "/query/incidents/" + incidents.Items[0].ID + "/analysis"
	require.Equal(t, http.StatusOK, s.request(t, http.MethodGet, "collector", "localhost:8080", path, &analysis))
	assert.Equal(t, "payment", analysis.RootCause.Service)
	assert.Equal(t, "connection_pool_exhausted", analysis.RootCause.Category)

	var state struct {
		Agents struct {
			Enabled bool   `json:"enabled"`
			Reason  string `json:"reason"`
		} `json:"agents"`
	}
	require.Equal(t, http.StatusOK, s.request(t, http.MethodGet, "collector", "localhost:8080", "/query/status", &state))
	assert.False(t, state.Agents.Enabled)
	assert.Contains(t, state.Agents.Reason, "GOOGLE_API_KEY", "the example has no key")
}

// request asks a service at the port that is published as address, and returns the answer's status, 0 for
// none.
func (s *stack) request(t testing.TB, method, service, address, path string, into any) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+net.JoinHostPort(s.network[service], port)+path, http.NoBody)
	require.NoError(t, err)
	request.Host = address // as a browser of this machine says it
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if into != nil && json.NewDecoder(response.Body).Decode(into) != nil {
		return 0
	}
	return response.StatusCode
}
