package rca_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// Section 4: kind and component, the first with cited evidence wins.
func TestSection4Kinds(t *testing.T) {
	entry := func(name string) (*rcatest.Trace, *rcatest.Span) {
		tr := rcatest.New(name)
		return tr, tr.Span("orders", "GET /order", server, 0, 100).Answered(500)
	}
	logged := func(severity int32, body string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr, e := entry(body)
			e.Logged(50, severity, body)
			return tr
		}
	}
	seen := func(services ...string) incident.Knowledge {
		return incident.Knowledge{ServicesSeen: services, ServicesEver: services}
	}
	for _, e := range []expectation{
		// resource
		{
			name: "an acquire span that failed",
			trace: func() *rcatest.Trace {
				tr, e := entry("acquire")
				e.Call("pool.acquire", 1, 90).With("db.system.name", "postgresql").Failed("context deadline exceeded")
				return tr
			},
			roots: []verdict{{incident.KindResource, "orders", "orders", incident.CategoryConnectionPoolExhausted}},
		},
		{
			name:  "an error that names the pool",
			trace: logged(errorLv, "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms"),
			roots: []verdict{{incident.KindResource, "orders", "orders", incident.CategoryConnectionPoolExhausted}},
		},
		{
			name:  "memory",
			trace: logged(errorLv, "java.lang.OutOfMemoryError: Java heap space"),
			roots: []verdict{{incident.KindResource, "orders", "orders", incident.CategoryResourceMemory}},
		},
		{
			name:  "the decisive record is an INFO log",
			trace: logged(info, "write /var/lib/orders/7: no space left on device"),
			roots: []verdict{{incident.KindResource, "orders", "orders", incident.CategoryResourceDisk}},
		},
		// dependency
		{
			name: "refused, and the address belongs to a service",
			trace: func() *rcatest.Trace {
				tr, e := entry("refused")
				e.Call("GET", 1, 9).With("server.address", "10.0.0.7", "server.port", int64(8080)).
					Failed("dial tcp 10.0.0.7:8080: connect: connection refused")
				return tr
			},
			knowledge: incident.Knowledge{AddressOwners: map[string]string{"10.0.0.7:8080": "stock"}, ServicesSeen: []string{"stock"}, ServicesEver: []string{"stock"}},
			roots:     []verdict{{incident.KindDependency, "stock", "stock", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "refused, and the address belongs to nobody known",
			trace: func() *rcatest.Trace {
				tr, e := entry("nobody")
				e.Call("GET", 1, 9).With("server.address", "api.bank.example", "server.port", int64(443)).
					Failed("connect ECONNREFUSED 203.0.113.9:443")
				return tr
			},
			roots: []verdict{{incident.KindDependency, "orders", "api.bank.example", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "a name that does not resolve",
			trace: func() *rcatest.Trace {
				tr, e := entry("dns")
				e.Call("GET", 1, 9).With("url.full", "http://stock.internal/items").Failed("dial tcp: lookup stock.internal on 10.0.0.2:53: no such host")
				return tr
			},
			roots: []verdict{{incident.KindDependency, "orders", "stock.internal", incident.CategoryDNS}},
		},
		{
			name:      "only a message names the peer, which has telemetry",
			trace:     logged(errorLv, "java.lang.IllegalStateException: No instances available for stock"),
			knowledge: seen("stock"),
			roots:     []verdict{{incident.KindDependency, "stock", "stock", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "the peer's own error, and the peer has no telemetry",
			trace: func() *rcatest.Trace {
				tr, e := entry("own")
				e.Call("POST", 1, 9).With("server.address", "api.bank.example").Answered(503)
				return tr
			},
			roots: []verdict{{incident.KindDependency, "orders", "api.bank.example", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "the peer's own error, and the peer has telemetry but none here",
			trace: func() *rcatest.Trace {
				tr, e := entry("none here")
				e.Call("POST", 1, 9).With("peer.service", "stock").Answered(500)
				return tr
			},
			knowledge: seen("stock"),
			roots:     []verdict{{incident.KindUnknown, "stock", "stock", incident.CategoryUnknown}},
		},
		{
			name: "the peer's own error, and its span is here without an error",
			trace: func() *rcatest.Trace {
				tr, e := entry("silent peer")
				e.Call("POST", 1, 9).With("peer.service", "stock").Answered(500).Serve("stock", "POST /items", 2, 8)
				return tr
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryUnknown}},
		},
		// edge
		{
			name: "a refusal",
			trace: func() *rcatest.Trace {
				tr, e := entry("refusal")
				e.Call("POST", 1, 9).With("peer.service", "stock").Answered(403).Serve("stock", "POST /items", 2, 8).HTTP(403)
				return tr
			},
			roots: []verdict{{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}},
		},
		// slow
		{
			name: "a deadline passed while a span held the time",
			trace: func() *rcatest.Trace {
				tr, e := entry("slow")
				e.Call("GET", 1, 99).With("peer.service", "stock").Failed("context deadline exceeded").Serve("stock", "GET /items", 2, 300).HTTP(200)
				return tr
			},
			roots: []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
		// code
		{
			name: "an exception with nothing failed below",
			trace: func() *rcatest.Trace {
				tr, e := entry("code")
				e.Threw(50, "shop.PriceMissing", "no price", javaStack("shop.PriceMissing: no price", "shop.Prices.of"))
				return tr
			},
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryCodeException}},
		},
		{
			name:  "an error log and nothing more",
			trace: logged(errorLv, "order is in the wrong state"),
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryUnknown}},
		},
		{
			name:  "a status and nothing more",
			trace: func() *rcatest.Trace { tr, _ := entry("status"); return tr },
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
}

// Section 4: an exit call is told by its kind, or by its attributes below a span of its service.
func TestSection4ExitCalls(t *testing.T) {
	call := func(attributes ...any) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("exit")
			tr.Span("orders", "GET /order", internal, 0, 100).Failed("").
				Child("orders", "call", internal, 1, 90).With(attributes...).Failed("connection refused")
			return tr
		}
	}
	refused := func(component string) []verdict {
		return []verdict{{incident.KindDependency, "orders", component, incident.CategoryDependencyUnavailable}}
	}
	for _, e := range []expectation{
		{name: "server.address", trace: call("server.address", "stock.internal"), roots: refused("stock.internal")},
		{name: "net.peer.name", trace: call("net.peer.name", "stock.internal", "net.peer.port", int64(9000)), roots: refused("stock.internal:9000")},
		{name: "peer.service", trace: call("peer.service", "stock"), roots: refused("stock")},
		{name: "url", trace: call("http.url", "http://stock:8080/x"), roots: refused("stock")},
		{name: "database", trace: call("db.system", "redis", "server.address", "cache-0.cache"), roots: refused("cache.cache")},
		{
			name: "a server span that calls",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("server calls")
				tr.Span("orders", "GET /order", server, 0, 100).Failed("").
					Child("orders", "HTTP POST api.bank.example", server, 1, 90).With("http.url", "https://api.bank.example/v1").Answered(503)
				return tr
			},
			roots: refused("api.bank.example"),
		},
		{
			name: "a service that calls itself",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("itself")
				tr.Span("orders", "GET /order", server, 0, 100).Answered(500).
					Call("GET", 1, 90).With("server.address", "orders").Answered(500).
					Child("orders", "GET /price", server, 2, 89).With("server.address", "orders").Answered(500).Threw(80, "java.lang.NullPointerException", "price", "")
				return tr
			},
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryCodeException}},
		},
		{name: "database without an address", trace: call("db.system", "redis"), roots: refused("redis of orders")},
	} {
		e.run(t)
	}
}

