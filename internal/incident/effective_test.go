package incident_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestEffective(t *testing.T) {
	proved := incident.Report{Verdict: incident.VerdictRootCause, RootCause: &incident.RootCause{Confidence: 800_000}}
	says := func(s incident.Assessment) *incident.Agents {
		return &incident.Agents{
			State: incident.AgentsDone, Assessment: &s,
			Claims: []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}}},
		}
	}
	c1 := []string{"c1"}
	tests := map[string]struct {
		report     incident.Report
		agents     *incident.Agents
		verdict    incident.Verdict
		confidence incident.Confidence
		reason     string
	}{
		"no agents":         {proved, nil, incident.VerdictRootCause, 800_000, ""},
		"no assessment":     {proved, &incident.Agents{State: incident.AgentsDone}, incident.VerdictRootCause, 800_000, ""},
		"agrees":            {proved, says(incident.Assessment{Stance: incident.StanceAgrees, Because: c1}), incident.VerdictRootCause, 800_000, ""},
		"lowers":            {proved, says(incident.Assessment{Stance: incident.StanceLowers, Confidence: 600_000, Because: c1}), incident.VerdictRootCause, 600_000, "doubt"},
		"lowers below half": {proved, says(incident.Assessment{Stance: incident.StanceLowers, Confidence: 300_000, Because: c1}), incident.VerdictAbstained, 300_000, "doubt"},
		"would raise":       {proved, says(incident.Assessment{Stance: incident.StanceLowers, Confidence: 990_000, Because: c1}), incident.VerdictRootCause, 800_000, ""},
		"abstains":          {proved, says(incident.Assessment{Stance: incident.StanceAbstains, Because: c1}), incident.VerdictAbstained, 499_999, "evidence"},
		"disagrees":         {proved, says(incident.Assessment{Stance: incident.StanceDisagrees, Component: "payment", Because: c1}), incident.VerdictAbstained, 499_999, "payment"},
		"rests on nothing":  {proved, says(incident.Assessment{Stance: incident.StanceAbstains}), incident.VerdictRootCause, 800_000, ""},
		"rests on rejected": {proved, says(incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"c1", "c2"}}), incident.VerdictRootCause, 800_000, ""},
		"abstained before": {
			incident.Report{Verdict: incident.VerdictAbstained}, says(incident.Assessment{Stance: incident.StanceLowers, Confidence: 990_000, Because: c1}),
			incident.VerdictAbstained, 0, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			verdict, confidence, caps := incident.Analysis{Report: tt.report, Agents: tt.agents}.Effective()
			assert.Equal(t, tt.verdict, verdict)
			assert.Equal(t, tt.confidence, confidence)
			if tt.reason == "" {
				assert.Empty(t, caps)
				return
			}
			assert.Contains(t, caps[0].Reason, tt.reason)
			assert.Equal(t, confidence, caps[0].At)
		})
	}
}

func TestEffectiveNeverRaises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		confidence := incident.Confidence(rapid.Int32Range(0, int32(incident.Certain)).Draw(t, "confidence"))
		a := incident.Analysis{
			Report: incident.Report{Verdict: incident.VerdictRootCause, RootCause: &incident.RootCause{Confidence: confidence}},
			Agents: &incident.Agents{
				State:  incident.AgentsDone,
				Claims: []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}}},
				Assessment: &incident.Assessment{
					Stance:     rapid.SampledFrom([]incident.Stance{"agrees", "lowers", "abstains", "disagrees", "raises"}).Draw(t, "stance"),
					Confidence: incident.Confidence(rapid.Int32().Draw(t, "stated")), Because: []string{"c1"},
				},
			},
		}
		_, effective, _ := a.Effective()
		assert.LessOrEqual(t, effective, confidence)
		assert.GreaterOrEqual(t, effective, incident.Confidence(0))
	})
}
