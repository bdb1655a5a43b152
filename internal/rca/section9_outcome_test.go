package rca_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// degraded is a request that succeeds although a call of it failed.
func degraded(name string) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("gateway", "GET /", server, 0, 50).Answered(200).
		Call("GET", 1, 9).With("peer.service", "ads").Answered(500).
		Serve("ads", "GET /ads", 2, 8).Answered(500).Threw(7, "java.lang.IllegalStateException", "no ads", "")
	return tr
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
		"a silent entry, an exception that left the service": {func() *rcatest.Trace {
			tr := rcatest.New("thrown")
			tr.Span("gateway", "/*", server, 0, 50).Call("GET", 1, 49).Serve("orders", "/order", 2, 48).
				Logged(40, errorLv, "Servlet.service() threw exception [nested exception is java.lang.NullPointerException: seat] with root cause")
			return tr
		}(), incident.OutcomeFailed},
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
	stock := []verdict{{incident.KindCode, "stock", "stock", incident.CategoryUnknown}}
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
			roots: stock,
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
	silent := rcatest.New("silent")
	silent.Span("gateway", "/*", server, 0, 50).Call("GET", 1, 49).Serve("orders", "/order", 2, 48).Logged(40, errorLv, "order not found")
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
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, c.trace)
			in.Entries = c.entries
			r := rca.Analyze(in).Report
			assert.Equal(t, c.want, r.Severity)
			assert.Equal(t, c.want == incident.SeverityLow, strings.Contains(r.Narrative.Markdown, "requests themselves succeeded"))
		})
	}
}
