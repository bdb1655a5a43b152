package dashboard_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestStatusPage(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	_, body := fetch(t, http.MethodGet, site.URL+"/status")
	for _, text := range []string{"memory, within this process", "sqlite, schema", "No worker has reported", "Wake-ups for failures"} {
		assert.Contains(t, body, text)
	}
	assert.NotContains(t, body, "dead-letters retry")
	assert.NotContains(t, body, `id="problem"`)

	site.Bury(t, site.Pool, querytest.Script+" the reader panicked")
	site.SetAside(t, "payment:poison")
	site.Coordination.Store(&coordination.Status{
		Backend: "redis", Problem: "Redis does not answer within 1s", Queued: map[coordination.Queue]int64{"failures": 1000, "incidents": 7},
	})
	_, body = fetch(t, http.MethodGet, site.URL+"/status")
	for _, text := range []string{
		"the reader panicked", "payment:poison", "tried again from time to time", "/incidents/" + site.Pool, "prodsentinel dead-letters retry --all",
		"Redis does not answer within 1s.", "not shared now", "<dd>1\u202f000</dd>", "<dd>7</dd>",
	} {
		assert.Contains(t, body, text)
	}
	assert.NotContains(t, body, querytest.Script)
	_, body = fetch(t, http.MethodGet, site.URL+"/")
	assert.Contains(t, body, "coordination is not shared", "every page says so")

	site.Coordination.Store(&coordination.Status{Backend: "redis", Shared: true})
	_, body = fetch(t, http.MethodGet, site.URL+"/status")
	assert.Contains(t, body, "redis, shared by replicas")
	assert.NotContains(t, body, `id="problem"`)
}

func TestStatusPageTellsWhatAgentsCost(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	require.NoError(t, site.Store.ReportAgents(t.Context(), store.AgentsInfo{
		Enabled: true, Provider: "gemini", Model: "gemini-flash-latest",
		Limits: store.SpendLimits{Incident: store.Spend{Tokens: 300_000}, Hour: store.Spend{Tokens: 2_000_000}, Day: store.Spend{MicroUSD: 5_000_000}},
	}))
	_, err := site.Store.Reserve(t.Context(), "", "i", store.Spend{Tokens: 12_345, MicroUSD: 6_700}, store.SpendLimits{})
	require.NoError(t, err)
	_, body := fetch(t, http.MethodGet, site.URL+"/status")
	for _, text := range []string{
		"On: gemini, gemini-flash-latest.", "12\u202f345 of 2\u202f000\u202f000 tokens, 0.0067 USD",
		"12\u202f345 tokens, 0.0067 of 5.00 USD", "300\u202f000 tokens",
	} {
		assert.Contains(t, body, text)
	}
}

func TestStatusPageOfAnEmptyInstallation(t *testing.T) {
	response, body := fetch(t, http.MethodGet, sitetest.ServeEmpty(t).URL+"/status")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, "<h1>Status</h1>")
}
