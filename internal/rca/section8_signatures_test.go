package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

func rootOf(t *testing.T, tr *rcatest.Trace) incident.Root {
	t.Helper()
	return only(t, classify(tr))
}

// lost is a caller that cannot reach an address.
func lost(caller, message string, attributes ...any) *rcatest.Trace {
	tr := rcatest.New(caller + message)
	tr.Span(caller, "GET /", server, 0, 50).Answered(500).Call("call", 1, 9).With(attributes...).Failed(message)
	return tr
}

// Section 8: what has one root key and what has not.
func TestSection8Dependencies(t *testing.T) {
	db := func(caller, host, namespace, message string) *rcatest.Trace {
		return lost(caller, message, "db.system.name", "postgresql", "server.address", host, "server.port", int64(5432), "db.namespace", namespace)
	}
	base := rootOf(t, db("orders", "shop-db", "shop", "connection refused"))
	assert.Equal(t, []string{"postgresql", "shop-db"}, base.Parts.Identity)
	assert.Equal(t, incident.ClassUnavailable, base.Parts.Class)
	for name, tr := range map[string]*rcatest.Trace{
		"another database":     db("orders", "shop-db", "users", "connection refused"),
		"no database":          lost("orders", "connection refused", "db.system.name", "postgresql", "server.address", "shop-db"),
		"another caller":       db("stock", "shop-db", "shop", "connection refused"),
		"another failure":      db("orders", "shop-db", "shop", "no such host"),
		"a pod of it":          db("orders", "shop-db-1", "shop", "connection reset by peer"),
		"its cluster name":     db("orders", "shop-db.svc.cluster.local", "shop", "connection refused"),
		"the default port":     lost("orders", "connection refused", "db.system.name", "postgresql", "server.address", "shop-db", "db.namespace", "shop"),
		"its former name":      lost("orders", "connection refused", "db.system", "postgresql", "net.peer.name", "shop-db", "db.name", "shop"),
		"an unregistered name": lost("orders", "connection refused", "db.system", "postgres", "server.address", "shop-db", "db.namespace", "shop"),
		"upper case and a dot": db("orders", "Shop-DB.", "shop", "connection refused"),
		"a former name of it":  lost("orders", "connection refused", "db.system", "postgres", "net.peer.name", "shop-db", "db.name", "shop"),
	} {
		assert.Equal(t, base.Signature, rootOf(t, tr).Signature, name)
	}
	for name, tr := range map[string]*rcatest.Trace{
		"another host":      db("orders", "user-db", "shop", "connection refused"),
		"its own error":     db("orders", "shop-db", "shop", "ERROR: deadlock detected (SQLSTATE 40P01)"),
		"too many sessions": db("orders", "shop-db", "shop", "FATAL: sorry, too many clients already (SQLSTATE 53300)"),
		"no answer":         db("orders", "shop-db", "shop", "context deadline exceeded"),
	} {
		assert.NotEqual(t, base.Signature, rootOf(t, tr).Signature, name)
	}
	assert.Equal(t, incident.ClassResource, rootOf(t, db("o", "d", "n", "too many clients already (SQLSTATE 53300)")).Parts.Class)
	locked := rootOf(t, db("orders", "shop-db", "shop", "deadlock detected (SQLSTATE 40P01)"))
	assert.Equal(t, incident.ClassData, locked.Parts.Class)
	assert.Equal(t, []string{"postgresql", "shop-db/shop"}, locked.Parts.Identity, "an error that a database answers is its own")

	timeout := rootOf(t, db("orders", "shop-db", "shop", "context deadline exceeded"))
	assert.Equal(t, []string{base.Signature}, timeout.Joins, "a timeout joins the open unavailability of the same database")
	assert.Contains(t, base.Takes, timeout.Signature, "whichever was seen first")
	assert.Empty(t, base.Joins)
}

