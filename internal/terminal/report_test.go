package terminal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestReportReadsInATerminal(t *testing.T) {
	inc := incident.Incident{Title: "payment: connection pool exhausted", Severity: "high", Status: "open", FailingTraces: 1, ErrorSignals: 104}
	an := incident.Analysis{Revision: 2, Report: incident.Report{
		Verdict: incident.VerdictRootCause, ErrorSignals: 6,
		RootCause: &incident.RootCause{
			Kind: "resource", Service: "payment", Component: "payment", Category: "connection_pool_exhausted",
			Statement:  `payment could not acquire a connection from its pool "ledger" (4 of 4 in use) within its deadline, fifty times.`,
			Evidence:   []incident.Ref{"span:a/1", "span:a/2", "log:b", "log:c"},
			Confidence: 800_000,
		},
		CriticalFailure: &incident.CriticalFailure{Statement: "gateway answered 502", Evidence: []incident.Ref{"span:a/0"}},
		Propagation:     []incident.Step{{From: "payment", To: "gateway", Evidence: []incident.Ref{"span:a/3"}}},
		Findings: []incident.Finding{
			{ID: "f1", Statement: "gateway answered 502", Evidence: []incident.Ref{"span:a/0"}},
			{ID: "f2", Statement: "inventory answered without error", Evidence: []incident.Ref{"span:a/4"}},
		},
		Gaps:      []incident.Gap{{Kind: "missing_parent", Detail: "one span"}},
		Narrative: incident.Narrative{NextSteps: []string{"Look at who holds the pool's connections."}},
	}}
	var out strings.Builder
	require.NoError(t, WriteReport(&out, inc, an))
	assert.Equal(t, `payment: connection pool exhausted
high · open · 104 error signals in 1 failing trace · revision 2

Root cause
  payment could not acquire a connection from its pool "ledger" (4 of 4 in use) within its
  deadline, fifty times.
      span:a/1
      span:a/2
      log:b
      … and 1 more
  resource payment · connection_pool_exhausted · confidence 80 %

Where it hurt first
  gateway answered 502
      span:a/0

How it spread
  payment → gateway
      span:a/3

Findings
  f2 inventory answered without error
      span:a/4

What could not be seen
  missing_parent: one span

Next steps
  Look at who holds the pool's connections.
`, out.String())
}

func TestReportWithoutRootCauseListsCandidates(t *testing.T) {
	an := incident.Analysis{Report: incident.Report{
		Verdict:    incident.VerdictAbstained,
		Candidates: []incident.Candidate{{Kind: "slow", Component: "inventory", Category: "timeout", Score: 400_000}},
	}}
	var out strings.Builder
	require.NoError(t, WriteReport(&out, incident.Incident{}, an))
	assert.Contains(t, out.String(), "the candidates are\n  inventory (slow, timeout), score 40 %")
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"aa bb", "cccccccc", "d"}, wrap("aa  bb cccccccc d", 5))
	assert.Equal(t, []string{""}, wrap("", 5))
}