// Kinds that spans do not say are derived where the service changes.
func TestDerivedKinds(t *testing.T) {
	for name, kind := range map[string]int32{"internal": 1, "unspecified": 0} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			e := tr.Span("orders", "GET /order", signalKind(kind), 0, 1000).Failed("")
			e.Child("orders", "HTTP GET", signalKind(kind), 1, 999).Failed("Read timed out").
				Child("stock", "GET /items", signalKind(kind), 2, 5)
			root := only(t, classify(tr))
			// The call is an exit call: the time between its two ends belongs to the edge.
			want := verdict{incident.KindEdge, "stock", "stock", incident.CategoryTimeout}
			if got := verdictOf(root); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// sharing makes two spans the sides of one call, as Zipkin's tracers record it.
func sharing(call, serve *rcatest.Span) *rcatest.Span {
	serve.Record().SpanID, serve.Record().ParentSpanID = call.Record().SpanID, call.Record().ParentSpanID
	return serve
}

func TestSection4SharedSpans(t *testing.T) {
	build := func(fail func(call, serve *rcatest.Span)) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("shared")
			call := tr.Span("gateway", "GET /", server, 0, 100).Failed("").HTTP(500).Call("GET", 10, 90)
			fail(call, sharing(call, call.Serve("orders", "GET /orders", 11, 89)))
			return tr
		}
	}
	tests := []expectation{
		{
			name: "the callee threw", trace: build(func(call, serve *rcatest.Span) {
				call.Failed("").HTTP(500)
				serve.Failed("").HTTP(500).Threw(50, "java.lang.NullPointerException", "item is null", javaStack("java.lang.NullPointerException", "shop.Orders.index"))
			}),
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryCodeException}},
		},
		{
			name: "the callee's own store was locked", trace: build(func(call, serve *rcatest.Span) {
				call.Failed("").HTTP(500)
				serve.Failed("").HTTP(500).Query("SELECT", "orders-db", "orders", 20, 40).SQLFailed(40, "40P01", "deadlock detected")
			}),
			roots: []verdict{{incident.KindDependency, "orders", "orders-db", incident.CategoryDatabaseLock}},
		},
		{
			name: "the callee refused", trace: build(func(call, serve *rcatest.Span) {
				call.Failed("").HTTP(403)
				serve.HTTP(403)
			}),
			roots: []verdict{{incident.KindEdge, "gateway", "gateway", incident.CategoryAuthorization}},
		},
	}
	for _, tt := range tests {
		tt.run(t)
	}
}
