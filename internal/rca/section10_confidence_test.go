package rca_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Section 10: the caps of confidence, in millionths.
func TestSection10Caps(t *testing.T) {
	two := func(build func(name string) *rcatest.Trace) []*rcatest.Trace {
		return []*rcatest.Trace{build("a"), build("b")}
	}
	for name, c := range map[string]struct {
		traces []*rcatest.Trace
		want   incident.Confidence
	}{
		"a dependency with an explicit error":  {two(rcatest.LostDB), 900_000},
		"a database's own error":               {two(rcatest.LockDB), 900_000},
		"a timeout and no telemetry beyond it": {two(func(n string) *rcatest.Trace { return waiting(n, nil) }), 600_000},
		"logs only": {two(func(n string) *rcatest.Trace {
			return rcatest.New(n).Log("orders", 1, errorLv, "java.lang.NullPointerException: item")
		}), 600_000},
		"a parent that was not received": {two(func(n string) *rcatest.Trace {
			tr, _, orders, _ := chain(n, 500, 500)
			orders.Lost()
			return tr
		}), 700_000},
		"a browser's word for several causes": {two(func(n string) *rcatest.Trace {
			tr := rcatest.New(n)
			tr.Span("spa", "GET", client, 0, 30).With("server.address", "api.example").Failed("").Threw(29, "TypeError", "Failed to fetch", "")
			return tr
		}), 700_000},
		"a peer that nothing names": {two(func(n string) *rcatest.Trace {
			tr := rcatest.New(n)
			tr.Span("orders", "POST /orders", server, 0, 30).Failed("").Threw(29, "Error", "connect ECONNREFUSED", "")
			return tr
		}), 600_000},
		"one trace and nothing to compare": {[]*rcatest.Trace{rcatest.FailStock("a")}, 800_000},
		"a refusal without comparison":     {two(rcatest.FailAuth), 600_000},
		"an exception with frames":         {two(rcatest.FailStock), 900_000},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, c.traces...)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Confidence)
			if c.want < 900_000 {
				require.NotEmpty(t, r.RootCause.CappedBy, "the report says what holds it down")
				assert.Equal(t, c.want, r.RootCause.CappedBy[0].At)
				assert.NotEmpty(t, r.RootCause.CappedBy[0].Reason)
			}
		})
	}
	t.Run("a baseline lifts the cap of one trace", func(t *testing.T) {
		in := caseOf(t, rcatest.FailStock("a"))
		healthy := rcatest.New("healthy")
		healthy.Span("gateway", "POST /pay/{order_id}", server, 0, 9).Answered(200)
		in.Healthy = []*incident.Trace{healthy.Build()}
		assert.Equal(t, incident.Confidence(900_000), rca.Analyze(in).Report.RootCause.Confidence)
	})
}

// Section 10: a statement claims no more than the edge it saw.
func TestSection10Statements(t *testing.T) {
	for want, tr := range map[string]*rcatest.Trace{
		"inventory could not reach inventory-replica (failed to connect to `user=shop database=inventory`: " +
			"127.0.0.1:1 (inventory-replica): dial error: dial tcp 127.0.0.1:1: connect: connection refused)": rcatest.LostDB("a"),
		"a statement of inventory waited for a lock at inventory-db and was ended (ERROR: canceling statement due to lock timeout (SQLSTATE 55P03))": rcatest.LockDB("b"),
		"inventory held the request in GET /inventory/{item_id} until the deadline of payment passed after 501 ms":                                   rcatest.SlowStock("c"),
		"payment refused gateway's request with 403": rcatest.FailAuth("d"),
		"time was lost between orders and stock: orders waited 3.0 s, and stock had the request for 90 ms of it": waiting("e", func(c *rcatest.Span) {
			c.Serve("stock", "GET /items", 2900, 2990).HTTP(200)
		}),
	} {
		assert.Equal(t, want, report(t, tr).RootCause.Statement)
	}
}

