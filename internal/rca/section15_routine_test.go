package rca_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

var receiptEnd = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// sharesOf has every root of a classification in failing of 100 requests of each of many windows, of which failed
// requests failed.
func sharesOf(c incident.Classification, failing, failed int) incident.Knowledge {
	var k incident.Knowledge
	for _, r := range c.Roots {
		s := incident.ErrorShare{Service: c.EntryService, Operation: c.EntryOperation, Signature: r.Signature, Until: signal.NanosOf(receiptEnd)}
		for range 20 {
			s.Windows = append(s.Windows, incident.ShareWindow{Requests: 100, Failing: failing, Failed: failed})
		}
		k.Shares = append(k.Shares, s)
	}
	return k
}

// Section 15: what was there before at about the same share is routine and low.
func TestSection15Routine(t *testing.T) {
	fatal := rcatest.New("fatal")
	fatal.Span("shop", "GET /", server, 0, 50).Answered(500).Logged(40, signal.SeverityFatal, "giving up", "exception.type", "SyntaxError", "exception.message", "bad")
	thrown := func(name, typ, message string) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Span("shop", "GET /", server, 0, 50).Answered(500).Threw(40, typ, message, "")
		return tr
	}
	for name, c := range map[string]struct {
		trace           *rcatest.Trace
		failing, failed int
		want            bool
	}{
		"a request that failed, as before":         {rcatest.FailStock("a"), 5, 5, true},
		"a request that went well, as before":      {degraded("b"), 5, 0, true},
		"requests with the error went well":        {rcatest.FailStock("c"), 5, 0, false},
		"it was never there":                       {rcatest.FailStock("d"), 0, 0, false},
		"a record of severity FATAL":               {fatal, 5, 5, false},
		"a panic":                                  {thrown("e", "panic", "assignment to entry in nil map"), 5, 5, false},
		"out of memory":                            {thrown("f", "java.lang.OutOfMemoryError", "Java heap space"), 5, 5, false},
		"a process that was killed by its runtime": {thrown("g", "Error", "container shop exited with code 139"), 5, 5, false},
		"another exception":                        {thrown("h", "java.lang.IllegalStateException", "no such cart"), 5, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			k := sharesOf(classify(c.trace), c.failing, c.failed)
			root := only(t, rca.Classify("", c.trace.Build(), k))
			assert.Equal(t, c.want, root.Routine != nil)
			in := caseOf(t, c.trace)
			in.Knowledge = k
			r := rca.Analyze(in).Report
			assert.Equal(t, c.want, r.Routine != nil)
			if !c.want {
				return
			}
			assert.Equal(t, incident.SeverityLow, root.Severity)
			assert.Equal(t, incident.SeverityLow, r.Severity)
			assert.Equal(t, &incident.Routine{Failing: 90, Requests: 1800, Since: receiptEnd.Add(-100 * time.Minute)}, r.Routine)
			assert.Contains(t, r.Narrative.Markdown, "routine: 90 of 1800 requests had it since 2026-01-01 10:20 UTC")
		})
	}
}

// Section 15: an error that is routine in requests that go well does not explain why one failed.
func TestSection15RoutineExplainsNothingNew(t *testing.T) {
	tr := rcatest.New("new")
	tr.Span("gateway", "GET /", server, 0, 50).Answered(500).Threw(49, "shop.CartError", "cart 17 is empty", "").
		Call("GET", 1, 9).With("peer.service", "ads").Answered(500).
		Serve("ads", "GET /ads", 2, 8).Answered(500).Threw(7, "java.lang.IllegalStateException", "no ads", "")
	before := classify(tr)
	require.Equal(t, "ads", only(t, before).Service, "without a baseline it is the likeliest")
	for name, c := range map[string]struct {
		failing, failed int
		want            string
	}{
		"requests with it went well": {5, 0, "gateway"},
		"requests with it failed":    {5, 5, "ads"},
		"it was not there before":    {0, 0, "ads"},
	} {
		t.Run(name, func(t *testing.T) {
			k := sharesOf(before, c.failing, c.failed)
			after := rca.Classify("", tr.Build(), k)
			assert.Equal(t, c.want, only(t, after).Service)
			assert.Equal(t, c.failed > 0, only(t, after).Routine != nil)
			in := caseOf(t, tr)
			in.Knowledge = k
			in.RootSignature = after.Roots[0].Signature
			assert.Equal(t, c.want, rca.Analyze(in).Report.RootCause.Service)
		})
	}
}

// Section 15: where too little was received before, the report says so.
func TestSection15NoBaseline(t *testing.T) {
	tr := rcatest.FailStock("a")
	k := sharesOf(classify(tr), 5, 5)
	says := func(k incident.Knowledge) bool {
		in := caseOf(t, tr)
		in.Knowledge = k
		for _, g := range rca.Analyze(in).Report.Gaps {
			if g.Kind == incident.GapNoBaseline {
				return true
			}
		}
		return false
	}
	assert.False(t, says(incident.Knowledge{}), "nobody asked")
	assert.False(t, says(k))
	k.Shares[0].Windows = k.Shares[0].Windows[:7]
	assert.True(t, says(k))
	k.Shares[0].Windows = nil
	assert.True(t, says(k))
}
