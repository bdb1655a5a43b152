package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// What the demo shop's failures must come to, each with the highest confidence it may claim.
var shopVerdicts = map[string]struct {
	verdict
	max incident.Confidence
}{
	"fail-pay":   {verdict{incident.KindResource, "payment", "payment", incident.CategoryConnectionPoolExhausted}, 900_000},
	"fail-stock": {verdict{incident.KindCode, "inventory", "inventory", incident.CategoryCodeException}, 900_000},
	"fail-auth":  {verdict{incident.KindEdge, "gateway", "gateway", incident.CategoryAuthorization}, 600_000},
	"slow-stock": {verdict{incident.KindSlow, "inventory", "inventory", incident.CategoryTimeout}, 900_000},
	"lost-db":    {verdict{incident.KindDependency, "inventory", "inventory-replica", incident.CategoryDependencyUnavailable}, 900_000},
	"lock-db":    {verdict{incident.KindDependency, "inventory", "inventory-db", incident.CategoryDatabaseLock}, 900_000},
}

var shopDismissals = map[string]incident.DismissReason{
	"retry-pay": incident.DismissRecovered,
	"bad-order": incident.DismissClientError,
}

func TestShop(t *testing.T) {
	for _, s := range rcatest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			c := classify(s.Trace)
			if reason, ok := shopDismissals[s.Name]; ok {
				assert.Equal(t, incident.FailureDismissed, c.State)
				assert.Equal(t, reason, c.Reason)
				return
			}
			want := shopVerdicts[s.Name]
			root := only(t, c)
			assert.Equal(t, want.verdict, verdictOf(root))
			assert.Equal(t, "demo", root.Parts.Environment)
			assert.Equal(t, incident.OutcomeFailed, c.Outcome)
			assert.Equal(t, "gateway", c.EntryService)

			r := report(t, s.Trace)
			require.NotNil(t, r.RootCause)
			assert.LessOrEqual(t, r.RootCause.Confidence, want.max)
			assert.GreaterOrEqual(t, r.RootCause.Confidence, incident.Confidence(500_000))
			assert.Equal(t, incident.SeverityHigh, r.Severity)
			assert.NotEmpty(t, r.Narrative.NextSteps)
		})
	}
}

// Two failures that look the same at the gateway are two incidents; the same failure again, and
// behind another entry, is one.
func TestShopSignatures(t *testing.T) {
	signature := func(tr *rcatest.Trace) string { return only(t, classify(tr)).Signature }
	assert.NotEqual(t, signature(rcatest.FailPay("a")), signature(rcatest.FailStock("b")))
	assert.Equal(t, signature(rcatest.FailStock("a")), signature(rcatest.FailStock("b")))
	assert.Equal(t, signature(rcatest.LockDB("a")), signature(rcatest.LockDB("b")))
}

// Every statement of a report names records of the trace.
func TestShopEvidence(t *testing.T) {
	for _, s := range rcatest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			built := s.Trace.Build()
			known := map[incident.Ref]bool{}
			for _, sp := range built.Spans {
				known[incident.Ref("span:"+sp.TraceID.String()+"/"+sp.SpanID.String())] = true
			}
			for _, l := range built.Logs {
				known[incident.Ref("log:"+l.ID.String())] = true
			}
			r := rca.Analyze(&incident.Case{Failing: []*incident.Trace{built}}).Report
			check := func(what string, refs []incident.Ref) {
				assert.NotEmpty(t, refs, what)
				for _, ref := range refs {
					assert.True(t, known[ref], "%s cites %s", what, ref)
				}
			}
			for _, f := range r.Findings {
				check(f.Statement, f.Evidence)
			}
			for _, p := range r.Propagation {
				check(p.From+" to "+p.To, p.Evidence)
			}
			if r.RootCause != nil {
				check("root cause", r.RootCause.Evidence)
				check("critical failure", r.CriticalFailure.Evidence)
			}
		})
	}
}
