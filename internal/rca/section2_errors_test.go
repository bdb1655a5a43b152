package rca_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Section 2: a log that names its span only among its fields is a log of that span, whichever else of
// its service was open.
func TestSection2LogsNameTheirSpan(t *testing.T) {
	for name, c := range map[string]struct {
		names bool
		want  incident.Category
	}{
		"named":     {true, incident.CategoryBadData},
		"not named": {false, incident.CategoryUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			front := tr.Span("front", "GET /v", server, 0, 300).Answered(502)
			vat := front.Call("GET", 2, 27).With("peer.service", "vat").Answered(500).Serve("vat", "GET /v", 4, 25).Answered(500)
			front.Call("GET", 1, 290).With("peer.service", "vat").Answered(200).Serve("vat", "GET /v", 2, 280).Answered(200)
			_, id, _ := strings.Cut(string(vat.Ref()), "/")
			tr.Log("vat", 20, errorLv, "rates: lookup failed", "err", `strconv.ParseFloat: parsing "n/a": invalid syntax`)
			built := tr.Build()
			log := built.Logs[len(built.Logs)-1]
			log.TraceID = signal.TraceID{}
			if c.names {
				log.Attributes = append(log.Attributes, keyValue("trace_id", tr.ID().String()), keyValue("span_id", id))
			}
			got := rca.Classify("", built, incident.Knowledge{})
			require.NotEmpty(t, got.Roots)
			assert.Equal(t, c.want, got.Roots[0].Category)
		})
	}
}

// Section 2: a call whose only fault is an answer that is the caller's business is no error,
// unless the caller's own service fails because of it.
func TestSection2CallersBusiness(t *testing.T) {
	answered := func(status, gatewayStatus int) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("4xx")
			gateway := tr.Span("gateway", "GET /orders", server, 0, 20).Answered(gatewayStatus)
			gateway.Call("GET", 1, 9).With("peer.service", "orders").Answered(status).
				Serve("orders", "GET /orders", 2, 8).Answered(status)
			return tr
		}
	}
	rpc := func(code int64) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("rpc")
			tr.Span("gateway", "GET /orders", server, 0, 20).Answered(200).
				Call("orders.Orders/Get", 1, 9).With("rpc.system", "grpc", "rpc.grpc.status_code", code).Failed("").
				Serve("orders", "orders.Orders/Get", 2, 8).With("rpc.grpc.status_code", code)
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "404 passed on", trace: answered(404, 404), dismissed: incident.DismissClientError},
		{name: "422 passed on", trace: answered(422, 422), dismissed: incident.DismissClientError},
		{name: "409 handled", trace: answered(409, 200), dismissed: incident.DismissClientError},
		{name: "NOT_FOUND handled", trace: rpc(5), dismissed: incident.DismissClientError},
		{name: "FAILED_PRECONDITION handled", trace: rpc(9), dismissed: incident.DismissClientError},
		{
			name: "404 that makes the caller fail", trace: answered(404, 500),
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryUnknown}},
		},
		{
			name: "400 that the caller reports as its error",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("400")
				gateway := tr.Span("gateway", "GET /orders", server, 0, 20).Answered(500).
					Logged(10, errorLv, "orders returned 400")
				gateway.Call("GET", 1, 9).With("peer.service", "orders").Answered(400).
					Serve("orders", "GET /orders", 2, 8).Answered(400)
				return tr
			},
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryBadData}},
		},
		{
			name: "404 beside an unrelated bug of the caller",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("bug")
				gateway := tr.Span("gateway", "GET /orders", server, 0, 20).Answered(500).
					Threw(15, "java.lang.NullPointerException", "order is null", javaStack("java.lang.NullPointerException: order is null", "shop.Orders.list"))
				gateway.Call("GET", 1, 9).With("peer.service", "cache").Answered(404)
				return tr
			},
			roots: []verdict{{incident.KindCode, "gateway", "gateway", incident.CategoryCodeException}},
		},
		{
			name: "401 is an error", trace: answered(401, 500),
			roots: []verdict{{incident.KindEdge, "gateway", "gateway", incident.CategoryAuthentication}},
		},
		{
			name: "408 is an error", trace: answered(408, 500),
			roots: []verdict{{incident.KindSlow, "orders", "orders", incident.CategoryTimeout}},
		},
		{
			name: "4xx at the entry alone",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("entry")
				tr.Span("browser", "GET", client, 0, 10).Answered(404).
					Serve("gateway", "GET /orders", 1, 9).Answered(404)
				return tr
			},
			dismissed: incident.DismissClientError,
		},
	} {
		e.run(t)
	}
}

