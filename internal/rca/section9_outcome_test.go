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

// degraded is a request that succeeds although a call of it failed.
func degraded(name string) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("gateway", "GET /", server, 0, 50).Answered(200).
		Call("GET", 1, 9).With("peer.service", "ads").Answered(500).
		Serve("ads", "GET /ads", 2, 8).Answered(500).Threw(7, "java.lang.IllegalStateException", "no ads", "")
	return tr
}

// loggedInSilence is a request of which no span says how it went, with one record of its service.
func loggedInSilence(name string, severity int32, body string, keysAndValues ...any) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("gateway", "/*", server, 0, 50).Call("GET", 1, 49).Serve("orders", "/order", 2, 48).Logged(40, severity, body, keysAndValues...)
	return tr
}

func thrownInSilence(name string) *rcatest.Trace {
	return loggedInSilence(name, errorLv, "Servlet.service() threw exception [nested exception is java.lang.NullPointerException: seat] with root cause")
}

// graphQL is a request that is answered 200 although a span of its service failed, which has the attribute.
func graphQL(name, key, value string) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("shop", "POST /graphql", server, 0, 50).HTTP(200).
		Inside("resolve", 1, 49).With(key, value).Failed("").Threw(40, "GraphQLError", "no price", "")
	return tr
}

// Section 9: what one failing trace makes of its root.
func TestSection9SeverityOfOneTrace(t *testing.T) {
	lost := rcatest.New("entry lost")
	lost.Span("gateway", "/*", server, 0, 50).Lost().Call("GET", 1, 49).Serve("orders", "/order", 2, 48).Logged(40, errorLv, "order not found")
	told := loggedInSilence("told", errorLv, "order not found")
	told.Span("stock", "GET /", server, 10, 20).HTTP(200)
	wrapped := rcatest.New("wrapped")
	wrapped.Span("gateway", "/*", server, 0, 50).Logged(49, errorLv, "Servlet.service() threw exception [nested exception is shop.GatewayException: orders: order not found]").
		Call("GET", 1, 49).Serve("orders", "/order", 2, 48).Logged(40, errorLv, "order not found")
	untraced := rcatest.New("untraced")
	untraced.Log("orders", 1, errorLv, "order not found")
	ended := rcatest.New("ended")
	ended.Span("orders", "GET /order", server, 0, 50).HTTP(200).Logged(60, signal.SeverityFatal, "unhandled rejection", "exception.type", "SyntaxError", "exception.message", "bad")
	for name, c := range map[string]struct {
		trace *incident.Trace
		want  incident.Severity
	}{
		"an ERROR log, no statuses":                      {loggedInSilence("plain", errorLv, "order not found").Build(), incident.SeverityLow},
		"an ERROR log, no statuses, the entry missing":   {lost.Build(), incident.SeverityLow},
		"an ERROR log, another span has a status":        {told.Build(), incident.SeverityMedium},
		"a FATAL log, no statuses":                       {loggedInSilence("fatal", signal.SeverityFatal, "order not found").Build(), incident.SeverityMedium},
		"an ERROR log that tells of a call, no statuses": {loggedInSilence("call", errorLv, "connect ECONNREFUSED stock:80").Build(), incident.SeverityMedium},
		"an exception, no statuses":                      {thrownInSilence("thrown").Build(), incident.SeverityMedium},
		"an ERROR log that led to an exception":          {wrapped.Build(), incident.SeverityMedium},
		"an ERROR log without a trace":                   {untraced.Untraced("orders"), incident.SeverityMedium},
		"a process that ended after a good answer":       {ended.Build(), incident.SeverityMedium},
		"a good answer, with errors in its body":         {graphQL("body", "graphql.field.path", "price").Build(), incident.SeverityHigh},
		"a good answer":                                  {degraded("d").Build(), incident.SeverityLow},
		"a bad answer":                                   {rcatest.FailStock("f").Build(), incident.SeverityHigh},
	} {
		t.Run(name, func(t *testing.T) {
			roots := rca.Classify("", c.trace, incident.Knowledge{}).Roots
			require.Len(t, roots, 1)
			assert.Equal(t, c.want, roots[0].Severity)
		})
	}
}

