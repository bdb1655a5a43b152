package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// Section 4: the transport lends its call a reason, never a name or an IP; where no call is recorded, it
// stands for it.
func TestSection4Transports(t *testing.T) {
	const refused = "connect ECONNREFUSED 10.20.0.12:5432"
	entry := func(name string) *rcatest.Span {
		return rcatest.New(name).Span("orders", "GET /stock", server, 0, 100).Answered(500)
	}
	for _, e := range []struct {
		name string
		span func() *rcatest.Span
		want verdict
	}{
		{"below a call that says only that it failed", func() *rcatest.Span {
			s := entry("below").Threw(90, "Error", refused, "")
			c := s.Query("connect", "orders-db", "shop", 10, 80).Failed("")
			c.Inside("tcp.connect", 20, 70).With("server.address", "10.20.0.12", "server.port", int64(5432)).Failed(refused)
			return s
		}, unreachable("orders", "orders-db")},
		{"beside a call, which ended before it", func() *rcatest.Span {
			s := entry("beside").Threw(90, "TypeError", "fetch failed", "")
			s.Call("GET", 10, 80).With("server.address", "pay.example").Failed("self-signed certificate")
			s.Inside("tls.connect", 20, 82).Failed("self-signed certificate").
				Inside("tcp.connect", 20, 30).With("server.address", "pay.example", "network.peer.address", "10.20.0.40")
			return s
		}, verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryCertificate}},
		{"beside several calls at once, of which it names one", func() *rcatest.Span {
			s := entry("several").Threw(90, "TypeError", "fetch failed", "")
			s.Call("GET", 10, 80).With("server.address", "stock.example").HTTP(200)
			s.Call("GET", 10, 80).With("server.address", "pay.example").Failed("")
			s.Call("GET", 10, 80).With("server.address", "tax.example").HTTP(200)
			s.Call("dns.lookup", 20, 85).Failed("getaddrinfo ENOTFOUND pay.example")
			return s
		}, verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryDNS}},
		{"without a call", func() *rcatest.Span {
			s := entry("alone").Threw(90, "Error", refused, "")
			s.Call("dns.lookup", 10, 20).With("peer.ipv4", "10.20.0.12")
			s.Inside("tcp.connect", 10, 30).With("server.address", "orders-db", "server.port", int64(5432)).Failed(refused)
			return s
		}, unreachable("orders", "orders-db")},
		{"to another host than that of the call above", func() *rcatest.Span {
			s := entry("tokens").Threw(90, "Error", "no token", "")
			s.Call("S3.PutObject", 10, 80).With("server.address", "s3.example.com").Failed("").
				Inside("tcp.connect", 20, 30).With("server.address", "tokens.example.com").Failed("connect ECONNREFUSED 10.1.1.1:443")
			return s
		}, unreachable("orders", "tokens.example.com")},
		{"but not where the call was answered", func() *rcatest.Span {
			s := entry("answered").Threw(90, "Error", "no stock", "")
			s.Call("GET", 10, 80).With("server.address", "stock.example").Answered(500).
				Inside("tcp.connect", 20, 30).With("server.address", "stock.example").Failed("connect ECONNREFUSED ::1:80")
			return s
		}, verdict{incident.KindDependency, "orders", "stock.example", incident.CategoryUnknown}},
	} {
		t.Run(e.name, func(t *testing.T) {
			assert.Equal(t, e.want, verdictOf(only(t, classify(e.span().Trace()))))
		})
	}

	t.Run("no failure where the call went well after another attempt", func(t *testing.T) {
		s := rcatest.New("v6").Span("orders", "GET /stock", server, 0, 100).HTTP(200)
		c := s.Query("connect", "orders-db", "shop", 10, 80)
		c.Inside("tcp.connect", 20, 30).With("server.address", "orders-db").Failed("connect ECONNREFUSED ::1:5432")
		c.Inside("tcp.connect", 31, 40).With("server.address", "orders-db")
		assert.Equal(t, incident.FailureDismissed, classify(s.Trace()).State)
	})
	t.Run("a wait in the transport is a wait for the peer", func(t *testing.T) {
		s := rcatest.New("wait").Span("orders", "GET /stock", server, 0, 3100).Answered(504)
		s.Call("GET", 10, 3010).With("server.address", "stock.example").Failed("context deadline exceeded").
			Inside("tcp.connect", 20, 3010).With("server.address", "10.1.1.1")
		assert.Equal(t, verdict{incident.KindDependency, "orders", "stock.example", incident.CategoryTimeout}, verdictOf(only(t, classify(s.Trace()))))
	})
}