// Section 8: a store that cannot be reached is known by its address, and to callers that do not name it by its
// system and the caller; both are one incident, told by the trace that names more.
func TestSection8NamesLess(t *testing.T) {
	thrown := func(service, message string) *rcatest.Trace {
		tr := rcatest.New(service + message)
		tr.Span(service, "GET /reviews", server, 0, 50).Answered(500).Threw(40, "MongoServerSelectionError", message, "")
		return tr
	}
	named, less := rootOf(t, lost("orders", "connection refused", "db.system", "mongodb", "server.address", "mongo-a")), rootOf(t, thrown("orders", "Topology is closed"))
	assert.Equal(t, []string{less.Signature}, named.KnownAs)
	assert.Contains(t, named.Takes, less.Signature)
	assert.Empty(t, less.KnownAs)
	assert.NotContains(t, named.KnownAs, rootOf(t, thrown("cart", "Topology is closed")).Signature, "another caller may have another store")
	assert.Empty(t, rootOf(t, lost("orders", "connection refused", "server.address", "store-a")).KnownAs, "no system")
	assert.Empty(t, rootOf(t, lost("orders", "ERROR: deadlock detected (SQLSTATE 40P01)", "db.system", "postgresql", "server.address", "a")).KnownAs, "it was reached")

	r := report(t, lost("orders", "connection refused", "db.system", "mongodb", "server.address", "mongo-a"), thrown("orders", "Topology is closed"))
	require.NotNil(t, r.RootCause)
	assert.Equal(t, "mongo-a", r.RootCause.Component)
	assert.Equal(t, incident.Confidence(900_000), r.RootCause.Confidence, "both traces show it")
}

// Section 8: a server is one, whatever database is asked for; what it answers is told apart by database.
func TestSection8Databases(t *testing.T) {
	asked := func(system, host, namespace, message string) incident.Root {
		attributes := []any{"db.system.name", system, "db.namespace", namespace}
		if host != "" {
			attributes = append(attributes, "server.address", host)
		}
		return rootOf(t, lost("orders", message, attributes...))
	}
	const (
		refused  = "connection refused"
		full     = "FATAL: sorry, too many clients already (SQLSTATE 53300)"
		deadline = "context deadline exceeded"
		deadlock = "ERROR: deadlock detected (SQLSTATE 40P01)"
	)
	for _, e := range []struct {
		name          string
		system, host  string
		message       string
		a, b          string
		areOneFailure bool
	}{
		{"not reachable", "postgresql", "shop-db", refused, "shop", "users", true},
		{"full", "postgresql", "shop-db", full, "shop", "users", true},
		{"without an answer", "mysql", "shop-db", deadline, "shop", "users", true},
		{"Redis", "redis", "cache", refused, "0", "", true},
		{"Redis, of which only the system is known", "redis", "", refused, "0", "3", true},
		{"Valkey, which answers with an error", "valkey", "cache", "LOADING Valkey is loading the dataset in memory", "0", "1", true},
		{"an answer", "postgresql", "shop-db", deadlock, "shop", "users", false},
		{"a server of which only the database is known", "postgresql", "", refused, "shop", "users", false},
		{"a server that has only an IP", "postgresql", "10.0.0.7", refused, "shop", "users", false},
	} {
		t.Run(e.name, func(t *testing.T) {
			a, b := asked(e.system, e.host, e.a, e.message), asked(e.system, e.host, e.b, e.message)
			if e.areOneFailure {
				assert.Equal(t, a.Signature, b.Signature)
			} else {
				assert.NotEqual(t, a.Signature, b.Signature)
			}
		})
	}
	mute := rootOf(t, lost("orders", "", "db.system.name", "postgresql", "server.address", "shop-db", "db.namespace", "shop"))
	assert.Equal(t, asked("postgresql", "shop-db", "users", refused).Signature, mute.Joins[0], "a failed call of which nothing is known")
}