// Section 9: what a failing trace meant to its caller.
func TestSection9Outcome(t *testing.T) {
	for name, c := range map[string]struct {
		trace *rcatest.Trace
		want  incident.Outcome
	}{
		"the entry failed":              {rcatest.FailStock("a"), incident.OutcomeFailed},
		"the entry missed its deadline": {waiting("late", func(c *rcatest.Span) { c.Serve("stock", "GET", 3, 9000).HTTP(200) }), incident.OutcomeFailed},
		"the entry went well":           {degraded("d"), incident.OutcomeDegraded},
		"the entry was not seen": {func() *rcatest.Trace {
			tr, gateway, _, _ := chain("entry lost", 500, 500)
			gateway.Lost()
			return tr
		}(), incident.OutcomeUnknown},
		"the entry answered well, with an error log": {func() *rcatest.Trace {
			tr := rcatest.New("logged well")
			tr.Span("gateway", "GET /", server, 0, 50).HTTP(200).Logged(40, errorLv, "no ads")
			return tr
		}(), incident.OutcomeDegraded},
		"a silent entry, an error that was only logged": {func() *rcatest.Trace {
			tr := rcatest.New("only logged")
			tr.Span("gateway", "/*", server, 0, 50).Call("GET", 1, 49).Serve("orders", "/order", 2, 48).Logged(40, errorLv, "order not found")
			return tr
		}(), incident.OutcomeUnknown},
		"a silent entry, an exception that left a service whose spans say how they went": {func() *rcatest.Trace {
			tr := rcatest.New("thrown")
			orders := tr.Span("gateway", "/*", server, 0, 50).Call("GET", 1, 49).Serve("orders", "/order", 2, 48).
				Logged(40, errorLv, "Servlet.service() threw exception [nested exception is java.lang.NullPointerException: seat] with root cause")
			orders.Failed("")
			return tr
		}(), incident.OutcomeFailed},
		"an exception where no span says how it went":   {thrownInSilence("thrown in silence"), incident.OutcomeUnknown},
		"a field of GraphQL failed under 200":           {graphQL("field", "graphql.field.name", "price"), incident.OutcomeFailed},
		"an operation of GraphQL failed under 200":      {graphQL("operation", "graphql.operation.type", "query"), incident.OutcomeFailed},
		"a tool that the entry served failed under 200": {graphQL("tool", "mcp.method.name", "tools/call"), incident.OutcomeFailed},
		"a tool that the entry called failed": {func() *rcatest.Trace {
			tr := rcatest.New("tool called")
			tr.Span("agent", "POST /chat", server, 0, 90).HTTP(200).Call("tools/call search", 10, 40).
				With("mcp.method.name", "tools/call", "server.address", "docs", "error.type", "tool_error").Failed("Error executing tool search")
			return tr
		}(), incident.OutcomeUnknown},
		"what another service answered to an operation of GraphQL": {func() *rcatest.Trace {
			tr := rcatest.New("federation")
			query := tr.Span("router", "POST /", server, 0, 90).HTTP(200).Inside("query", 1, 89).With("graphql.operation.type", "query")
			query.Call("POST", 2, 80).With("server.address", "accounts").HTTP(200).Serve("accounts", "POST /graphql", 3, 79).HTTP(200).
				Inside("resolve", 4, 70).With("graphql.field.name", "me").Failed("").Threw(60, "GraphQLError", "no such user", "")
			return tr
		}(), incident.OutcomeFailed},
		"something else of the entry failed under 200": {graphQL("other", "code.function", "price"), incident.OutcomeDegraded},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, classify(c.trace).Outcome) })
	}
}

