package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func sampleResult() incident.Result {
	return incident.Result{
		Observations: []incident.Observation{
			{Component: "payment", Name: "errored", Value: 3, Evidence: []incident.Ref{"span:1/1"}},
			{Component: "gateway", Name: "errored", Value: 1},
		},
		Report: incident.Report{
			Verdict:    incident.VerdictRootCause,
			Severity:   incident.SeverityHigh,
			RootCause:  &incident.RootCause{Kind: incident.KindResource, Service: "payment", Component: "payment", Confidence: 800_000},
			Candidates: []incident.Candidate{{Component: "payment", Score: 900_000}, {Component: "db"}},
			Gaps:       []incident.Gap{{Kind: "missing_parent", Detail: "span 1"}},
			Errors:     1,
		},
	}
}

func TestSubstanceDigest(t *testing.T) {
	tests := map[string]struct {
		change func(*incident.Result)
		same   bool
	}{
		"counts":                   {same: true, change: func(r *incident.Result) { r.Observations[0].Value, r.Report.Errors = 50, 50 }},
		"references":               {same: true, change: func(r *incident.Result) { r.Observations[0].Evidence = nil }},
		"impact":                   {same: true, change: func(r *incident.Result) { r.Report.Impact.FailingTraces = 100 }},
		"one more of the same gap": {same: true, change: func(r *incident.Result) { r.Report.Gaps = append(r.Report.Gaps, r.Report.Gaps[0]) }},
		"order of observations": {same: true, change: func(r *incident.Result) {
			r.Observations[0], r.Observations[1] = r.Observations[1], r.Observations[0]
		}},
		"a new observation": {change: func(r *incident.Result) { r.Observations[1].Name = "slow" }},
		"order of candidates": {change: func(r *incident.Result) {
			r.Report.Candidates[0], r.Report.Candidates[1] = r.Report.Candidates[1], r.Report.Candidates[0]
		}},
		"confidence":   {change: func(r *incident.Result) { r.Report.RootCause.Confidence = 700_000 }},
		"a closed gap": {change: func(r *incident.Result) { r.Report.Gaps = nil }},
		"severity":     {change: func(r *incident.Result) { r.Report.Severity = incident.SeverityCritical }},
		"abstention": {change: func(r *incident.Result) {
			r.Report.Verdict, r.Report.RootCause = incident.VerdictAbstained, nil
		}},
		"a suspected change": {change: func(r *incident.Result) {
			r.Report.SuspectedChanges = []incident.SuspectedChange{{ID: "d1", Verdict: "suspected"}}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, after := sampleResult(), sampleResult()
			tt.change(&after)
			assert.Equal(t, tt.same, substanceDigest(before) == substanceDigest(after))
		})
	}
}