// Section 4: an IP goes by the name under which the same trace shows it.
func TestSection4NamesOfIPs(t *testing.T) {
	const text = "connect ECONNREFUSED 10.20.0.12:8080"
	for _, e := range []struct {
		name string
		add  func(entry *rcatest.Span)
		want string
	}{
		{"by the socket of a call", func(s *rcatest.Span) {
			s.Call("GET", 1, 5).With("server.address", "stock.internal", "network.peer.address", "10.20.0.12").HTTP(200)
		}, "stock.internal:8080"},
		{"by what its name resolved to", func(s *rcatest.Span) {
			s.Call("dns.lookup", 1, 2).With("peer.ipv4", "10.20.0.12")
			s.Inside("tcp.connect", 1, 5).With("server.address", "stock.internal")
		}, "stock.internal:8080"},
		{"by the connection below a call", func(s *rcatest.Span) {
			s.Call("grpc.Stock/Get", 1, 5).With("server.address", "stock.internal").
				Inside("tcp.connect", 1, 2).With("server.address", "10.20.0.12")
		}, "stock.internal:8080"},
		{"but not where several names share it", func(s *rcatest.Span) {
			s.Call("GET", 1, 5).With("server.address", "stock.internal", "network.peer.address", "10.20.0.12").HTTP(200)
			s.Call("GET", 6, 9).With("server.address", "pay.internal", "network.peer.address", "10.20.0.12").HTTP(200)
		}, "10.20.0.12:8080"},
		{"nor by the caller of a server", func(s *rcatest.Span) {
			s.Inside("handler", 1, 5).Child("orders", "GET", server, 2, 4).With("server.address", "orders.internal", "network.peer.address", "10.20.0.12")
		}, "10.20.0.12:8080"},
	} {
		t.Run(e.name, func(t *testing.T) {
			s := rcatest.New(e.name).Span("orders", "GET /stock", server, 0, 100).Answered(500).Threw(90, "StockException", text, "")
			e.add(s)
			assert.Equal(t, unreachable("orders", e.want), verdictOf(only(t, classify(s.Trace()))))
		})
	}
}

// Section 4: a text names a peer only in words that a client is known to name its peer with.
func TestSection4PeersInTexts(t *testing.T) {
	for _, e := range []struct{ name, text, want string }{
		{"the URL of a request", `I/O error on GET request for "http://stock.internal:8080/items": Connection refused`, "stock.internal:8080"},
		{"a host and a port", "connect ECONNREFUSED 10.20.0.12:8080", "10.20.0.12:8080"},
		{"a name that does not resolve, not the resolver", "dial tcp: lookup stock.internal on 10.96.0.10:53: no such host", "stock.internal"},
		{"a resolved name", "Failed to connect to stock.internal/10.0.0.7:8080: Connection refused", "stock.internal:8080"},
		{"a server of a database", `connection to server at "pg-main.internal" (10.9.0.4), port 5432 failed: Connection refused`, "pg-main.internal"},

		{"no link to a manual", "Connection refused. Background on this error at: https://sqlalche.me/e/14/e3q8", "an unnamed peer of orders"},
		{"no actor", "Connection refused by [akka://app/user/stock#17]", "an unnamed peer of orders"},
		{"no product", "could not establish a connection to SQL Server: connection refused", "an unnamed peer of orders"},
		{"no place in the code", "connection refused (client.go:443)", "an unnamed peer of orders"},
	} {
		t.Run(e.name, func(t *testing.T) {
			s := rcatest.New(e.text).Span("orders", "GET /stock", server, 0, 100).Answered(500).Logged(90, errorLv, e.text)
			assert.Equal(t, e.want, only(t, classify(s.Trace())).Component)
		})
	}
}

// Section 4: the peer of a proxy is the cluster to which it sends, and its flags say what happened.
func TestSection4Proxies(t *testing.T) {
	const istio = "outbound|9080||reviews.shop.svc.cluster.local"
	for _, e := range []struct {
		name, cluster, flags string
		want                 verdict
	}{
		{"not connected", istio, "UF,URX", unreachable("ingress", "reviews")},
		{"no healthy host", istio, "UH", unreachable("ingress", "reviews")},
		{"a cluster of another name", "reviews_backend", "UC", unreachable("ingress", "reviews_backend")},
		{"too many requests pending", istio, "UO", verdict{incident.KindDependency, "ingress", "reviews", incident.CategoryCapacity}},
		{"the peer's own answer", istio, "-", unreachable("ingress", "reviews")},
		{"past the mesh", "PassthroughCluster", "UF", unreachable("ingress", "shop.example")},
	} {
		t.Run(e.name, func(t *testing.T) {
			tr := rcatest.New(e.name)
			tr.Span("ingress", "reviews", client, 0, 30).With("http.url", "https://shop.example/reviews/7", "upstream_cluster.name", e.cluster,
				"response_flags", e.flags).Answered(503)
			assert.Equal(t, e.want, verdictOf(only(t, classify(tr))))
		})
	}
}
