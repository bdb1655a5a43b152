package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const forbidden = "request for stock names denied:org.springframework.web.client.HttpClientErrorException: 403 null"

// Agents that mark spans Error without any status leave the answer in the caller's log alone.
func TestSection6StatusOnlyInTheCallersLog(t *testing.T) {
	orders := verdict{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}
	refused := func(name string, call, serve signal.SpanKind, marked bool) *rcatest.Trace {
		tr := rcatest.New(name)
		entry := tr.Span("orders", "POST /orders", serve, 0, 20).Logged(12, errorLv, forbidden)
		exit := entry.Child("orders", "/stock/names", call, 3, 10)
		callee := exit.Child("stock", "/stock/names", serve, 4, 9)
		if marked {
			entry.Failed("")
			exit.Failed("")
			callee.Failed("")
		}
		return tr
	}
	for _, e := range []expectation{
		{
			name:  "spans marked without a reason",
			trace: func() *rcatest.Trace { return refused("marked", client, server, true) },
			roots: []verdict{orders},
		},
		{
			name:  "kinds but no marks",
			trace: func() *rcatest.Trace { return refused("kinds", client, server, false) },
			roots: []verdict{orders},
		},
		{
			name:  "neither kinds nor marks",
			trace: func() *rcatest.Trace { return refused("bare", internal, internal, false) },
			roots: []verdict{orders},
		},
		{
			name: "the call before the log, not a later one",
			trace: func() *rcatest.Trace {
				tr := refused("later", internal, internal, false)
				tr.Span("billing", "GET /unrelated", internal, 13, 19)
				return tr
			},
			roots: []verdict{orders},
		},
		{
			name: "an error that the callee tells of is no mere mark",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("told")
				entry := tr.Span("orders", "POST /orders", server, 0, 20).Failed("").Logged(12, errorLv, forbidden)
				entry.Child("orders", "/stock/names", client, 3, 10).Failed("").
					Child("stock", "/stock/names", server, 4, 9).Failed("").
					Threw(8, "java.lang.IllegalStateException", "no policy loaded", javaStack("java.lang.IllegalStateException: no policy loaded", "com.shop.Policy.check"))
				return tr
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryCodeException}},
		},
	} {
		e.run(t)
	}
}

const readTimedOut = `org.springframework.web.client.ResourceAccessException: I/O error on GET request for "http://stock:8080/stock/names": ` +
	"Read timed out; nested exception is java.net.SocketTimeoutException: Read timed out"

// Where spans name neither kind nor peer, the message of a timeout tells whom the caller waited for.
func TestSection5PeerOnlyInTheMessage(t *testing.T) {
	waited := func(name string) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", internal, 0, 5000).Logged(4999, errorLv, readTimedOut).
			Inside("/stock/names", 2, 4998)
		return tr
	}
	for _, e := range []expectation{
		{
			name:  "a peer without telemetry",
			trace: func() *rcatest.Trace { return waited("silent") },
			roots: []verdict{{incident.KindDependency, "orders", "stock", incident.CategoryTimeout}},
		},
		{
			name:      "a peer with telemetry elsewhere",
			trace:     func() *rcatest.Trace { return waited("elsewhere") },
			knowledge: incident.Knowledge{ServicesEver: []string{"stock"}},
			roots:     []verdict{{incident.KindUnknown, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "no peer named",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("unnamed")
				tr.Span("orders", "POST /orders", server, 0, 5000).Logged(4999, errorLv, "deadline exceeded")
				return tr
			},
			roots: []verdict{{incident.KindSlow, "orders", "orders", incident.CategoryTimeout}},
		},
	} {
		e.run(t)
	}
}

// Section 6: a callee that marks the request it refused has not failed because of it.
func TestSection6RefusalPropagation(t *testing.T) {
	for _, b := range []struct {
		name string
		kind signal.SpanKind
	}{{"kinds", client}, {"internal only", internal}, {"no kinds", signal.KindUnspecified}} {
		t.Run(b.name, func(t *testing.T) {
			tr := rcatest.New(b.name)
			entry := tr.Span("gateway", "/order", b.kind, 0, 40).Failed("")
			orders := entry.Child("orders", "/order", b.kind, 1, 39).Failed("").
				Logged(22, errorLv, "asking for names failed:org.springframework.web.client.HttpClientErrorException: 403 null")
			orders.Child("orders", "/stock/names", b.kind, 2, 20).Failed("").Child("stock", "/stock/names", b.kind, 3, 19).Failed("")
			r := report(t, tr)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, "stock refused orders's request with 403", r.RootCause.Statement)
			assert.Equal(t, "orders", r.RootCause.Component)
			require.Len(t, r.Propagation, 1)
			assert.Equal(t, "orders", r.Propagation[0].From)
			assert.Equal(t, "gateway", r.Propagation[0].To)
			assert.Equal(t, "gateway", r.CriticalFailure.Service)
		})
	}
}