// Section 10: below 0.5 the verdict is abstained and candidates are listed.
func TestSection10Abstains(t *testing.T) {
	seen := incident.Knowledge{ServicesSeen: []string{"stock"}, ServicesEver: []string{"stock"}}
	for name, tr := range map[string]*rcatest.Trace{
		"a timeout": waiting("timeout", nil),
		"an answer": lost("orders", "500", "peer.service", "stock", "http.response.status_code", int64(500)),
		"in a log":  rcatest.New("log").Log("orders", 1, errorLv, "upstream stock returned 500"),
	} {
		t.Run(name, func(t *testing.T) {
			built := tr.Build()
			c := rca.Classify("", built, seen)
			require.Len(t, c.Roots, 1)
			assert.True(t, c.Roots[0].Abstained)
			r := rca.Analyze(&incident.Case{RootSignature: c.Roots[0].Signature, Failing: []*incident.Trace{built}, Knowledge: seen}).Report
			assert.Equal(t, incident.VerdictAbstained, r.Verdict)
			assert.Nil(t, r.RootCause)
			assert.Len(t, r.Candidates, 1)
			assert.Contains(t, marshal(t, r.Gaps), "no_telemetry")
		})
	}
}

// Section 10: the code that an instrumentation recorded beside a message is quoted with it.
func TestSection10QuotedCodes(t *testing.T) {
	for _, c := range []struct{ code, message, want string }{
		{"P1001", "Can't reach database server at `stock-db:5432`", "orders could not reach stock-db (P1001: Can't reach database server at `stock-db:5432`)"},
		{"ECONNREFUSED", "connect ECONNREFUSED stock-db:5432", "orders could not reach stock-db (connect ECONNREFUSED stock-db:5432)"},
		{"", "Can't reach database server at `stock-db:5432`", "orders could not reach stock-db (Can't reach database server at `stock-db:5432`)"},
	} {
		tr := rcatest.New(c.code)
		call := tr.Span("orders", "POST /orders", server, 0, 30).Failed("").Call("find", 1, 20).With("server.address", "stock-db").Failed(c.message).
			Threw(19, "Error", c.message, "")
		events := call.Record().Events
		events[0].Attributes = append(events[0].Attributes, signal.KeyValue{Key: "exception.code", Value: signal.Value{Data: c.code}})
		assert.Equal(t, c.want, report(t, tr).RootCause.Statement)
	}
}

// Section 10: a quote is short, and what it keeps of a long message is the innermost cause.
func TestSection10Quotes(t *testing.T) {
	const waited = "Timed out after 30000 ms while waiting for a server that matches ReadPreferenceServerSelector{readPreference=primary}. " +
		"Client view of cluster state is {type=STANDALONE, servers=[{address=stock-mongo:27017, type=UNKNOWN, state=CONNECTING"
	for name, c := range map[string]struct{ log, want string }{
		"innermost cause": {
			"org.springframework.dao.DataAccessResourceFailureException: " + waited +
				", exception={com.mongodb.MongoSocketOpenException: Exception opening socket}, caused by {java.net.ConnectException: Connection refused (Connection refused)}}]",
			"orders could not reach stock-mongo (Connection refused)",
		},
		"no cause": {
			"com.mongodb.MongoTimeoutException: " + waited + "}]",
			"orders could not reach stock-mongo (Timed out after 30000 ms while waiting for a server that matches ReadPreferenceServerSelector{readPreference=primary}…)",
		},
		"the line that tells the reason": {
			"Invalid `prisma.order.findMany()` invocation:\n\n\nCan't reach database server at `stock-db:5432`\n\nPlease make sure your database server is running at `stock-db:5432`.",
			"orders could not reach stock-db (Can't reach database server at `stock-db:5432`)",
		},
		"nginx appends the request": {
			`29#29: *4821 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop.example, ` +
				`request: "GET /api/cart HTTP/1.1", upstream: "http://10.4.0.17:8080/api/cart", host: "shop.example"`,
			"orders could not reach 10.4.0.17:8080 (connect() failed (111: Connection refused) while connecting to upstream)",
		},
		"short": {
			`I/O error on GET request for "http://stock:8080/names": Connection refused (Connection refused); nested exception is java.net.ConnectException: Connection refused (Connection refused)`,
			"orders could not reach stock (Connection refused)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			tr.Span("orders", "POST /orders", server, 0, 30).Failed("").Logged(29, errorLv, c.log)
			r := report(t, tr)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Statement)
		})
	}
}