// Section 2: a handled exception is evidence, and no error; the span says how it went. So do the
// marks of tracers that have no status, and the text of records whose sender set no severity.
func TestSection2WhichRecordCounts(t *testing.T) {
	const stack = "shop.RateException: no rate"
	unrated := func(body string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("unrated")
			tr.Span("tax", "GET /rate", server, 0, 20).Answered(200).Logged(5, 0, body)
			return tr
		}
	}
	code := []verdict{{incident.KindCode, "tax", "tax", incident.CategoryCodeException}}
	for _, e := range []expectation{
		{
			name: "recorded on a span that answered 200",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("handled")
				tr.Span("tax", "GET /rate", server, 0, 20).Answered(200).Threw(5, "shop.RateException", "no rate", javaStack(stack, "shop.Tax.rate"))
				return tr
			},
			dismissed: incident.DismissNoError,
		},
		{
			name: "logged at WARN",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("warned")
				tr.Span("tax", "GET /rate", server, 0, 20).Answered(200).Logged(5, 13, "using the default", "exception.type", "shop.RateException")
				return tr
			},
			dismissed: incident.DismissNoError,
		},
		{
			name: "recorded on a silent span below one that answered 500",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("silent")
				tr.Span("tax", "GET /rate", server, 0, 20).Answered(500).Inside("handler", 1, 19).
					Threw(5, "shop.RateException", "no rate", javaStack(stack, "shop.Tax.rate"))
				return tr
			},
			roots: code,
		},
		{
			name: "marked by OpenTracing",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("marked")
				tr.Span("tax", "GET /rate", server, 0, 20).With("error", "true", "error.kind", "shop.RateException", "error.stack", javaStack(stack, "shop.Tax.rate"))
				return tr
			},
			roots: code,
		},
		{name: "an ERROR that the layout says", trace: unrated("2026-01-02 15:04:05,123 ERROR [main] tax - " + javaStack(stack, "shop.Tax.rate")), roots: code},
		{name: "a WARN that the layout says", trace: unrated("2026-01-02 15:04:05,123 WARN [main] tax - " + javaStack(stack, "shop.Tax.rate")), dismissed: incident.DismissNoError},
		{name: "a word of the message", trace: unrated("an error is handled"), dismissed: incident.DismissNoError},
	} {
		e.run(t)
	}
}

// Section 2: a cancellation at the entry with no timeout or error before it is the user leaving.
func TestSection2UserLeft(t *testing.T) {
	for _, e := range []expectation{
		{
			name: "the whole chain is cancelled",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("left")
				entry := tr.Span("gateway", "GET /search", server, 0, 100).Failed("context canceled")
				entry.Call("GET", 1, 100).Failed("context canceled").With("peer.service", "search").
					Serve("search", "GET /search", 2, 101).Failed("context canceled")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "the server answers 500 into a closed connection",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("left500")
				entry := tr.Span("gateway", "GET /search", server, 0, 101).Answered(500)
				entry.Call("GET", 1, 100).Failed("context canceled").With("peer.service", "search")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "499",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("499")
				tr.Span("proxy", "GET /search", server, 0, 101).Failed("").
					Call("GET", 1, 100).With("peer.service", "search").HTTP(499).Failed("")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "an error came before",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("after")
				entry := tr.Span("gateway", "GET /search", server, 0, 100).Failed("context canceled")
				entry.Call("GET", 1, 20).With("peer.service", "search").Answered(500).
					Serve("search", "GET /search", 2, 19).Answered(500).
					Threw(18, "java.lang.IllegalStateException", "index is closed", "")
				return tr
			},
			roots: []verdict{{incident.KindCode, "search", "search", incident.CategoryCodeException}},
		},
	} {
		e.run(t)
	}
}

// Section 2: an error log of the parent within 50 ms of a child's end that names the child's peer,
// exception or status belongs to the child's error.
func TestSection2LogsOfTheParent(t *testing.T) {
	trace := func(at int, body string) *rcatest.Trace {
		tr := rcatest.New("logs")
		entry := tr.Span("gateway", "GET /search", server, 0, 200).Answered(200).Logged(at, errorLv, body)
		entry.Call("GET", 1, 100).With("peer.service", "search").Answered(503).Failed("")
		return tr
	}
	for name, c := range map[string]struct {
		trace  *rcatest.Trace
		errors int
	}{
		"names the peer":    {trace(110, "search is busy"), 1},
		"names the status":  {trace(110, "call returned 503"), 1},
		"names nothing":     {trace(110, "cannot show results"), 2},
		"comes much later":  {trace(180, "search is busy"), 2},
		"comes just before": {trace(99, "search is busy"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			root := only(t, classify(c.trace))
			assert.Equal(t, c.errors, root.Errors)
			assert.Equal(t, 2, root.ErrorSignals)
		})
	}
}