// Section 8: what a database answers with is told apart by its code, but for locks, which are one.
func TestSection8CodesOfDatabases(t *testing.T) {
	answered := func(state, message string) incident.Root {
		return rootOf(t, lost("orders", message, "db.system.name", "postgresql", "server.address", "shop-db", "db.response.status_code", state))
	}
	damaged := answered("XX001", "could not read block 7")
	assert.Equal(t, incident.ClassData, damaged.Parts.Class)
	assert.Equal(t, damaged.Signature, answered("XX001", "could not read block 7").Signature)
	assert.NotEqual(t, damaged.Signature, answered("58030", "could not fsync file").Signature)
	assert.Equal(t, answered("40P01", "deadlock detected").Signature, answered("", "deadlock detected").Signature)
}

// Section 8: Redis has the databases that its clients number; nobody names the first one.
func TestSection8Redis(t *testing.T) {
	redis := func(message string, attributes ...any) incident.Root {
		return rootOf(t, lost("cart", message, append(attributes, "server.address", "cache")...))
	}
	const wrong = "WRONGTYPE Operation against a key holding the wrong kind of value"
	base := redis(wrong, "db.system.name", "redis")
	assert.Equal(t, base.Signature, redis(wrong, "db.system.name", "redis", "db.namespace", "0").Signature)
	assert.Equal(t, base.Signature, redis(wrong, "db.system", "redis", "db.redis.database_index", int64(0)).Signature)
	assert.Equal(t, redis("connection refused", "db.system.name", "redis").Signature, redis("connection refused", "db.system.name", "redis", "db.namespace", "3").Signature)
}

// Section 8: a failure of a service is told from that of another of the same name by namespace and
// cluster; a dependency by its cluster only.
func TestSection8NamespaceAndCluster(t *testing.T) {
	in := func(namespace, cluster string, fail func(*rcatest.Trace)) incident.Root {
		tr := rcatest.New(namespace + cluster)
		fail(tr)
		trace := tr.Build()
		for _, s := range trace.Spans {
			s.Resource.Attributes = append(s.Resource.Attributes, keyValue("service.namespace", namespace), keyValue("k8s.cluster.name", cluster))
		}
		return rca.Classify("", trace, incident.Knowledge{}).Roots[0]
	}
	code := func(tr *rcatest.Trace) { tr.Span("orders", "GET /", server, 0, 50).Answered(500) }
	base := in("shop", "a", code)
	assert.Equal(t, "shop/orders", base.Parts.Identity[0])
	assert.Equal(t, "orders", base.Service)
	assert.Equal(t, base.Signature, in("shop", "a", code).Signature)
	assert.NotEqual(t, base.Signature, in("bank", "a", code).Signature)
	assert.NotEqual(t, base.Signature, in("shop", "b", code).Signature)

	lost := func(tr *rcatest.Trace) {
		tr.Span("orders", "GET /", server, 0, 50).Answered(500).Call("call", 1, 9).With("server.address", "stock.internal").Failed("connection refused")
	}
	assert.Equal(t, in("shop", "a", lost).Signature, in("bank", "a", lost).Signature)
	assert.NotEqual(t, in("shop", "a", lost).Signature, in("shop", "b", lost).Signature)

	pod := rcatest.New("pod")
	pod.Span("orders-7d9f5d67c4-x2x9z", "GET /", server, 0, 50).Answered(500)
	assert.Equal(t, "orders", rootOf(t, pod).Service)
}

// Section 8: a service is one dependency, however its callers name it.
func TestSection8ServiceNames(t *testing.T) {
	base := rootOf(t, lost("orders", "connection refused", "peer.service", "stock"))
	for name, tr := range map[string]*rcatest.Trace{
		"by host":    lost("gateway", "connection refused", "server.address", "stock", "server.port", int64(80)),
		"in a log":   rcatest.New("log").Log("gateway", 1, errorLv, "java.lang.IllegalStateException: No instances available for stock"),
		"in a url":   rcatest.New("url").Log("gateway", 1, errorLv, `I/O error on GET request for "http://stock/items": Connection refused`),
		"other case": lost("gateway", "connection refused", "peer.service", "Stock"),
	} {
		assert.Equal(t, base.Signature, rootOf(t, tr).Signature, name)
	}
}

