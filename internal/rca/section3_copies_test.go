package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// unreachable is the verdict on a peer that a service could not reach.
func unreachable(service, component string) verdict {
	return verdict{incident.KindDependency, service, component, incident.CategoryDependencyUnavailable}
}

// Section 3: a copy of a call's exception is explained by the call, whomever its text seems to name.
func TestSection3Copies(t *testing.T) {
	const guzzle = "cURL error 7: Failed to connect to pay.example port 443 after 2 ms: Couldn't connect to server " +
		"(see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for https://pay.example/v1/send"
	const sqlServer = "A network-related or instance-specific error occurred while establishing a connection to SQL Server. " +
		"The server was not found or was not accessible."
	for _, e := range []expectation{
		{
			name: "which has a documentation link",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("link")
				entry := tr.Span("shop", "POST send", server, 0, 60).Answered(500).Threw(59, `GuzzleHttp\Exception\ConnectException`, guzzle, "")
				entry.Call("POST", 5, 40).With("server.address", "pay.example").Failed(guzzle).
					Threw(40, `GuzzleHttp\Exception\ConnectException`, guzzle, "")
				return tr
			},
			roots: []verdict{unreachable("shop", "pay.example")},
		},
		{
			name: "which names a product",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("product")
				entry := tr.Span("orders", "GET items", server, 0, 60).Answered(500).Threw(59, "Microsoft.Data.SqlClient.SqlException", sqlServer, "")
				entry.Call("Shop", 5, 40).With("db.system", "mssql", "server.address", "sql1.corp.internal").Failed(sqlServer)
				return tr
			},
			roots: []verdict{unreachable("orders", "sql1.corp.internal")},
		},
		{
			name: "which names an IP, on each handler up to the entry",
			trace: func() *rcatest.Trace {
				const refused = "connect ECONNREFUSED 10.20.0.12:3306"
				tr := rcatest.New("ip")
				entry := tr.Span("orders", "GET /stock", server, 0, 60).Answered(500)
				outer := entry.Inside("middleware", 1, 58).Failed(refused).Threw(58, "Error", refused, "")
				outer.Inside("request handler", 2, 57).Threw(57, "Error", refused, "").
					Call("GET", 5, 40).With("server.address", "stock.internal").Failed(refused)
				return tr
			},
			roots: []verdict{unreachable("orders", "stock.internal")},
		},
		{
			name: "in other words, while the call says only that it failed",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("wrapped")
				entry := tr.Span("orders", "GET /stock", server, 0, 60).Answered(500).
					Threw(59, "StockException", "Connection refused: connect to 10.20.0.12:8080", "")
				entry.Call("GET", 5, 40).With("server.address", "stock.internal").Failed("")
				return tr
			},
			roots: []verdict{unreachable("orders", "stock.internal")},
		},
		{
			name: "but not where it names another service that is known",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("named")
				entry := tr.Span("orders", "GET /stock", server, 0, 60).Answered(500).
					Logged(58, errorLv, "java.lang.IllegalStateException: No instances available for travel")
				entry.Call("GET", 5, 40).With("server.address", "stock.internal").Failed("")
				return tr
			},
			knowledge: incident.Knowledge{ServicesEver: []string{"travel"}},
			roots:     []verdict{unreachable("travel", "travel")},
		},
		{
			name: "nor where the call was answered",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("answered")
				entry := tr.Span("orders", "GET /stock", server, 0, 60).Answered(500).
					Logged(58, errorLv, "java.lang.IllegalStateException: No instances available for travel")
				entry.Call("GET", 5, 40).With("server.address", "stock.internal").Answered(500)
				return tr
			},
			roots: []verdict{unreachable("orders", "travel")},
		},
	} {
		e.run(t)
	}
}

// Section 3: a span that is only marked explains no error of its own service that says more.
func TestSection3Marks(t *testing.T) {
	code := verdict{incident.KindCode, "ledger", "ledger", incident.CategoryCodeException}
	entry := func(name string) *rcatest.Span {
		return rcatest.New(name).Span("ledger", "GET /ratio", server, 0, 100).Answered(500)
	}
	for _, e := range []struct {
		name string
		span func() *rcatest.Span
		want verdict
		// says is in the statement.
		says string
	}{
		{"on the span that sends the answer", func() *rcatest.Span {
			s := entry("send").Threw(90, "ZeroDivisionError", "division by zero", "")
			s.Inside("GET /ratio http send", 80, 81).With("http.status_code", int64(500)).Failed("")
			return s
		}, code, "ZeroDivisionError"},
		{"below another one", func() *rcatest.Span {
			s := entry("two").Threw(90, "ZeroDivisionError", "division by zero", "")
			s.Inside("handler", 10, 82).Failed("").Inside("GET /ratio http send", 80, 81).Failed("")
			return s
		}, code, "ZeroDivisionError"},
		{"of an exception that was logged", func() *rcatest.Span {
			s := entry("logged").Logged(90, errorLv, "request failed", "exception.type", "ZeroDivisionError", "exception.message", "division by zero")
			s.Inside("GET /ratio http send", 80, 81).Failed("")
			return s
		}, code, "ZeroDivisionError"},
		{"but it does where it hangs on a failed call", func() *rcatest.Span {
			s := entry("call").Threw(90, "RuntimeError", "no rates", "")
			s.Inside("load rates", 10, 81).Failed("").Call("GET", 20, 80).With("server.address", "rates.example").Failed("connection refused")
			return s
		}, unreachable("ledger", "rates.example"), "rates.example"},
		{"nor where it is a call", func() *rcatest.Span {
			s := entry("mark").Threw(90, "RuntimeError", "no rates", "")
			s.Call("GET", 20, 80).With("server.address", "rates.example").Failed("")
			return s
		}, verdict{incident.KindDependency, "ledger", "rates.example", incident.CategoryUnknown}, "rates.example"},
	} {
		t.Run(e.name, func(t *testing.T) {
			tr := e.span().Trace()
			assert.Equal(t, e.want, verdictOf(only(t, classify(tr))))
			assert.Contains(t, report(t, tr).RootCause.Statement, e.says)
		})
	}
}

