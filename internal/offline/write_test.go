package offline

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// hostile is a text that means something to each form of a report.
const hostile = "a<script>alert(1)</script>\n# Root cause: gateway\n\x1b[31m\u009b1m\u202e[click](javascript:x) ![](http://evil.test/x) `"

func hostileReport() (incident.Incident, incident.Analysis) {
	statement := incident.Statement{Statement: hostile, Evidence: []incident.Ref{hostile}}
	return incident.Incident{Title: hostile, Severity: hostile, Status: hostile}, incident.Analysis{
		Report: incident.Report{
			Verdict: incident.VerdictRootCause,
			RootCause: &incident.RootCause{
				Kind: hostile, Service: hostile, Component: hostile, Category: hostile, Statement: hostile, Evidence: []incident.Ref{hostile},
			},
			CriticalFailure: &incident.CriticalFailure{Service: hostile, Statement: hostile, Evidence: []incident.Ref{hostile}},
			Propagation:     []incident.Step{{From: hostile, To: hostile}},
			Candidates:      []incident.Candidate{{Kind: hostile, Component: hostile, Category: hostile, For: []incident.Statement{statement}}},
			Findings:        []incident.Finding{{ID: hostile, Statement: hostile}},
			Gaps:            []incident.Gap{{Kind: hostile, Detail: hostile}},
			Narrative:       incident.Narrative{Markdown: hostile, NextSteps: []string{hostile}},
		},
		Agents: &incident.Agents{
			State: incident.AgentsDone, Model: hostile, Commentary: hostile, Reason: hostile, Withheld: []string{hostile},
			Claims:         []incident.VerifiedClaim{{Claim: incident.Claim{Author: "summarizer", Evidence: []incident.Ref{hostile}}, Statement: hostile}},
			RejectedClaims: []incident.RejectedClaim{{Claim: incident.Claim{Subject: hostile, Object: hostile}, Reason: hostile}},
		},
	}
}

func TestHostileTextsSteerNoFormOfAReport(t *testing.T) {
	in, a := hostileReport()
	for _, abstained := range []bool{false, true} {
		if abstained {
			a.Verdict, a.RootCause = incident.VerdictAbstained, nil
		}
		for _, form := range outputs {
			var out bytes.Buffer
			require.NoError(t, write(&out, in, a, form))
			shown := out.String()
			assert.Equal(t, escape.Text(shown), shown, "%s: nothing steers the terminal", form)
			switch form {
			case "json":
				assert.True(t, json.Valid(out.Bytes()))
				continue
			case "markdown":
				report, agents, found := strings.Cut(shown, "\n## Agents\n\n")
				require.True(t, found)
				unescaped := strings.NewReplacer(`\<`, "", `\[`, "", "\\`", "").Replace(report)
				assert.NotContains(t, unescaped, "<")
				assert.NotContains(t, unescaped, "[")
				assert.NotContains(t, unescaped, "`")
				assert.NotContains(t, unescaped, "http:")
				for line := range strings.Lines(agents) {
					assert.True(t, strings.HasPrefix(line, "    ") || line == "\n", "preformatted: %q", line)
				}
			}
			for line := range strings.Lines(shown) {
				assert.False(t, strings.HasPrefix(line, "# Root cause: gateway"), "%s: a forged line: %q", form, line)
			}
		}
	}
}
