package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func refusal(name string, status int) *rcatest.Trace {
	tr := rcatest.New(name)
	entry := tr.Span("gateway", "GET /pay", server, 0, 20).Answered(502)
	entry.Call("POST", 1, 9).With("peer.service", "payment").Answered(status).
		Serve("payment", "POST /pay", 2, 8).HTTP(status)
	return tr
}

// Section 6: the component is the caller, which built the request, unless others are refused too or
// the callee was changed just before.
func TestSection6Refusals(t *testing.T) {
	caller := func(c incident.Category) []verdict { return []verdict{{incident.KindEdge, "gateway", "gateway", c}} }
	others := incident.Knowledge{RefusedCallers: map[string][]string{"payment\x00POST /pay": {"admin"}}}
	for _, e := range []expectation{
		{name: "401", trace: func() *rcatest.Trace { return refusal("401", 401) }, roots: caller(incident.CategoryAuthentication)},
		{name: "403", trace: func() *rcatest.Trace { return refusal("403", 403) }, roots: caller(incident.CategoryAuthorization)},
		{name: "407", trace: func() *rcatest.Trace { return refusal("407", 407) }, roots: caller(incident.CategoryAuthentication)},
		{
			name: "PERMISSION_DENIED",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("rpc")
				tr.Span("gateway", "GET /pay", server, 0, 20).Answered(502).
					Call("pay.Pay/Do", 1, 9).With("rpc.system", "grpc", "rpc.grpc.status_code", int64(7)).Failed("").
					Serve("payment", "pay.Pay/Do", 2, 8).With("rpc.grpc.status_code", int64(7))
				return tr
			},
			roots: caller(incident.CategoryAuthorization),
		},
		{
			name: "the status stands only in the caller's log",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("log")
				entry := tr.Span("gateway", "GET /pay", server, 0, 20).
					Logged(10, errorLv, `org.springframework.web.client.HttpClientErrorException$Forbidden: 403 : [{"status":403,"path":"/pay"}]`)
				entry.Call("POST", 1, 9).Serve("payment", "/pay", 2, 8)
				return tr
			},
			roots: caller(incident.CategoryAuthorization),
		},
		{
			name: "a database refuses the login",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("db")
				tr.Span("gateway", "GET /pay", server, 0, 20).Answered(500).
					Query("connect", "pay-db", "pay", 1, 9).SQLFailed(9, "28P01", `password authentication failed for user "pay"`)
				return tr
			},
			roots: caller(incident.CategoryAuthentication),
		},
		{
			name: "other callers are refused too", trace: func() *rcatest.Trace { return refusal("others", 403) }, knowledge: others,
			roots: []verdict{{incident.KindEdge, "payment", "payment", incident.CategoryAuthorization}},
		},
	} {
		e.run(t)
	}
}

func TestSection6Report(t *testing.T) {
	tr := refusal("report", 403)
	c := caseOf(t, tr)
	r := rca.Analyze(c).Report
	require.NotNil(t, r.RootCause)
	assert.Equal(t, "payment refused gateway's request with 403", r.RootCause.Statement)
	assert.LessOrEqual(t, r.RootCause.Confidence, incident.Confidence(600_000))
	require.Len(t, r.Candidates, 2)
	assert.Equal(t, "gateway", r.Candidates[0].Component)
	assert.Equal(t, "payment", r.Candidates[1].Component)

	t.Run("a change of the callee precedes onset", func(t *testing.T) {
		c.Changes = []incident.Change{{ID: "c1", Service: "payment", Kind: "deploy", Time: rcatest.Start - 60*1_000_000_000}}
		r := rca.Analyze(c).Report
		require.NotNil(t, r.RootCause)
		assert.Equal(t, "payment", r.RootCause.Component)
		assert.Equal(t, incident.TriggerChange, r.RootCause.Trigger)
	})
	t.Run("a change of another service does not matter", func(t *testing.T) {
		c.Changes = []incident.Change{{ID: "c1", Service: "search", Kind: "deploy", Time: rcatest.Start - 60*1_000_000_000}}
		assert.Equal(t, "gateway", rca.Analyze(c).Report.RootCause.Component)
	})
	t.Run("nor one after onset", func(t *testing.T) {
		c.Changes = []incident.Change{{ID: "c1", Service: "payment", Kind: "deploy", Time: rcatest.Start + signal.Nanos(60*1_000_000_000)}}
		assert.Equal(t, "gateway", rca.Analyze(c).Report.RootCause.Component)
	})
}