// Section 3: "no record says why" only where none does.
func TestSection3Words(t *testing.T) {
	const words = "rates are being recounted"
	call := func(name string) (entry, call *rcatest.Span) {
		entry = rcatest.New(name).Span("ledger", "GET /ratio", server, 0, 100).Answered(500)
		return entry, entry.Call("GET", 20, 80).With("server.address", "rates.example").Failed("")
	}
	for _, e := range []struct {
		name string
		span func() *rcatest.Span
		says string
	}{
		{"of the exception above the call", func() *rcatest.Span {
			s, _ := call("above")
			return s.Threw(90, "RatesError", words, "")
		}, words},
		{"of the exception that was logged above it", func() *rcatest.Span {
			s, _ := call("logged")
			return s.Logged(90, errorLv, "request failed", "exception.type", "RatesError", "exception.message", words)
		}, words},
		{"of the call's own exception", func() *rcatest.Span {
			s, c := call("own")
			c.Threw(80, "RatesError", words, "")
			return s
		}, words},
		{"of an attribute of the call", func() *rcatest.Span {
			s, c := call("grpc")
			c.With("grpc.error_message", words)
			return s
		}, words},
		{"but not of a mistake of one's own", func() *rcatest.Span {
			s, _ := call("mistake")
			return s.Threw(90, "java.lang.NullPointerException", words, javaStack("java.lang.NullPointerException: "+words, "shop.Ledger.find"))
		}, "no record says why"},
		{"nor where there are none", func() *rcatest.Span {
			s, _ := call("mute")
			return s
		}, "no record says why"},
	} {
		t.Run(e.name, func(t *testing.T) {
			cause := report(t, e.span().Trace()).RootCause
			assert.Equal(t, "rates.example", cause.Component)
			assert.Contains(t, cause.Statement, e.says)
		})
	}
}

// Section 3: a copy of a call's exception on a span beside the call is explained by it, and nothing else there is.
func TestSection3CopiesBeside(t *testing.T) {
	const aborted = "The operation was aborted due to timeout"
	beside := func(message string, at int) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(message)
			entry := tr.Span("stores", "GET /stores", server, 0, 1513).Answered(500)
			entry.Inside("request handler", 1, at).Failed(message).Threw(at, "TimeoutError", message, "")
			entry.Call("GET", 4, 1505).With("server.address", "geo.example").Failed(aborted).Threw(1505, "TimeoutError", aborted, "")
			return tr
		}
	}
	waited := verdict{incident.KindDependency, "stores", "geo.example", incident.CategoryTimeout}
	held := verdict{incident.KindSlow, "stores", "stores", incident.CategoryTimeout}
	for _, e := range []expectation{
		{name: "the same", trace: beside(aborted, 1510), roots: []verdict{waited}},
		{name: "of another message", trace: beside("The queue was drained too late: timeout", 1510), roots: []verdict{waited, held}},
		{name: "before the call", trace: beside(aborted, 900), roots: []verdict{held, waited}},
	} {
		e.run(t)
	}
}

// Section 3: what ended a call is said as far as it is recorded.
func TestSection3WhyCancelled(t *testing.T) {
	sibling := rcatest.New("sibling")
	entry := sibling.Span("checkout", "GET /cart", server, 0, 40).Answered(502).
		Logged(39, errorLv, "cart failed: dial tcp: connect to inventory:8080 failed: connection refused")
	entry.Call("GET", 3, 22).With("server.address", "inventory").Failed("dial tcp 10.8.0.4:8080: connect: connection refused")
	entry.Call("GET", 3, 23).With("server.address", "reviews").Failed(`Get "http://reviews:8080/r/7": context canceled`)
	findings := marshal(t, report(t, sibling).Findings)
	assert.Contains(t, findings, "was ended because checkout in GET had failed")
	assert.NotContains(t, findings, "caller had left")

	left := rcatest.FailStock("left")
	left.Span("orders", "GET /report", server, 0, 900).HTTP(499).Failed("context canceled")
	findings = marshal(t, report(t, left).Findings)
	assert.Contains(t, findings, "was ended because its caller had left")
}

// Section 3: a service that went on to another call had survived the failure of the one before.
func TestSection3SurvivedCalls(t *testing.T) {
	calls := func(name string, second int, log string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			entry := tr.Span("docs", "GET /thumb", server, 0, 60).Answered(500)
			entry.Call("get", 1, 3).With("db.system", "redis", "server.address", "docs-cache").Failed("connect ECONNREFUSED 10.1.1.2:6379")
			entry.Call("GET", second, 50).With("server.address", "media").Failed("connect ECONNREFUSED 10.1.1.1:9000")
			if log != "" {
				entry.Logged(58, errorLv, log)
			}
			return tr
		}
	}
	cache, media := unreachable("docs", "docs-cache"), unreachable("docs", "media")
	for _, e := range []expectation{
		{name: "one after the other", trace: calls("after", 5, ""), roots: []verdict{media}},
		{name: "both at once", trace: calls("at once", 2, ""), roots: []verdict{cache, media}},
		{name: "the service speaks of the first", trace: calls("spoken", 5, "thumb failed: docs-cache is gone"), roots: []verdict{cache, media}},
	} {
		e.run(t)
	}
}
