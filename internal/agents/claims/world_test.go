package claims_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// caseOf is a case of failing traces.
func caseOf(traces ...*rcatest.Trace) *incident.Case {
	c := &incident.Case{}
	for _, t := range traces {
		c.Failing = append(c.Failing, t.Build())
	}
	return c
}

// dossierOf is a case with the report of the rules.
func dossierOf(t testing.TB, c *incident.Case) *dossier.Dossier {
	t.Helper()
	if k := rca.Classify("", c.Failing[0], c.Knowledge); len(k.Roots) > 0 {
		c.RootSignature = k.Roots[0].Signature
	}
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	return dossier.New(c, rca.Analyze(c).Report, r.Session())
}

// attempt is a claim and what must become of it: "" where it must be rejected, else its statement.
type attempt struct {
	name      string
	claim     incident.Claim
	statement string
}

func tryAll(t *testing.T, d *dossier.Dossier, attempts ...attempt) {
	t.Helper()
	for _, a := range attempts {
		verified, rejected := claims.Verify(d, []incident.Claim{a.claim})
		if a.statement == "" {
			if assert.Empty(t, verified, a.name) {
				assert.NotEmpty(t, rejected[0].Reason, a.name)
			}
			continue
		}
		if assert.Empty(t, rejected, a.name) {
			assert.Equal(t, a.statement, verified[0].Statement, a.name)
			assert.Empty(t, verified[0].Caveat, a.name)
		}
	}
}

func refs(all ...interface{ Ref() incident.Ref }) []incident.Ref {
	var out []incident.Ref
	for _, r := range all {
		out = append(out, r.Ref())
	}
	return out
}

// logRef is the first log of a service from a severity on.
func logRef(t *rcatest.Trace, service string, severity int32) incident.Ref {
	for _, l := range t.Build().Logs {
		if l.Service() == service && l.Severity >= severity {
			return trace.LogRef(l)
		}
	}
	return ""
}

func spanRef(t *rcatest.Trace, service, name string, kind signal.SpanKind) incident.Ref {
	for _, s := range t.Build().Spans {
		if s.Service() == service && (name == "" || s.Name == name) && (kind == 0 || s.Kind == kind) {
			return trace.SpanRef(s)
		}
	}
	return ""
}
