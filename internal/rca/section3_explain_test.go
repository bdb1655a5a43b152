package rca_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// javaStack is a stack trace with one own frame.
func javaStack(thrown, function string) string {
	class := function[:strings.LastIndexByte(function, '.')]
	file := class[strings.LastIndexByte(class, '.')+1:]
	return fmt.Sprintf("%s\n\tat %s(%s.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:833)", thrown, function, file)
}

// chain is gateway → orders → stock, each failed span given by its end; stock throws.
func chain(name string, ordersStatus, gatewayStatus int) (tr *rcatest.Trace, gateway, orders, stock *rcatest.Span) {
	tr = rcatest.New(name)
	gateway = tr.Span("gateway", "GET /order", server, 0, 100).Answered(gatewayStatus)
	orders = gateway.Call("GET", 1, 99).With("peer.service", "orders").Answered(ordersStatus).
		Serve("orders", "GET /order", 2, 98).Answered(ordersStatus)
	stock = orders.Call("GET", 10, 50).With("peer.service", "stock").Answered(500).
		Serve("stock", "GET /stock", 11, 49).Answered(500).Threw(48, "java.lang.IllegalStateException", "no warehouse", "")
	return tr, gateway, orders, stock
}

func TestSection3Explained(t *testing.T) {
	stock := verdict{incident.KindCode, "stock", "stock", incident.CategoryCodeException}
	for _, e := range []expectation{
		{
			name:  "all the way to the entry",
			trace: func() *rcatest.Trace { tr, _, _, _ := chain("up", 500, 500); return tr },
			roots: []verdict{stock},
		},
		{
			name: "through a span that was not received",
			trace: func() *rcatest.Trace {
				tr, _, orders, _ := chain("lost", 500, 500)
				orders.Lost()
				return tr
			},
			roots: []verdict{stock},
		},
		{
			name: "through a silent internal span",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("internal")
				entry := tr.Span("gateway", "GET /order", server, 0, 100).Answered(500)
				entry.Inside("handler", 1, 99).Inside("repository", 2, 90).
					Query("SELECT", "db", "orders", 3, 80).SQLFailed(80, "42P01", "relation does not exist")
				return tr
			},
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryDatabaseError}},
		},
		{
			name: "by a response, whatever the clocks say",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("clocks")
				entry := tr.Span("gateway", "GET /order", server, 0, 100).Answered(500)
				entry.Call("GET", 1, 50).With("peer.service", "stock").Answered(500).
					Serve("stock", "GET /stock", 30, 90).Answered(500).Threw(89, "java.lang.IllegalStateException", "no warehouse", "")
				return tr
			},
			roots: []verdict{stock},
		},
		{
			name: "by an exception that is stamped after its span's end",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("stamped")
				entry := tr.Span("gateway", "GET /order", server, 0, 100).Failed("no order")
				entry.Call("GET", 1, 99).With("peer.service", "stock").Failed("no answer").
					Serve("stock", "GET /stock", 2, 90).Failed("").Threw(800, "java.lang.IllegalStateException", "no warehouse", "")
				return tr
			},
			roots: []verdict{stock},
		},
		{
			name: "not by what ended later",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("later")
				entry := tr.Span("gateway", "GET /order", server, 0, 40).Answered(500).
					Threw(20, "java.lang.IllegalStateException", "no session", "")
				entry.Inside("audit", 21, 90).Failed("cannot write").Threw(90, "java.io.IOException", "audit log closed", "")
				return tr
			},
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryCodeException}},
		},
		{
			name: "not through a span that went well",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("well")
				entry := tr.Span("gateway", "GET /order", server, 0, 100).Answered(500).
					Threw(80, "java.lang.IllegalStateException", "no session", "")
				entry.Call("GET", 1, 50).With("peer.service", "orders").HTTP(200).
					Serve("orders", "GET /order", 2, 49).HTTP(200).Logged(30, errorLv, "cannot read the cache")
				return tr
			},
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryCodeException}},
		},
		{
			name: "an unreachable peer is not explained by another call",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("other")
				entry := tr.Span("preserve", "/preserve", server, 0, 100).
					Logged(90, errorLv, "java.lang.IllegalStateException: No instances available for travel")
				entry.Call("GET", 1, 50).Serve("contacts", "/contacts", 2, 49).Logged(30, errorLv, "No contacts found")
				return tr
			},
			roots: []verdict{{incident.KindDependency, "preserve", "travel", incident.CategoryDependencyUnavailable}},
		},
	} {
		e.run(t)
	}
}

