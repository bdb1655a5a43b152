package incident_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestAssessed(t *testing.T) {
	analysis := func(stance incident.Stance, confidence incident.Confidence) incident.Analysis {
		a := incident.Analysis{Report: incident.Report{
			Verdict: incident.VerdictRootCause, RootCause: &incident.RootCause{Component: "db", Confidence: 900_000},
		}}
		a.Agents = &incident.Agents{
			State: incident.AgentsDone, Claims: []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}}},
			Assessment: &incident.Assessment{Stance: stance, Confidence: confidence, Because: []string{"c1"}, Component: "other"},
		}
		return a
	}
	agreed := analysis(incident.StanceAgrees, 100_000)
	assert.Equal(t, agreed, agreed.Assessed())

	lowered := analysis(incident.StanceLowers, 600_000)
	got := lowered.Assessed()
	assert.Equal(t, incident.VerdictRootCause, got.Verdict)
	assert.Equal(t, "db", got.RootCause.Component, "the rules' cause")
	assert.Equal(t, incident.Confidence(600_000), got.RootCause.Confidence)
	assert.Len(t, got.RootCause.CappedBy, 1)
	assert.Equal(t, lowered.RootCause, got.Agents.Assessment.Rules, "what the rules found is told")
	assert.Equal(t, "The rules find the cause in db, 90 % confident; the agents hold the same cause with 60 %.", got.Agents.Assessment.Statement)
	assert.Equal(t, incident.Confidence(900_000), lowered.RootCause.Confidence, "what is stored stays")
	assert.Nil(t, lowered.Agents.Assessment.Rules)
	assert.Equal(t, got, got.Assessed(), "once is enough")

	for stance, want := range map[incident.Stance]string{
		incident.StanceLowers:    "The rules find the cause in db, 90 % confident; the agents find that the evidence does not carry it, so the verdict is open.",
		incident.StanceAbstains:  "The rules find the cause in db, 90 % confident; the agents find that the evidence does not carry it, so the verdict is open.",
		incident.StanceDisagrees: "The rules find the cause in db, 90 % confident; the agents hold other for likelier, so the verdict is open.",
	} {
		abstained := analysis(stance, 100_000).Assessed()
		assert.Equal(t, incident.VerdictAbstained, abstained.Verdict)
		assert.Nil(t, abstained.RootCause)
		assert.Equal(t, "db", abstained.Agents.Assessment.Rules.Component)
		assert.Equal(t, want, abstained.Agents.Assessment.Statement)
	}

	none := incident.Analysis{Report: incident.Report{Verdict: incident.VerdictAbstained}}
	assert.Equal(t, none, none.Assessed())
}
