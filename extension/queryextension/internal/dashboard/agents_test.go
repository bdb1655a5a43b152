package dashboard_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// disagreement is what agents say who hold another candidate for likelier.
func disagreement() incident.Agents {
	said := querytest.PoolAgents()
	said.Scripted, said.CostUnknown = false, true
	said.Assessment = &incident.Assessment{Stance: incident.StanceDisagrees, Component: "payment-db", Because: []string{"c2"}}
	return said
}

// say makes a further revision of the pool's incident, of which agents say this.
func say(t *testing.T, site *sitetest.Site, said incident.Agents) {
	t.Helper()
	require.NoError(t, site.Store.RequestAnalysis(t.Context(), "", site.Pool))
	claims, err := site.Store.ClaimIncidents(t.Context(), "test", time.Minute, 1)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	body := []byte(`{"tenant":"","root_signature":"another","failing":[],"knowledge":{},"selection":{"rule":"none"}}`)
	_, err = site.Store.SaveAnalysis(t.Context(), claims[0], store.AnalysisRecord{
		Analysis: incident.Analysis{
			IncidentID: site.Pool, Reason: claims[0].Reason, EngineVersion: "1",
			InputDigest: fmt.Sprintf("%x", sha256.Sum256(body)), Report: querytest.PoolReport(),
		},
		Case: body, ObservationsDigest: "2", Agents: &incident.Agents{State: incident.AgentsPending},
	})
	require.NoError(t, err)
	asked, err := site.Store.ClaimAgents(t.Context(), "test", time.Minute, 1)
	require.NoError(t, err)
	require.Len(t, asked, 1)
	require.NoError(t, site.Store.SaveAgents(t.Context(), asked[0], store.AgentsRecord{Agents: said}))
}

func TestIncidentPageShowsBothViewsOfADisagreement(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	say(t, site, disagreement())
	_, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+site.Pool)
	for _, want := range []string{
		"Verdict: none",
		"The rules find the cause in payment, 80 % confident; the agents hold payment-db for likelier, so the verdict is open.",
		"The rules say", querytest.PoolReport().RootCause.Statement,
		"The agents say so because", "payment wrote that its pool is exhausted.",
		"cost unknown",
	} {
		assert.Contains(t, body, want)
	}
	assert.NotContains(t, body, "A script, not a model")
}

func TestBrowserShowsADisagreement(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	say(t, site, disagreement())
	b := openTab(t, site, 1440)
	b.watch()
	b.open("/incidents/" + site.Pool)
	b.click(`.verdict a[href="#differ"]`)
	b.until(`location.hash === "#differ"`)
	assert.Contains(t, b.text("#differ .pro"), "payment could not get a database connection")
	assert.Contains(t, b.text("#differ .con"), "payment wrote that its pool is exhausted.")
	assert.False(t, eval[bool](b, `document.querySelector("#rejected").open`), "what was rejected is folded away")
	b.click("#rejected summary")
	assert.Contains(t, b.text("#rejected"), "no evidence was given")
	assert.Empty(t, eval[[]string](b, `window.violations`))
}