// Section 3: a cancellation explains nothing but cancellations below it, and is explained by an
// ancestor that gave up.
func TestSection3Cancellations(t *testing.T) {
	slow := verdict{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}
	for _, e := range []expectation{
		{
			name: "the callee of a timeout",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("callee")
				entry := tr.Span("orders", "GET /order", server, 0, 502).Answered(504)
				entry.Call("GET", 1, 501).With("peer.service", "stock").Failed("context deadline exceeded").
					Serve("stock", "GET /stock", 2, 503).Failed("context canceled")
				return tr
			},
			roots: []verdict{slow},
		},
		{
			name: "two levels down",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("levels")
				entry := tr.Span("orders", "GET /order", server, 0, 502).Answered(504)
				entry.Call("GET", 1, 501).With("peer.service", "stock").Failed("context deadline exceeded").
					Serve("stock", "GET /stock", 2, 503).Failed("context canceled").
					Inside("count", 3, 502).Failed("context canceled").Logged(502, errorLv, "count: context canceled")
				return tr
			},
			roots: []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "a sibling of the failure",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("sibling")
				entry := tr.Span("orders", "GET /order", server, 0, 60).Answered(500)
				entry.Call("GET a", 1, 50).With("peer.service", "stock").Answered(500).
					Serve("stock", "GET /stock", 2, 49).Answered(500).Threw(48, "java.lang.IllegalStateException", "no warehouse", "")
				entry.Call("GET b", 1, 52).With("peer.service", "price").Failed("context canceled").
					Serve("price", "GET /price", 2, 53).Failed("context canceled")
				return tr
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryCodeException}},
		},
	} {
		e.run(t)
	}
}

// Section 3: an exception of own code is explained by the last failed call before it, whatever its
// type, but a fault of its own is a second candidate.
func TestSection3OwnExceptions(t *testing.T) {
	build := func(name, typ, message, function string) *rcatest.Trace {
		tr, _, orders, _ := chain(name, 500, 500)
		stack := ""
		if function != "" {
			stack = javaStack(typ+": "+message, function)
		}
		orders.Threw(60, typ, message, stack)
		return tr
	}
	for name, c := range map[string]struct {
		trace *rcatest.Trace
		rival bool
	}{
		"wrapper":                     {build("wrapper", "shop.OrderFailedException", "cannot order", "shop.Orders.order"), false},
		"null pointer in own code":    {build("npe", "java.lang.NullPointerException", "item is null", "shop.Orders.order"), true},
		"null pointer that names it":  {build("named", "java.lang.NullPointerException", "answer of stock is null", "shop.Orders.order"), false},
		"null pointer without frames": {build("bare", "java.lang.NullPointerException", "item is null", ""), false},
		"parse error in own code":     {build("parse", "com.fasterxml.jackson.core.JsonParseException", "Unexpected character", "shop.Orders.read"), true},
	} {
		t.Run(name, func(t *testing.T) {
			root := only(t, classify(c.trace))
			assert.Equal(t, "stock", root.Service)
			r := report(t, c.trace)
			require.NotNil(t, r.RootCause)
			if !c.rival {
				assert.Len(t, r.Candidates, 1)
				return
			}
			require.Len(t, r.Candidates, 2)
			assert.Equal(t, "stock", r.Candidates[0].Service)
			assert.Equal(t, "orders", r.Candidates[1].Service)
			assert.Greater(t, r.Candidates[0].Score, r.Candidates[1].Score)
			assert.LessOrEqual(t, r.RootCause.Confidence, incident.Confidence(700_000))
		})
	}

	t.Run("one exception logged twice is no rival of itself", func(t *testing.T) {
		const line = "java.lang.NullPointerException\n\tat shop.Orders.find(Orders.java:10)"
		tr := rcatest.New("twice")
		entry := tr.Span("orders", "/order", server, 0, 50).Logged(40, errorLv, line)
		entry.Inside("Orders.find", 1, 39).Logged(38, errorLv, line)
		assert.Equal(t, "orders", only(t, classify(tr)).Service)
		assert.Len(t, report(t, tr).Candidates, 1)
	})
	t.Run("a plain error log after the call is no cause", func(t *testing.T) {
		tr, _, orders, _ := chain("plain", 500, 500)
		orders.Threw(60, "shop.OrderFailedException", "cannot order", "")
		orders.Inside("Orders.find", 1, 58).Logged(55, errorLv, "giving up")
		assert.Equal(t, "stock", only(t, classify(tr)).Service)
	})

	t.Run("the last of several calls", func(t *testing.T) {
		tr := rcatest.New("last")
		entry := tr.Span("orders", "GET /order", server, 0, 100).Answered(500).Threw(90, "shop.OrderFailedException", "cannot order", "")
		for i, name := range []string{"stock", "price"} {
			entry.Call("GET", 10+30*i, 30+30*i).With("peer.service", name).Answered(500).
				Serve(name, "GET /"+name, 11+30*i, 29+30*i).Answered(500).Threw(28+30*i, "java.lang.IllegalStateException", "no "+name, "")
		}
		root := only(t, classify(tr))
		assert.Equal(t, "price", root.Service)
		assert.Contains(t, marshal(t, report(t, tr).Findings), "also failed: stock")
	})
}

