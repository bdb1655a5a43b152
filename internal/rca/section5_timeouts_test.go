package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// waiting is orders, whose call to stock gave up after 3 s; behind adds stock's side.
func waiting(name string, behind func(call *rcatest.Span)) *rcatest.Trace {
	tr := rcatest.New(name)
	entry := tr.Span("orders", "GET /order", server, 0, 3005).Answered(504)
	call := entry.Call("GET", 2, 3003).With("peer.service", "stock").Failed("context deadline exceeded")
	if behind != nil {
		behind(call)
	}
	return tr
}

// Section 5: follow the time down to the deepest place that held it over the deadline.
func TestSection5Descent(t *testing.T) {
	known := incident.Knowledge{ServicesSeen: []string{"stock"}, ServicesEver: []string{"stock"}}
	for _, e := range []expectation{
		{
			name: "the callee itself",
			trace: func() *rcatest.Trace {
				return waiting("callee", func(c *rcatest.Span) { c.Serve("stock", "GET /items", 3, 4000).HTTP(200) })
			},
			roots: []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "deeper, through spans that went well",
			trace: func() *rcatest.Trace {
				return waiting("deeper", func(c *rcatest.Span) {
					c.Serve("stock", "GET /items", 3, 4000).HTTP(200).
						Call("GET", 10, 3900).With("peer.service", "warehouse").HTTP(200).
						Serve("warehouse", "GET /shelf", 11, 3899).HTTP(200)
				})
			},
			roots: []verdict{{incident.KindSlow, "warehouse", "warehouse", incident.CategoryTimeout}},
		},
		{
			name: "what ended before the deadline and had most of the time",
			trace: func() *rcatest.Trace {
				return waiting("most", func(c *rcatest.Span) {
					stock := c.Serve("stock", "GET /items", 3, 4000).HTTP(200)
					stock.Call("GET", 10, 2800).With("peer.service", "warehouse").HTTP(200).Serve("warehouse", "GET /shelf", 11, 2799).HTTP(200)
					stock.Call("GET", 2801, 3500).With("peer.service", "price").HTTP(200).Serve("price", "GET /price", 2802, 3499).HTTP(200)
				})
			},
			roots: []verdict{{incident.KindSlow, "warehouse", "warehouse", incident.CategoryTimeout}},
		},
		{
			name: "many short calls are the caller's own time",
			trace: func() *rcatest.Trace {
				return waiting("many", func(c *rcatest.Span) {
					stock := c.Serve("stock", "GET /items", 3, 4000).HTTP(200)
					for i := range 30 {
						stock.Query("SELECT", "db", "stock", 10+100*i, 90+100*i)
					}
				})
			},
			roots: []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "between caller and callee",
			trace: func() *rcatest.Trace {
				return waiting("between", func(c *rcatest.Span) { c.Serve("stock", "GET /items", 2900, 2990).HTTP(200) })
			},
			roots: []verdict{{incident.KindEdge, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "a database that never has telemetry",
			trace: func() *rcatest.Trace {
				return waiting("db", func(c *rcatest.Span) {
					c.Serve("stock", "GET /items", 3, 3500).HTTP(200).Query("SELECT", "stock-db", "stock", 10, 3400)
				})
			},
			roots: []verdict{{incident.KindDependency, "stock", "stock-db", incident.CategoryTimeout}},
		},
		{
			name:  "an external API that never has telemetry",
			trace: func() *rcatest.Trace { return waiting("external", nil) },
			roots: []verdict{{incident.KindDependency, "orders", "stock", incident.CategoryTimeout}},
		},
		{
			name:      "nothing recorded at a service that has telemetry elsewhere",
			trace:     func() *rcatest.Trace { return waiting("abstain", nil) },
			knowledge: known,
			roots:     []verdict{{incident.KindUnknown, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "a ghost proves that the service was reached",
			trace: func() *rcatest.Trace {
				return waiting("ghost", func(c *rcatest.Span) {
					c.Serve("stock", "GET /items", 3, 9000).Logged(5, info, "counting items").Lost()
				})
			},
			knowledge: known,
			roots:     []verdict{{incident.KindSlow, "stock", "stock", incident.CategoryTimeout}},
		},
		{
			name: "an error at the place gives the category, whenever it ended",
			trace: func() *rcatest.Trace {
				return waiting("late error", func(c *rcatest.Span) {
					c.Serve("stock", "GET /items", 3, 8000).Answered(500).
						Query("SELECT", "stock-db", "stock", 10, 7990).SQLFailed(7990, "40P01", "deadlock detected")
				})
			},
			roots: []verdict{{incident.KindDependency, "stock", "stock-db", incident.CategoryDatabaseLock}},
		},
	} {
		e.run(t)
	}
}

// Section 5: an abstained timeout names the peer as the sole candidate, with confidence 0.4.
func TestSection5Abstains(t *testing.T) {
	built := waiting("abstain", nil).Build()
	known := incident.Knowledge{ServicesEver: []string{"stock"}}
	c := rca.Classify("", built, known)
	root := only(t, c)
	assert.True(t, root.Abstained)
	assert.Regexp(t, "^abstain:[0-9a-f]{32}$", root.Signature)

	r := rca.Analyze(&incident.Case{RootSignature: root.Signature, Failing: []*incident.Trace{built}, Knowledge: known}).Report
	assert.Equal(t, incident.VerdictAbstained, r.Verdict)
	assert.Nil(t, r.RootCause)
	require.Len(t, r.Candidates, 1)
	assert.Equal(t, "stock", r.Candidates[0].Component)
	assert.Equal(t, incident.Confidence(400_000), r.Candidates[0].Score)
	assert.Equal(t, "orders gave up after 3.0 s waiting for stock; nothing is recorded there", r.Candidates[0].For[0].Statement)
}

// Section 5: clock skew is inferred only where a callee starts before its caller, or after the end
// of a call that has its answer, consistently for the pair.
func TestSection5Skew(t *testing.T) {
	pair := func(name string, shifts ...int) *rcatest.Trace {
		tr := rcatest.New(name)
		entry := tr.Span("orders", "GET /order", server, 0, 1000).Answered(500).Threw(950, "java.lang.IllegalStateException", "no", "")
		for i, shift := range shifts {
			from := 100 + 200*i
			entry.Call("GET", from, from+50).With("peer.service", "stock").HTTP(200).
				Serve("stock", "GET /items", from+5+shift, from+45+shift).HTTP(200)
		}
		return tr
	}
	for name, c := range map[string]struct {
		trace *rcatest.Trace
		skew  bool
	}{
		"behind":             {pair("behind", -400, -400, -401), true},
		"ahead":              {pair("ahead", 300, 300, 299), true},
		"within tolerance":   {pair("tolerance", -8, -9, 0), false},
		"not consistent":     {pair("mixed", -400, 300), false},
		"a callee outlasts":  {waiting("outlasts", func(c *rcatest.Span) { c.Serve("stock", "GET /items", 3, 9000).HTTP(200) }), false},
		"a late, unanswered": {waiting("late", func(c *rcatest.Span) { c.Serve("stock", "GET /items", 3500, 3600).HTTP(200) }), false},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []string
			for _, g := range report(t, c.trace).Gaps {
				kinds = append(kinds, g.Kind)
			}
			if c.skew {
				assert.Contains(t, kinds, "clock_skew")
				return
			}
			assert.NotContains(t, kinds, "clock_skew")
		})
	}
}

// Section 5: what held the time is compared with the healthy traces of the case.
func TestSection5Comparison(t *testing.T) {
	in := caseOf(t, rcatest.SlowStock("slow"))
	for i := range 5 {
		tr := rcatest.New(string(rune('a' + i)))
		tr.Span("inventory", "GET /inventory/{item_id}", server, 0, 2+i).HTTP(200)
		in.Healthy = append(in.Healthy, tr.Build())
	}
	r := rca.Analyze(in).Report
	assert.Contains(t, marshal(t, r.Findings), "GET /inventory/{item_id} took 501 ms here, and 4 ms in the middle of 5 healthy calls")

	in.Healthy = in.Healthy[:2]
	assert.NotContains(t, marshal(t, rca.Analyze(in).Report.Findings), "healthy calls")
}