// Section 10: traces of one incident that say unequal things are named, and lower its confidence.
func TestSection10UnequalMessages(t *testing.T) {
	thrown := func(name, message string) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", server, 0, 20).Answered(500).
			Threw(9, "java.lang.IllegalStateException", message, "java.lang.IllegalStateException: "+message+"\n\tat com.acme.orders.Basket.close(Basket.java:41)\n")
		return tr
	}
	for name, c := range map[string]struct {
		messages   []string
		want       incident.Confidence
		title      string
		statements []string
	}{
		"values differ": {
			[]string{"no basket for customer 1201", "no basket for customer 77", "no basket for customer eve"}, 900_000,
			"orders: java.lang.IllegalStateException no basket for customer eve", nil,
		},
		"one says another thing": {
			[]string{"the tax office sent an empty reply", "the basket is closed already", "the basket is closed already", "the basket is closed already"}, 800_000,
			"orders: java.lang.IllegalStateException the basket is closed already",
			[]string{"1 of 4 failing traces with this cause say otherwise: orders threw java.lang.IllegalStateException in com.acme.orders.Basket.close (the tax office sent an empty reply)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var traces []*rcatest.Trace
			for i, m := range c.messages {
				traces = append(traces, thrown(string(rune('a'+i)), m))
			}
			r := report(t, traces...)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Confidence)
			var said []string
			for _, f := range r.Findings {
				if strings.Contains(f.Statement, "say otherwise") {
					said = append(said, f.Statement)
					assert.NotEmpty(t, f.Evidence)
				}
			}
			assert.Equal(t, c.statements, said)
			assert.Equal(t, c.title, only(t, classify(traces[len(traces)-1])).Title)
		})
	}
}

// Section 10: how long something took is said of all traces of an incident, never of one as if it were all.
func TestSection10Ranges(t *testing.T) {
	gaveUp := func(name string, ms int) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", server, 0, ms+10).Failed("").Call("GET /items", 0, ms).With("peer.service", "stock").Failed("timeout of request exceeded")
		return tr
	}
	held := func(name string, ms int) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", server, 0, ms+10).Failed("").Call("GET /items", 0, ms).With("peer.service", "stock").
			Failed("context deadline exceeded").Serve("stock", "GET /items", 0, ms+900).HTTP(200)
		return tr
	}
	between := func(name string, ms int) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("orders", "POST /orders", server, 0, ms+10).Failed("").Call("GET /items", 0, ms).With("peer.service", "stock").
			Failed("context deadline exceeded").Serve("stock", "GET /items", ms-100, ms-10).HTTP(200)
		return tr
	}
	for name, c := range map[string]struct {
		traces []*rcatest.Trace
		want   string
	}{
		"one":              {[]*rcatest.Trace{gaveUp("a", 1200)}, "orders gave up after 1.2 s waiting for stock; nothing is recorded there"},
		"several":          {[]*rcatest.Trace{gaveUp("a", 3000), gaveUp("b", 1200), gaveUp("c", 4800)}, "orders gave up after 1.2 s to 4.8 s in 3 traces waiting for stock; nothing is recorded there"},
		"several like one": {[]*rcatest.Trace{gaveUp("a", 3000), gaveUp("b", 3001)}, "orders gave up after 3.0 s in 2 traces waiting for stock; nothing is recorded there"},
		"held":             {[]*rcatest.Trace{held("a", 1000), held("b", 2000)}, "stock held the request in GET /items until the deadline of orders passed after 1.0 s to 2.0 s in 2 traces"},
		"lost on the way":  {[]*rcatest.Trace{between("a", 1000), between("b", 3000)}, "time was lost between orders and stock: orders waited 1.0 s to 3.0 s in 2 traces, and stock had the request for 90 ms of it"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, c.traces...)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Statement)
			assert.Equal(t, c.want, r.Candidates[0].For[0].Statement)
			assert.Equal(t, c.want, r.Findings[0].Statement)
			assert.Contains(t, r.Narrative.Markdown, c.want)
		})
	}
}

// Section 10: of traces that say the same of a cause, the one that shows how far it reached tells it, not the first.
func TestSection10TraceThatShowsMost(t *testing.T) {
	const stack = "java.lang.IllegalStateException: closed\n\tat com.acme.orders.Basket.close(Basket.java:41)\n"
	alone := rcatest.New("a")
	alone.Span("orders", "POST /orders", server, 0, 20).Answered(500).Threw(9, "java.lang.IllegalStateException", "closed", stack)
	whole := rcatest.New("b")
	whole.Span("gateway", "POST /buy", server, 100, 150).Answered(500).Failed("").Call("POST", 101, 140).With("peer.service", "orders").Failed("").
		Serve("orders", "POST /orders", 102, 120).Answered(500).Threw(109, "java.lang.IllegalStateException", "closed", stack)
	r := report(t, alone, whole)
	require.NotNil(t, r.RootCause)
	require.Len(t, r.Propagation, 1)
	assert.Equal(t, "gateway", r.Propagation[0].To)
	assert.Equal(t, "gateway", r.CriticalFailure.Service)
	assert.Equal(t, 2, r.Impact.FailingTraces)
}