// Section 2: a log belongs to one group, of several children to one whose peer it names, then to the nearest.
func TestSection2NearestChild(t *testing.T) {
	for name, c := range map[string]struct {
		text        string
		at, nearest int
	}{
		"the first":               {"upstream is busy: 503", 72, 0},
		"the second":              {"upstream is busy: 503", 104, 1},
		"in between":              {"upstream is busy: 503", 96, 1},
		"the one that it names":   {"search is busy: 503", 98, 0},
		"the other that it names": {"images is busy: 503", 72, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			entry := tr.Span("gateway", "GET /search", server, 0, 200).Answered(500).Logged(c.at, errorLv, c.text)
			calls := []*rcatest.Span{
				entry.Call("GET a", 1, 70).With("peer.service", "search").Answered(503),
				entry.Call("GET b", 2, 100).With("peer.service", "images").Answered(503),
			}
			c2 := classify(tr)
			require.Len(t, c2.Roots, 2)
			log := incident.Ref("log:" + tr.Build().Logs[0].ID.String())
			for i, call := range calls {
				assert.Contains(t, c2.Roots[i].Origin, call.Ref())
				assert.Equal(t, i == c.nearest, slices.Contains(c2.Roots[i].Origin, log))
			}
		})
	}
}

// Section 2: spans without a status let a failure pass if their instrumentation sets none at all,
// and stop it if it would have set one.
func TestSection2SilentSpans(t *testing.T) {
	const thrown = "Servlet.service() threw exception [Request processing failed; nested exception is " +
		"java.lang.IllegalStateException: No instances available for train]"
	trace := func(serverStatus int) *rcatest.Trace {
		tr := rcatest.New("silent")
		entry := tr.Span("gateway", "/*", server, 0, 50)
		travel := entry.Call("HTTP POST", 1, 49).Serve("travel", "/trips", 2, 48)
		basic := travel.Call("HTTP POST", 3, 40).Serve("basic", "/basic", 4, 39).Logged(38, errorLv, thrown)
		travel.Logged(42, errorLv, "nested exception is org.springframework.web.client.HttpServerErrorException: 500 Internal Server Error")
		if serverStatus != 0 {
			travel.HTTP(serverStatus)
			basic.HTTP(serverStatus)
		}
		return tr
	}
	c := classify(trace(0))
	root := only(t, c)
	assert.Equal(t, verdict{incident.KindDependency, "basic", "train", incident.CategoryDependencyUnavailable}, verdictOf(root))
	assert.Equal(t, 2, root.Errors)
	assert.Equal(t, incident.OutcomeUnknown, c.Outcome, "no span says how the request went")
	assert.Equal(t, incident.SeverityMedium, root.Severity)

	t.Run("an answer of success stops it", func(t *testing.T) {
		tr := rcatest.New("handled")
		entry := tr.Span("gateway", "GET /", server, 0, 50).Answered(200)
		entry.Call("GET", 1, 49).With("peer.service", "travel").HTTP(200).
			Serve("travel", "GET /trips", 2, 48).HTTP(200).Logged(40, errorLv, "cannot read the cache")
		c := classify(tr)
		assert.Equal(t, incident.OutcomeDegraded, c.Outcome)
		assert.Equal(t, "travel", only(t, c).Service)
	})
}

// Section 2: exceptions in log bodies are read, with and without line breaks, causes to the
// innermost.
func TestSection2ExceptionsInBodies(t *testing.T) {
	const (
		lines = "request failed\njava.lang.RuntimeException: cannot book\n\tat shop.Booking.book(Booking.java:10)\n" +
			"Caused by: java.lang.NullPointerException: seat\n\tat shop.Seats.pick(Seats.java:7)\n\t... 12 more"
		joined = "request failed java.lang.RuntimeException: cannot book 	at shop.Booking.book(Booking.java:10) " +
			"Caused by: java.lang.NullPointerException: seat 	at shop.Seats.pick(Seats.java:7) 	... 12 more"
		nested = "threw exception [Request processing failed; nested exception is java.lang.NullPointerException: seat] with root cause"
	)
	for name, body := range map[string]string{"lines": lines, "joined": joined, "nested": nested} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			tr.Span("booking", "/book", server, 0, 20).Logged(10, errorLv, body)
			root := only(t, classify(tr))
			assert.Equal(t, verdict{incident.KindCode, "booking", "booking", incident.CategoryCodeException}, verdictOf(root))
			require.NotEmpty(t, root.Parts.Identity)
			assert.Contains(t, root.Title, "NullPointerException")
		})
	}
}

// A message without a word is no title.
func TestWordlessMessage(t *testing.T) {
	tr := rcatest.New("wordless")
	tr.Span("booking", "/book", server, 0, 20).Failed("500")
	assert.Equal(t, "booking: error in /book", only(t, classify(tr)).Title)
}