// Section 9: a failed attempt followed by a successful one is recovered and no failure.
func TestSection9Recovered(t *testing.T) {
	attempts := func(name string, second func(entry *rcatest.Span)) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			entry := tr.Span("orders", "GET /order", server, 0, 100).Answered(200)
			entry.Call("GET", 1, 9).With("peer.service", "stock", "url.full", "http://stock/a").Answered(503).
				Serve("stock", "GET /items", 2, 8).Answered(503).Logged(7, errorLv, "warming up")
			entry.Logged(10, errorLv, "stock answered 503, trying again")
			second(entry)
			return tr
		}
	}
	stock := []verdict{{incident.KindCode, "stock", "stock", incident.CategoryDependencyUnavailable}}
	for _, e := range []expectation{
		{
			name: "the second attempt succeeds",
			trace: attempts("ok", func(e *rcatest.Span) {
				e.Call("GET", 20, 29).With("peer.service", "stock", "url.full", "http://stock/a").HTTP(200).Serve("stock", "GET /items", 21, 28).HTTP(200)
			}),
			dismissed: incident.DismissRecovered,
		},
		{
			name: "the third does",
			trace: attempts("third", func(e *rcatest.Span) {
				e.Call("GET", 20, 29).With("peer.service", "stock", "url.full", "http://stock/a").Answered(503)
				e.Call("GET", 40, 49).With("peer.service", "stock", "url.full", "http://stock/a").HTTP(200)
			}),
			dismissed: incident.DismissRecovered,
		},
		{
			name: "none succeeds",
			trace: attempts("none", func(e *rcatest.Span) {
				e.Call("GET", 20, 29).With("peer.service", "stock", "url.full", "http://stock/a").Answered(503).
					Serve("stock", "GET /items", 21, 28).Answered(503).Logged(27, errorLv, "warming up")
			}),
			roots: stock,
		},
		{
			name: "another request succeeds",
			trace: attempts("another", func(e *rcatest.Span) {
				e.Call("GET", 20, 29).With("peer.service", "stock", "url.full", "http://stock/b").HTTP(200)
			}),
			roots: stock,
		},
		{
			name: "another peer succeeds",
			trace: attempts("peer", func(e *rcatest.Span) {
				e.Call("GET", 20, 29).With("peer.service", "price", "url.full", "http://stock/a").HTTP(200)
			}),
			roots: stock,
		},
		{
			name: "whether the second succeeds is not known",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("silent")
				entry := tr.Span("orders", "/order", server, 0, 100)
				entry.Call("GET", 1, 9).Serve("stock", "/items", 2, 8).Logged(7, errorLv, "warming up")
				entry.Call("GET", 20, 29).Serve("stock", "/items", 21, 28)
				return tr
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
	t.Run("its outcome and finding", func(t *testing.T) {
		tr := rcatest.RetryPay("retry")
		c := classify(tr)
		assert.Equal(t, incident.OutcomeRecovered, c.Outcome)
		r := rca.Analyze(&incident.Case{Failing: []*incident.Trace{tr.Build()}}).Report
		assert.Contains(t, marshal(t, r.Findings), "recovered: payment")
	})
}

// Section 9: recovered attempts are a failure once their share exceeds that of the baseline.
func TestSection9RecoveredTooOften(t *testing.T) {
	known := func(calls, failed, recent, recentFailed int) incident.Knowledge {
		return incident.Knowledge{Calls: []incident.CallStats{{
			Caller: "payment", Callee: "inventory", Operation: "GET", Calls: calls, Failed: failed, RecentCalls: recent, RecentFailed: recentFailed,
		}}}
	}
	for name, c := range map[string]struct {
		knowledge incident.Knowledge
		want      incident.FailureState
	}{
		"as often as ever":       {known(1000, 20, 100, 2), incident.FailureDismissed},
		"twice as often":         {known(1000, 20, 100, 3), incident.FailureDismissed},
		"a little more often":    {known(1000, 20, 100, 4), incident.FailureClassified},
		"far more often":         {known(1000, 20, 100, 40), incident.FailureClassified},
		"as many calls as read":  {known(20_000, 6_100, 10_000, 6_000), incident.FailureClassified},
		"too small a baseline":   {known(199, 0, 100, 40), incident.FailureDismissed},
		"too few recent to tell": {known(1000, 20, 5, 5), incident.FailureDismissed},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, rca.Classify("", rcatest.RetryPay("retry").Build(), c.knowledge).State)
		})
	}
	t.Run("calls of the same name to another service", func(t *testing.T) {
		k := known(1000, 20, 100, 40)
		k.Calls[0].Callee = "price"
		assert.Equal(t, incident.FailureDismissed, rca.Classify("", rcatest.RetryPay("retry").Build(), k).State)
	})
}

func TestSection9Severity(t *testing.T) {
	failed, well := rcatest.FailStock("f"), degraded("d")
	silent, logged := thrownInSilence("silent"), loggedInSilence("logged", errorLv, "order not found")
	stats := func(pairs ...int) (all []incident.EntryStats) {
		for i := 0; i+1 < len(pairs); i += 2 {
			all = append(all, incident.EntryStats{Service: "gateway", Traces: pairs[i], Failed: pairs[i+1]})
		}
		return all
	}
	for name, c := range map[string]struct {
		trace   *rcatest.Trace
		entries []incident.EntryStats
		want    incident.Severity
	}{
		"half of an entry's traces, ten of them": {failed, stats(20, 10), incident.SeverityCritical},
		"less than half":                         {failed, stats(21, 10), incident.SeverityHigh},
		"fewer than ten":                         {failed, stats(9, 9), incident.SeverityHigh},
		"two entries with five each":             {failed, stats(100, 5, 100, 5), incident.SeverityCritical},
		"two entries, one with four":             {failed, stats(100, 5, 100, 4), incident.SeverityHigh},
		"any failed":                             {failed, nil, incident.SeverityHigh},
		"unknown":                                {silent, stats(20, 10), incident.SeverityMedium},
		"degraded only":                          {well, stats(20, 10), incident.SeverityLow},
		"only logged":                            {logged, stats(20, 10), incident.SeverityLow},
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, c.trace)
			in.Entries = c.entries
			r := rca.Analyze(in).Report
			assert.Equal(t, c.want, r.Severity)
			assert.Equal(t, c.trace == well, strings.Contains(r.Narrative.Markdown, "requests themselves succeeded"))
			assert.Equal(t, c.trace == logged, strings.Contains(r.Narrative.Markdown, "No record says that a request failed"))
		})
	}
}