// Section 8: the tenant and the environment are part of the key.
func TestSection8TenantAndEnvironment(t *testing.T) {
	trace := func(environment string) *rcatest.Trace {
		tr := rcatest.New("tenant")
		tr.Environment = environment
		tr.Span("orders", "GET /", server, 0, 50).Answered(500)
		return tr
	}
	sign := func(tenant, environment string) string {
		return rca.Classify(tenant, trace(environment).Build(), incident.Knowledge{}).Roots[0].Signature
	}
	assert.NotEqual(t, sign("a", "prod"), sign("b", "prod"))
	assert.NotEqual(t, sign("a", "prod"), sign("a", "staging"))
	assert.NotEqual(t, sign("ab", ""), sign("a", "b"))
}

// Section 8: code is told by service, exception type and own frames, else by its message; never by
// host, version, line, values, raw paths or generated names.
func TestSection8Code(t *testing.T) {
	threw := func(service, typ, message, stack string, resource ...string) *rcatest.Trace {
		tr := rcatest.New(service + message + stack)
		e := tr.Span(service, "GET /order", server, 0, 50).Answered(500).Threw(40, typ, message, stack)
		for i := 0; i+1 < len(resource); i += 2 {
			e.Record().Resource.Attributes = append(e.Record().Resource.Attributes, keyValue(resource[i], resource[i+1]))
		}
		return tr
	}
	const npe = "java.lang.NullPointerException"
	stack := func(message, line string) string {
		return npe + ": " + message + "\n\tat shop.Orders.find(Orders.java:" + line + ")\n\tat shop.Api$$EnhancerBySpringCGLIB$$1a2b.get(<generated>)\n"
	}
	base := rootOf(t, threw("orders", npe, "item 7", stack("item 7", "10")))
	assert.Equal(t, "frames", base.Parts.Strategy)
	same := map[string]*rcatest.Trace{
		"another value": threw("orders", npe, "item 9", stack("item 9", "10")),
		"another line":  threw("orders", npe, "item 7", stack("item 7", "12")),
		"another pod":   threw("orders", npe, "item 7", stack("item 7", "10"), "k8s.pod.name", "orders-2", "host.name", "b", "service.version", "2"),
	}
	for name, tr := range same {
		assert.Equal(t, base.Signature, rootOf(t, tr).Signature, name)
	}
	for name, tr := range map[string]*rcatest.Trace{
		"another service":  threw("stock", npe, "item 7", stack("item 7", "10")),
		"another function": threw("orders", npe, "item 7", npe+": item 7\n\tat shop.Orders.save(Orders.java:10)\n"),
		"another type":     threw("orders", "java.lang.IllegalStateException", "item 7", "java.lang.IllegalStateException: item 7\n\tat shop.Orders.find(Orders.java:10)\n"),
	} {
		assert.NotEqual(t, base.Signature, rootOf(t, tr).Signature, name)
	}

	messages := func(body string) incident.Root {
		tr := rcatest.New(body)
		tr.Span("orders", "GET /order", server, 0, 50).Failed("").Logged(40, errorLv, body)
		return rootOf(t, tr)
	}
	assert.Equal(t, messages("order 17 of user 6f9619ff-8b86-d011-b42d-00c04fc964ff is locked").Signature,
		messages("order 4 of user 00000000-8b86-d011-b42d-00c04fc964ff is locked").Signature)
	assert.NotEqual(t, messages("order 17 is locked").Signature, messages("order 17 is lost").Signature)
}

