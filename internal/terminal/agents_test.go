package terminal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestAgentsReadInATerminal(t *testing.T) {
	an := incident.Analysis{
		Report: incident.Report{Verdict: incident.VerdictRootCause, RootCause: &incident.RootCause{Component: "payment", Confidence: 800_000}},
		Agents: &incident.Agents{
			State: incident.AgentsDone, Scripted: true, Tokens: 17000, Turns: 5, ToolCalls: 8,
			Claims: []incident.VerifiedClaim{
				{Claim: incident.Claim{ID: "c1", Author: "summarizer", Evidence: []incident.Ref{"span:a/1"}}, Statement: "payment failed."},
				{Claim: incident.Claim{ID: "c2", Author: "investigator"}, Statement: "inventory refused payment's call.", Caveat: "The order is not provable."},
			},
			RejectedClaims: []incident.RejectedClaim{{
				Claim:  incident.Claim{Predicate: incident.PredicateCausedBy, Subject: "gateway\x1b[31m", Object: "moon"},
				Reason: "there is no component moon",
			}},
			Assessment: &incident.Assessment{Stance: incident.StanceDisagrees, Component: "inventory", Because: []string{"c2"}},
			Commentary: "The pool may be small.",
		},
	}
	var out strings.Builder
	require.NoError(t, WriteAgents(&out, an))
	assert.Equal(t, `
What agents add
  A script, not a model, answered: this is a demonstration.
  The rules find the cause in payment, 80 % confident; the agents hold inventory for likelier, so
  the verdict is open.
  because inventory refused payment's call.

Timeline
  payment failed.
      span:a/1

Checked against the evidence
  inventory refused payment's call. The order is not provable.

Commentary, not verified
  The pool may be small.

Not shown as fact: nothing stored proves 1 claim
  gateway�[31m caused by moon: there is no component moon

  a script: 17000 tokens, 5 turns, 8 looks into the case
`, out.String())
}

func TestAgentsThatSaidNothing(t *testing.T) {
	var out strings.Builder
	require.NoError(t, WriteAgents(&out, incident.Analysis{}))
	assert.Empty(t, out.String(), "agents are off")
	require.NoError(t, WriteAgents(&out, incident.Analysis{Agents: &incident.Agents{
		State: incident.AgentsFailed, Reason: "The model refused the credentials.", Model: "gemini", CostUnknown: true,
	}}))
	assert.Equal(t, `
What agents add
  The model refused the credentials.

  gemini: 0 tokens, 0 turns, 0 looks into the case, cost unknown
`, out.String())
}
