package incident_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestAssessed(t *testing.T) {
	claims := []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}}}
	tests := map[string]struct {
		state      incident.AgentsState
		stance     incident.Stance
		confidence incident.Confidence
		because    []string
		verdict    incident.Verdict
		want       incident.Confidence
	}{
		"agrees":                  {incident.AgentsDone, incident.StanceAgrees, 100_000, []string{"c1"}, incident.VerdictRootCause, 800_000},
		"lowers":                  {incident.AgentsDone, incident.StanceLowers, 300_000, []string{"c1"}, incident.VerdictRootCause, 300_000},
		"never raises":            {incident.AgentsDone, incident.StanceLowers, 900_000, []string{"c1"}, incident.VerdictRootCause, 800_000},
		"nothing below nothing":   {incident.AgentsDone, incident.StanceLowers, -5, []string{"c1"}, incident.VerdictRootCause, 0},
		"abstains":                {incident.AgentsDone, incident.StanceAbstains, 300_000, []string{"c1"}, incident.VerdictAbstained, 0},
		"disagrees":               {incident.AgentsDone, incident.StanceDisagrees, 500_000, []string{"c1"}, incident.VerdictRootCause, 500_000},
		"without claims":          {incident.AgentsDone, incident.StanceAbstains, 0, nil, incident.VerdictRootCause, 800_000},
		"with a claim unverified": {incident.AgentsDone, incident.StanceAbstains, 0, []string{"c1", "c2"}, incident.VerdictRootCause, 800_000},
		"did not come to the end": {incident.AgentsFailed, incident.StanceAbstains, 0, []string{"c1"}, incident.VerdictRootCause, 800_000},
		"unknown stance":          {incident.AgentsDone, "raises", 990_000, []string{"c1"}, incident.VerdictRootCause, 800_000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := incident.Analysis{Report: incident.Report{
				Verdict: incident.VerdictRootCause, RootCause: &incident.RootCause{Component: "db", Confidence: 800_000},
			}}
			a.Agents = &incident.Agents{
				State: tt.state, Claims: claims,
				Assessment: &incident.Assessment{Stance: tt.stance, Confidence: tt.confidence, Because: tt.because, Component: "other"},
			}
			got := a.Assessed()
			assert.Equal(t, tt.verdict, got.Verdict)
			if tt.verdict == incident.VerdictAbstained {
				assert.Nil(t, got.RootCause)
			} else {
				assert.Equal(t, tt.want, got.RootCause.Confidence)
				assert.Equal(t, "db", got.RootCause.Component, "the rules' cause")
				assert.Equal(t, tt.want < 800_000, len(got.RootCause.CappedBy) == 1)
			}
			assert.Equal(t, incident.Confidence(800_000), a.RootCause.Confidence, "what is stored stays")
			assert.Equal(t, incident.VerdictRootCause, a.Verdict)
		})
	}
	none := incident.Analysis{Report: incident.Report{Verdict: incident.VerdictAbstained}}
	assert.Equal(t, none, none.Assessed())
}
