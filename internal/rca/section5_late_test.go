package rca_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// fleet has telemetry of every service of these tests elsewhere.
var fleet = incident.Knowledge{
	ServicesSeen: []string{"orders", "price", "stock", "warehouse"},
	ServicesEver: []string{"orders", "price", "stock", "warehouse"},
}

// gaveUp is orders, which gave up waiting for stock after 5 s; its message names stock.
func gaveUp(name string) (*rcatest.Trace, *rcatest.Span) {
	tr := rcatest.New(name)
	entry := tr.Span("orders", "POST /orders", server, 0, 5001).Failed("").Logged(5000, errorLv, readTimedOut)
	return tr, entry.Call("/stock/names", 2, 4999).Failed("")
}

// ghost adds a log of a span that was not received.
func ghost(tr *rcatest.Trace, service string, at int) {
	tr.Span(service, "", server, at, at+1).Logged(at, info, "asked for the names").Lost()
}

// Section 5: logs that a service wrote after the deadline prove that the request was under way to
// it when the caller gave up.
func TestSection5TakenUpLate(t *testing.T) {
	for _, e := range []expectation{
		{
			name: "the callee",
			trace: func() *rcatest.Trace {
				tr, _ := gaveUp("late callee")
				ghost(tr, "stock", 90_000)
				return tr
			},
			knowledge: fleet,
			roots:     []verdict{{incident.KindEdge, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "a service behind the callee",
			trace: func() *rcatest.Trace {
				tr, _ := gaveUp("late warehouse")
				ghost(tr, "stock", 3)
				ghost(tr, "warehouse", 90_000)
				return tr
			},
			knowledge: fleet,
			roots:     []verdict{{incident.KindEdge, "warehouse", "warehouse", incident.CategoryTimeout}},
		},
		{
			name: "the first of several",
			trace: func() *rcatest.Trace {
				tr, _ := gaveUp("late chain")
				ghost(tr, "stock", 90_000)
				ghost(tr, "warehouse", 90_010)
				return tr
			},
			knowledge: fleet,
			roots:     []verdict{{incident.KindEdge, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "somebody else",
			trace: func() *rcatest.Trace {
				tr, _ := gaveUp("late other")
				ghost(tr, "price", 90_000)
				return tr
			},
			knowledge: fleet,
			roots:     []verdict{{incident.KindUnknown, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "in time, and nothing after",
			trace: func() *rcatest.Trace {
				tr, _ := gaveUp("in time")
				ghost(tr, "stock", 3)
				return tr
			},
			knowledge: fleet,
			roots:     []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
	} {
		e.run(t)
	}
}

// Section 5: what is said of a request that was taken up late, and of one that was in time.
func TestSection5LateStatements(t *testing.T) {
	for name, c := range map[string]struct {
		service string
		at      int
		want    string
	}{
		"late":      {"stock", 95_000, "time was lost between orders and stock: orders gave up after 5.0 s, and stock recorded the request only 90.0 s later"},
		"very late": {"stock", 3_605_000, "time was lost between orders and stock: orders gave up after 5.0 s, and stock recorded the request only 60 min later"},
		"in time":   {"stock", 3, "orders gave up after 5.0 s waiting; stock had logged the request, its span was not received"},
	} {
		t.Run(name, func(t *testing.T) {
			tr, _ := gaveUp(name)
			ghost(tr, c.service, c.at)
			built := tr.Build()
			root := only(t, rca.Classify("", built, fleet))
			r := rca.Analyze(&incident.Case{RootSignature: root.Signature, Failing: []*incident.Trace{built}, Knowledge: fleet}).Report
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Statement)
			assert.LessOrEqual(t, r.RootCause.Confidence, incident.Confidence(700_000))
		})
	}
}

// Section 8: waits for the same callee are one incident, whether a trace shows where the time went
// or nothing; waits for different callees are not.
func TestSection8WaitsForOneCallee(t *testing.T) {
	silent, _ := gaveUp("silent")
	late, _ := gaveUp("late")
	ghost(late, "stock", 90_000)
	abstained, edge := only(t, rca.Classify("", silent.Build(), fleet)), only(t, rca.Classify("", late.Build(), fleet))
	assert.True(t, abstained.Abstained)
	assert.NotEqual(t, abstained.Signature, edge.Signature)
	assert.Contains(t, abstained.Joins, edge.Signature)
	assert.Contains(t, edge.Takes, abstained.Signature)

	other := rcatest.New("other")
	other.Span("orders", "POST /orders", server, 0, 5001).Failed("").Logged(5000, errorLv, strings.ReplaceAll(readTimedOut, "stock", "price")).
		Call("/price/names", 2, 4999).Failed("")
	assert.NotEqual(t, abstained.Signature, only(t, rca.Classify("", other.Build(), fleet)).Signature)

	both := &incident.Case{RootSignature: abstained.Signature, Failing: []*incident.Trace{silent.Build(), late.Build()}, Knowledge: fleet}
	r := rca.Analyze(both).Report
	require.NotNil(t, r.RootCause, "what one trace shows stands for those that show nothing")
	assert.Equal(t, incident.KindEdge, r.RootCause.Kind)
	assert.Equal(t, 2, r.Impact.FailingTraces)
	assert.LessOrEqual(t, r.RootCause.Confidence, incident.Confidence(700_000))
}

// Section 8: a name of one word is a service's, with or without its port.
func TestSection8PortOfAServiceName(t *testing.T) {
	signature := func(name, host string) string {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", server, 0, 20).Failed("").
			Call("GET", 1, 10).With("server.address", host).Failed("connection refused")
		return only(t, classify(tr)).Signature
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"stock", "stock:15681", true},
		{"stock-db:27017", "stock-db:27018", true},
		{"10.0.0.1:8001", "10.0.0.1:8002", false},
		{"localhost:8001", "localhost:8002", false},
		{"api.example.com:8001", "api.example.com:8002", false},
	} {
		assert.Equal(t, c.same, signature("a", c.a) == signature("b", c.b), "%s and %s", c.a, c.b)
	}
}

// Section 2: a log tells why a call failed of which its own span says only that it did.
func TestSection2LogTellsWhyACallFailed(t *testing.T) {
	const at = "http://stock:8080/stock/names"
	call := func(kind int32, log string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(log)
			tr.Span("orders", "POST /orders", signalKind(kind), 0, 30).Failed("").Logged(21, errorLv, log).
				Child("orders", "/stock/names", signalKind(kind+1), 1, 20).Failed("")
			return tr
		}
	}
	const spans, bare = 2, 0 // server and client; unspecified and internal
	for _, kind := range []int32{spans, bare} {
		for _, e := range []expectation{
			{
				name:  "timeout",
				trace: call(kind, `I/O error on GET request for "`+at+`": Read timed out`),
				roots: []verdict{{incident.KindDependency, "orders", "stock", incident.CategoryTimeout}},
			},
			{
				name:  "refused connection",
				trace: call(kind, `I/O error on GET request for "`+at+`": Connection refused (Connection refused)`),
				roots: []verdict{{incident.KindDependency, "orders", "stock", incident.CategoryDependencyUnavailable}},
			},
			{
				name:  "refusal",
				trace: call(kind, "GET "+at+" returned 403 Forbidden"),
				roots: []verdict{{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}},
			},
		} {
			e.run(t)
		}
	}
}

// Section 10: of a failed call that no record speaks of, only that it failed is known.
func TestSection10MuteCall(t *testing.T) {
	mute := func() *rcatest.Trace {
		tr := rcatest.New("mute")
		tr.Span("orders", "POST /orders", server, 0, 30).Failed("").
			Call("/stock/names", 1, 20).With("net.peer.name", "stock").Failed("")
		return tr
	}
	for _, e := range []expectation{
		{name: "a peer without telemetry", trace: mute, roots: []verdict{{incident.KindDependency, "orders", "stock", incident.CategoryUnknown}}},
		{
			name: "a peer with telemetry elsewhere", trace: mute, knowledge: fleet,
			roots: []verdict{{incident.KindUnknown, "stock", "stock", incident.CategoryUnknown}},
		},
		{
			name: "a store",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("mute store")
				tr.Span("orders", "POST /orders", server, 0, 30).Failed("").
					Call("MongoDB/FindOperation", 1, 20).With("net.peer.name", "orders-mongo").Failed("")
				return tr
			},
			roots: []verdict{{incident.KindDependency, "orders", "orders-mongo", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
	cause := report(t, mute()).RootCause
	require.NotNil(t, cause)
	assert.Equal(t, "a call of orders to stock failed, and no record says why", cause.Statement)
	assert.LessOrEqual(t, cause.Confidence, incident.Confidence(600_000))
}
