package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/internal/incident"

	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

func scenarioNamed(t *testing.T, name scenario.Name) scenario.Scenario {
	t.Helper()
	for _, s := range scenario.All() {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no such scenario")
	return scenario.Scenario{}
}

// right is an attempt of which everything was concluded as expected.
func right(t *testing.T, name scenario.Name) *attempt {
	t.Helper()
	sc := scenarioNamed(t, name)
	at := &attempt{mode: otlp, scenario: sc, payment: payment{status: sc.Status, traceID: "t1"}}
	if !sc.Expect.Incident {
		at.failure = &failure{State: incident.FailureDismissed, Reason: incident.DismissReason(sc.Expect.Reason)}
		return at
	}
	category := incident.Category(sc.Expect.Category)
	at.failure = &failure{State: incident.FailureClassified, Incidents: []string{"i1"}}
	at.incidents = []incident.Incident{{ID: "i1", Category: category, AnalysisState: incident.AnalysisDone}}
	at.analysis = &incident.Analysis{Report: incident.Report{RootCause: &incident.RootCause{
		Kind: incident.Kind(sc.Expect.Kind), Service: sc.Expect.Service, Component: sc.Expect.Component,
		Category: category, Confidence: 600_000, Evidence: []incident.Ref{"span:a/1"},
	}}}
	return at
}

func TestRightVerdictsAreAccepted(t *testing.T) {
	for _, s := range scenario.All() {
		at := right(t, s.Name)
		assert.Empty(t, at.wrong(), s.Name)
		assert.True(t, at.settled(), s.Name)
	}
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		scenario scenario.Name
		change   func(*attempt)
		want     string
	}{
		"status":          {scenario.FailAuth, func(a *attempt) { a.status = 200 }, "the gateway's answer is 200, not 502"},
		"unknown":         {scenario.FailAuth, func(a *attempt) { a.failure = nil }, "not known as a failure"},
		"not dismissed":   {scenario.RetryPay, func(a *attempt) { a.failure.State = "classified" }, "state is classified, not dismissed"},
		"wrong reason":    {scenario.BadOrder, func(a *attempt) { a.failure.Reason = "no_error" }, "reason is no_error"},
		"dismissed":       {scenario.LockDB, func(a *attempt) { a.failure.State = "dismissed" }, "state is dismissed"},
		"two incidents":   {scenario.LockDB, func(a *attempt) { a.incidents = append(a.incidents, incident.Incident{}) }, "number of incidents is 2, not 1"},
		"no analysis":     {scenario.LockDB, func(a *attempt) { a.analysis = nil }, "there is no analysis"},
		"abstained":       {scenario.LockDB, func(a *attempt) { a.analysis.RootCause = nil; a.analysis.Verdict = "abstained" }, "the verdict is abstained"},
		"kind":            {scenario.LockDB, func(a *attempt) { a.analysis.RootCause.Kind = "slow" }, "kind is slow, not dependency"},
		"service":         {scenario.FailStock, func(a *attempt) { a.analysis.RootCause.Service = "payment" }, "service is payment"},
		"component":       {scenario.LostDB, func(a *attempt) { a.analysis.RootCause.Component = "inventory" }, "component is inventory, not"},
		"category":        {scenario.SlowStock, func(a *attempt) { a.analysis.RootCause.Category = "unknown" }, "category is unknown, not timeout"},
		"confidence":      {scenario.FailAuth, func(a *attempt) { a.analysis.RootCause.Confidence = 610_000 }, "confidence is 61 %, above 60 %"},
		"no evidence":     {scenario.FailPay, func(a *attempt) { a.analysis.RootCause.Evidence = nil }, "cites no evidence"},
		"finding":         {scenario.FailPay, func(a *attempt) { a.analysis.Findings = []incident.Finding{{ID: "f1"}} }, "finding f1 cites no evidence"},
		"incident's name": {scenario.FailPay, func(a *attempt) { a.incidents[0].Category = "unknown" }, "the incident's category is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			at := right(t, tc.scenario)
			tc.change(at)
			assert.Contains(t, strings.Join(at.wrong(), "\n"), tc.want)
		})
	}
}

func TestLookReadsFailureIncidentAndAnalysis(t *testing.T) {
	a := serve(t, map[string]any{
		"/query/traces/t1":             map[string]any{"failure": map[string]any{"state": "classified", "incidents": []string{"i1"}}},
		"/query/incidents/i1":          map[string]any{"id": "i1", "analysis_state": "running"},
		"/query/incidents/i1/analysis": map[string]any{"verdict": "root_cause", "root_cause": map[string]any{"confidence": 0.5}},
	})
	at := &attempt{payment: payment{traceID: "t1"}}
	require.NoError(t, at.look(t.Context(), a))
	require.NotNil(t, at.analysis)
	assert.Equal(t, incident.Confidence(500_000), at.analysis.RootCause.Confidence)
	assert.False(t, at.settled(), "its analysis is being renewed")
	at.incidents[0].AnalysisState = incident.AnalysisDone
	assert.True(t, at.settled())
	at.failure.State = incident.FailureWaiting
	assert.False(t, at.settled())
}

func TestJudgeCountsIncidents(t *testing.T) {
	first, second := right(t, scenario.FailPay), right(t, scenario.FailStock)
	second.incidents[0].ID = "i2"
	for name, tc := range map[string]struct {
		ids  []string
		same bool
		want string
	}{
		"as expected":  {ids: []string{"i1", "i2"}},
		"one too many": {ids: []string{"i1", "i2", "i3"}, want: "incident i3 should not be"},
		"one lumped":   {ids: []string{"i1"}, same: true, want: "incident i1 takes OTLP fail-stock together with OTLP fail-pay"},
	} {
		t.Run(name, func(t *testing.T) {
			var items []map[string]any
			for _, id := range tc.ids {
				items = append(items, map[string]any{"id": id, "failing_traces": 1})
			}
			second.incidents[0].ID = "i2"
			if tc.same {
				second.incidents[0].ID = "i1"
			}
			var out strings.Builder
			err := judge(t.Context(), &terminal.Printer{Out: &out}, serve(t, map[string]any{"/query/incidents": map[string]any{"items": items}}),
				[]*attempt{first, second}, nil)
			if tc.want == "" {
				require.NoError(t, err, out.String())
				assert.Contains(t, out.String(), "All 2 verdicts are right.")
				return
			}
			require.Error(t, err)
			assert.Contains(t, out.String(), tc.want)
		})
	}
}
