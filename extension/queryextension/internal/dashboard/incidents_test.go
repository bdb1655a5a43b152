package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
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

// A span whose clock is not set does not stretch the waterfall, and none has a date that nobody sent.
func TestTracePageIsNotStretchedByClocks(t *testing.T) {
	s := sitetest.OpenStore(t)
	now := time.Now()
	at := func(name string, id byte, start, end time.Time) *signal.Span {
		sp := &signal.Span{TraceID: signal.TraceID{7}, SpanID: signal.SpanID{id}, Name: name, Kind: signal.KindServer}
		if !start.IsZero() {
			sp.Start, sp.End = signal.NanosOf(start), signal.NanosOf(end)
		}
		return sp
	}
	spans := []*signal.Span{
		at("right", 1, now, now.Add(80*time.Millisecond)), at("2106", 2, now, time.Unix(1<<32-1, 0)),
		at("1970", 3, time.Unix(3600, 0), time.Unix(3601, 0)), at("ahead", 4, now.Add(time.Hour), now.Add(time.Hour+time.Second)),
		at("zero", 5, time.Time{}, time.Time{}),
	}
	signal.IdentifySpans("", spans)
	_, err := s.Append(t.Context(), []store.Batch{{Spans: spans}})
	require.NoError(t, err)
	_, body := fetch(t, http.MethodGet, sitetest.ServeStore(t, s).URL+"/traces/"+spans[0].TraceID.String())
	summary, _, _ := strings.Cut(body[strings.Index(body, `class="summary"`):], "</p>")
	assert.Contains(t, summary, " 80.0 ms ")
	assert.Contains(t, summary, now.UTC().Format("2006-01-02"))
	assert.Contains(t, body, `>80.0 ms</text>`, "the ruler's end")
	assert.NotContains(t, body, "0001-01-01")
}
