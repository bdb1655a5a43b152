package dashboard_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
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
	site.Coordination.Store(&coordination.Status{
		Backend: "redis", Problem: "Redis does not answer within 1s", Queued: map[coordination.Queue]int64{"failures": 1000, "incidents": 7},
	})
	_, body = fetch(t, http.MethodGet, site.URL+"/status")
	for _, text := range []string{
		"the reader panicked", "/incidents/" + site.Pool, "prodsentinel dead-letters retry",
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

func TestStatusPageOfAnEmptyInstallation(t *testing.T) {
	response, body := fetch(t, http.MethodGet, sitetest.ServeEmpty(t).URL+"/status")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, "<h1>Status</h1>")
}