// Section 8: resources, edges and slow operations.
func TestSection8OtherKinds(t *testing.T) {
	pool := func(service, operation string) incident.Root {
		tr := rcatest.New(service + operation)
		tr.Span(service, operation, server, 0, 50).Answered(500).Logged(40, errorLv, "HikariPool-1 - Connection is not available, request timed out after 30000ms")
		return rootOf(t, tr)
	}
	assert.Equal(t, pool("orders", "GET /a").Signature, pool("orders", "GET /b").Signature)
	assert.NotEqual(t, pool("orders", "GET /a").Signature, pool("stock", "GET /a").Signature)

	assert.Equal(t, rootOf(t, refusal("a", 403)).Signature, rootOf(t, refusal("b", 401)).Signature)
	assert.Equal(t, []string{"gateway", "payment"}, rootOf(t, refusal("a", 403)).Parts.Identity)

	slow := func(name, operation string) incident.Root {
		return rootOf(t, waiting(name, func(c *rcatest.Span) {
			c.Serve("stock", operation, 3, 4000).HTTP(200).With("http.request.method", "GET", "http.route", operation)
		}))
	}
	assert.Equal(t, slow("a", "/items/{id}").Signature, slow("b", "/items/{id}").Signature)
	assert.NotEqual(t, slow("a", "/items/{id}").Signature, slow("b", "/shelves").Signature)
	assert.Equal(t, []string{"stock", "GET /items/{id}"}, slow("a", "/items/{id}").Parts.Identity)
	assert.Equal(t, incident.ClassSlow, slow("a", "/items/{id}").Parts.Class)
}

// Section 8: raw paths in span names do not tell failures apart.
func TestSection8RawPaths(t *testing.T) {
	status := func(name string) incident.Root {
		tr := rcatest.New(name)
		tr.Span("orders", name, server, 0, 50).Answered(500)
		return rootOf(t, tr)
	}
	assert.Equal(t, status("GET /orders/17").Signature, status("GET /orders/18").Signature)
	assert.Equal(t, status("/orders/6f9619ff-8b86-d011-b42d-00c04fc964ff").Signature, status("/orders/00000000-8b86-d011-b42d-00c04fc964ff").Signature)
	assert.NotEqual(t, status("GET").Signature, status("POST").Signature)
}

// Section 8: errors that differ in one word which looks like an identifier have the rest in common; one report tells
// of them.
func TestSection8NearDuplicates(t *testing.T) {
	quota := func(service, typ, message string) *rcatest.Trace {
		tr := rcatest.New(service + typ + message)
		tr.Span(service, "POST /x", server, 0, 50).Answered(500).Threw(40, typ, message, "")
		return tr
	}
	one, other := rootOf(t, quota("shop", "QuotaError", "no quota for xqzvkt")), rootOf(t, quota("shop", "QuotaError", "no quota for bwrtpj"))
	assert.NotEqual(t, one.Signature, other.Signature)
	require.Len(t, one.Variants, 1)
	assert.Equal(t, "no quota for <*>", one.Variants[0].Message)
	assert.Equal(t, 4, one.Variants[0].Position)
	assert.Equal(t, "xqzvkt", one.Variants[0].Word)
	assert.Equal(t, one.Variants[0].Signature, other.Variants[0].Signature)
	for name, apart := range map[string]*rcatest.Trace{
		"another service": quota("cart", "QuotaError", "no quota for bwrtpj"),
		"another type":    quota("shop", "LimitError", "no quota for bwrtpj"),
		"another message": quota("shop", "QuotaError", "no space for bwrtpj"),
		"another place":   quota("shop", "QuotaError", "no bwrtpj for xqzvkt"),
		"a plain word":    quota("shop", "QuotaError", "no quota for customers"),
	} {
		for _, v := range rootOf(t, apart).Variants {
			assert.NotEqual(t, one.Variants[0].Signature, v.Signature, name)
		}
	}
	r := report(t, quota("shop", "QuotaError", "no quota for xqzvkt"), quota("shop", "QuotaError", "no quota for bwrtpj"), quota("shop", "QuotaError", "no quota for kfgdmn"))
	require.NotNil(t, r.RootCause)
	alike := report(t, quota("shop", "QuotaError", "no quota for 11"), quota("shop", "QuotaError", "no quota for 12"), quota("shop", "QuotaError", "no quota for 13"))
	assert.Equal(t, alike.RootCause.Confidence, r.RootCause.Confidence, "all of them tell of it")
}