// Section 3: origins whose failed chain reaches the entry are primary; if none does, the one that
// ended earliest. Several are ordered by end, then span ID.
func TestSection3Primary(t *testing.T) {
	t.Run("two that both reach the entry", func(t *testing.T) {
		tr := rcatest.New("two")
		entry := tr.Span("orders", "GET /order", server, 0, 100).Answered(500)
		for i, name := range []string{"stock", "price"} {
			entry.Call("GET", 10, 60-30*i).With("peer.service", name).Answered(500).
				Serve(name, "GET /"+name, 11, 59-30*i).Answered(500).Threw(58-30*i, "java.lang.IllegalStateException", "no "+name, "")
		}
		c := classify(tr)
		require.Len(t, c.Roots, 2)
		assert.Equal(t, "price", c.Roots[0].Service)
		assert.Equal(t, "stock", c.Roots[1].Service)
	})
	t.Run("none reaches the entry", func(t *testing.T) {
		tr := rcatest.New("none")
		entry := tr.Span("orders", "GET /order", server, 0, 100).Answered(200)
		for i, name := range []string{"stock", "price"} {
			entry.Call("GET "+name, 10, 60-30*i).With("peer.service", name).Answered(500).
				Serve(name, "GET /"+name, 11, 59-30*i).Answered(500).Threw(58-30*i, "java.lang.IllegalStateException", "no "+name, "")
		}
		c := classify(tr)
		assert.Equal(t, "price", only(t, c).Service)
		assert.Equal(t, incident.OutcomeDegraded, c.Outcome)
	})
	t.Run("equal roots are one", func(t *testing.T) {
		tr := rcatest.New("equal")
		entry := tr.Span("orders", "GET /order", server, 0, 100).Answered(500)
		for i := range 3 {
			entry.Query("SELECT", "db", "orders", 10+10*i, 15+10*i).SQLFailed(15+10*i, "42P01", "relation does not exist")
		}
		root := only(t, classify(tr))
		assert.Equal(t, 4, root.Errors)
	})
}

// Section 3: without spans, wrappers come after others.
func TestSection3LogsWithoutSpans(t *testing.T) {
	for name, c := range map[string]struct {
		first, second string // bodies of gateway's and payment's error logs
		root          string
	}{
		"wrapper first":   {"upstream payment returned 500", "cannot charge the card", "payment"},
		"wrapper second":  {"cannot charge the card", "upstream gateway returned 500", "gateway"},
		"neither wraps":   {"no session", "cannot charge the card", "gateway"},
		"names its peer":  {"payment call failed: 503", "pool exhausted", "payment"},
		"both wrap: time": {"payment failed", "gateway failed", "gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name).Log("gateway", 0, errorLv, c.first).Log("payment", 20, errorLv, c.second)
			classified := rca.Classify("", tr.Build(), incident.Knowledge{})
			require.NotEmpty(t, classified.Roots)
			assert.Equal(t, c.root, classified.Roots[0].Service)
		})
	}
}
