package dashboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// openRoutine makes a routine error and its incident.
func openRoutine(t *testing.T, s store.Store) {
	t.Helper()
	const key = "untraced:routine"
	_, err := s.Append(t.Context(), []store.Batch{{Errors: []store.ErrorSignal{{Key: key, Kind: "log"}}}})
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: key, Urgent: true}})
	require.NoError(t, err)
	claimed, err := s.ClaimFailures(t.Context(), "test", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	_, err = s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: incident.Classification{
		Key: key, State: incident.FailureClassified, Outcome: incident.OutcomeUnknown,
		Roots: []incident.Root{{
			Signature: "routine", Kind: incident.KindCode, Service: "rates", Component: "rates", Title: "rates: no rate of today",
			Errors: 1, ErrorSignals: 1, Routine: &incident.Routine{Failing: 40, Requests: 4000, Since: querytest.Onset},
		}},
	}}}, incident.Policy{LateWindow: time.Minute})
	require.NoError(t, err)
}

// The tabs count the incidents that their lists have: routine errors are listed and counted apart.
func TestBrowserTabsCountWhatTheyList(t *testing.T) {
	s := sitetest.OpenStore(t)
	querytest.Fill(t, s, querytest.Options{})
	openRoutine(t, s)
	b := openTab(t, sitetest.ServeStore(t, s), 1440)
	for address, want := range map[string][]string{
		"/":              {"all 2", "open 2", "regressed 0", "resolved 0", "routine errors 1"},
		"/?routine=true": {"all 1", "open 1", "regressed 0", "resolved 0", "routine errors 1"},
	} {
		b.open(address)
		assert.Equal(t, want, eval[[]string](b, `[...document.querySelectorAll(".tabs a")].map((a) => a.textContent)`), address)
		listed := eval[[]string](b, `[...document.querySelectorAll(".incident")].map((i) => i.innerText)`)
		assert.Len(t, listed, int(want[0][4]-'0'), address)
	}
}

// An incident's page says how severe it is now, and what a report knew at its revision.
func TestBrowserTellsNowFromTheRevision(t *testing.T) {
	s := sitetest.OpenStore(t)
	seeded := querytest.Fill(t, s, querytest.Options{})
	site := sitetest.ServeStore(t, s)
	b := openTab(t, site, 1440)
	b.open("/incidents/" + seeded.Hostile)
	assert.Equal(t, "medium", strings.TrimSpace(eval[string](b, `document.querySelector(".marks .severity").textContent`)))
	assert.Equal(t, "At this revision: severity medium, 1 failing trace looked at", eval[string](b, `document.querySelector("#revision").textContent`))

	_, err := s.Append(t.Context(), []store.Batch{{Spans: querytest.HostileSignals().Spans}})
	require.NoError(t, err)
	claimed, err := s.ClaimFailures(t.Context(), "test", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	in, err := s.Incident(t.Context(), "", seeded.Hostile)
	require.NoError(t, err)
	_, err = s.SaveClassifications(t.Context(), []store.Classified{{Failure: claimed[0], Classification: incident.Classification{
		Key: claimed[0].Key, TraceID: claimed[0].TraceID, State: incident.FailureClassified, Outcome: incident.OutcomeDegraded,
		Roots: []incident.Root{{Signature: in.RootSignature, Kind: in.RootCause.Kind, Service: in.RootCause.Service, Component: in.RootCause.Component, Errors: 1}},
	}}}, incident.Policy{LateWindow: time.Minute})
	require.NoError(t, err)
	b.open("/incidents/" + seeded.Hostile)
	assert.Equal(t, "low", strings.TrimSpace(eval[string](b, `document.querySelector(".marks .severity").textContent`)), "the request was answered well, as its spans show")
	assert.Equal(t, "At this revision: severity medium, 1 failing trace looked at", eval[string](b, `document.querySelector("#revision").textContent`))
}
