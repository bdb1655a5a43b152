package claims_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// An assessment counts only where a verified claim speaks against the cause that the rules found.
func TestAssessNeedsClaimsAgainstTheVerdict(t *testing.T) {
	tr, gateway, call, payment := rcatest.Payment("assess", 300, 502, 500)
	payment.Threw(290, "E", "inventory answered 500", "")
	_, inventory := rcatest.AskInventory(payment, 10, 280, 279, 500, 500)
	points := []*signal.Point{{
		Name: "cpu.utilization", Type: signal.MetricGauge, Unit: "1", Time: rcatest.At(5), Value: signal.Value{Data: 0.97},
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "inventory"}}}},
	}}
	signal.IdentifyPoints("", points)
	c := caseOf(tr)
	c.Metrics = points
	d := dossierOf(t, c)
	d.Report.RootCause = &incident.RootCause{Kind: incident.KindCode, Component: "payment", Service: "payment", Confidence: 800_000}
	verified, rejected := claims.Verify(d, []incident.Claim{
		{ID: "called", Predicate: incident.PredicateCalled, Subject: "gateway", Object: "payment", Evidence: refs(call)},
		{ID: "failed", Predicate: incident.PredicateErrored, Subject: "payment", Evidence: refs(payment)},
		{ID: "repeats", Predicate: incident.PredicateCausedBy, Subject: "gateway", Object: "payment", Evidence: refs(gateway, payment)},
		{ID: "against", Predicate: incident.PredicateCausedBy, Subject: "payment", Object: "inventory", Evidence: refs(payment, inventory)},
		{ID: "cpu", Predicate: incident.PredicateSaturated, Subject: "inventory", Evidence: []incident.Ref{incident.Ref("metric:" + points[0].ID.String())},
			Number: &incident.Quantity{Value: "97", Unit: "%", Field: "value"}},
	})
	require.Empty(t, rejected)
	tests := map[string]struct {
		a      incident.Assessment
		reason string
	}{
		"agrees":                {incident.Assessment{Stance: incident.StanceAgrees}, ""},
		"on a call":             {incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"called"}}, "speaks against"},
		"on what the rules say": {incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"failed", "repeats"}}, "speaks against"},
		"on nothing verified":   {incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"c9"}}, "none of the claims"},
		"against":               {incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"called", "against"}}, ""},
		"lowers by a metric":    {incident.Assessment{Stance: incident.StanceLowers, Confidence: 500_000, Because: []string{"cpu"}}, ""},
		"abstains by a metric":  {incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"cpu"}}, "speaks against"},
		"raises":                {incident.Assessment{Stance: incident.StanceLowers, Confidence: 900_000, Because: []string{"against"}}, "would not lower"},
		"disagrees":             {incident.Assessment{Stance: incident.StanceDisagrees, Because: []string{"against"}, Component: "inventory"}, ""},
		"no such component":     {incident.Assessment{Stance: incident.StanceDisagrees, Because: []string{"against"}, Component: "billing"}, "no component"},
		"the rules' own":        {incident.Assessment{Stance: incident.StanceDisagrees, Because: []string{"against"}, Component: "payment"}, "names the cause"},
		"of another component":  {incident.Assessment{Stance: incident.StanceDisagrees, Because: []string{"against"}, Component: "gateway"}, "about the component"},
		"no such stance":        {incident.Assessment{Stance: "raises", Because: []string{"against"}}, "no stance"},
	}
	for name, tt := range tests {
		counted, reason := claims.Assess(d, &tt.a, verified)
		if tt.reason == "" {
			assert.Empty(t, reason, name)
			assert.Equal(t, tt.a.Stance, counted.Stance, name)
			assert.Equal(t, tt.a.Component, counted.Component, name)
			continue
		}
		assert.Nil(t, counted, name)
		assert.Contains(t, reason, tt.reason, name)
	}
	d.Report.RootCause = nil
	_, reason := claims.Assess(d, &incident.Assessment{Stance: incident.StanceAbstains, Because: []string{"against"}}, verified)
	assert.Contains(t, reason, "nothing to lower")
}

func TestCommentaryHasOrdinaryWordsAndVerifiedNames(t *testing.T) {
	tr := rcatest.FailStock("commentary")
	tr.Log("gateway", 1, 17, "the billing process of checkout-db lost 4711 orders")
	d := dossierOf(t, caseOf(tr))
	verified, rejected := claims.Verify(d, []incident.Claim{
		{ID: "c1", Predicate: incident.PredicateErrored, Subject: "gateway", Evidence: []incident.Ref{logRef(tr, "gateway", 17)}},
		{ID: "c2", Predicate: incident.PredicateErrored, Subject: "gateway", Quote: "billing process of checkout-db lost 4711 orders", Evidence: []incident.Ref{logs(tr, "4711")}},
		{ID: "c3", Predicate: incident.PredicateErrored, Subject: "payment POST /pay/{order_id}", Evidence: []incident.Ref{spanRef(tr, "payment", "POST /pay/{order_id}", 0)},
			Number: &incident.Quantity{Value: "502", Field: "http.response.status_code"}},
	})
	require.Empty(t, rejected)
	for _, prose := range []string{
		"The failure of gateway followed that of payment, which answered with 502.",
		"It isn't clear why the request failed; the gateway's errors came later.",
		"payment POST /pay/{order_id} failed first — the rest are consequences (see its errors).",
		"**Look at `gateway` next.**",
		"A script read the records of this failure in the order in which they were shown.",
	} {
		text, reason := claims.Commentary(prose, verified, d)
		assert.NotEmpty(t, text, reason)
		assert.Empty(t, reason)
	}
	for _, prose := range []string{
		"The inventory is to blame.",
		"The inventory's memory ran out.",
		"The cause is clear: «inventory» broke.",
		"A late component—inventory—broke everything.",
		"The INVENTORY service broke.",
		"The billing process crashed and the checkout lost data.",
		"About a third of the requests were lost.",
		"It failed one time in ten thousand.",
		"Call the vendor at evil dot example.",
		"See evil.example for more.",
		"It lost 4711 records.",
		"It answered 5020 times.",
		"It failed 1.502 times.",
		"payment-db failed.",
		"<b>gateway</b> failed.",
		"[gateway](javascript:alert) failed.",
		"Postgres failed.",
		"gateway failed \u202e.",
		"раyment failed.",
		"It answered ５０２.",
	} {
		text, reason := claims.Commentary(prose, verified, d)
		assert.Empty(t, text, prose)
		assert.NotEmpty(t, reason, prose)
		assert.NotContains(t, reason, "<b>")
	}
}

// logs is the first log whose body has a text.
func logs(tr *rcatest.Trace, text string) incident.Ref {
	for _, l := range tr.Build().Logs {
		if strings.Contains(l.Body.Str(), text) {
			return incident.Ref("log:" + l.ID.String())
		}
	}
	return ""
}
