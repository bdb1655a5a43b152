package rca_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// windowFrom and windowTo are the window of the cases of this file, in milliseconds; their baseline is before.
const windowFrom, windowTo = 600_000, 780_000

// checkout is one request: gateway asks orders, which asks stock and pay. What is wrong with it depends on the request.
type checkout struct {
	wayToPay, stockTakes, ordersTake int // milliseconds more than usual
	noPay, ordersLog, payLog         bool
	payFails                         bool
}

// request builds the nth request, at a time in milliseconds. Times vary a little from one to the next.
func (c checkout) request(n, at int) *incident.Trace {
	tr := rcatest.New(fmt.Sprintf("checkout %d %d", n, at))
	vary := n * 7 % 10
	stock, pay := 40+vary+c.stockTakes, 30+vary
	took := 20 + stock + pay + c.wayToPay + c.ordersTake
	gateway := tr.Span("gateway", "POST /checkout", signal.KindServer, at, at+took+20)
	orders := gateway.Call("POST", at+5, at+took+15).Serve("orders", "POST /orders", at+8, at+took+12)
	orders.Logged(at+9, 9, "OrderService#41 [create] begin")
	orders.Call("GET", at+10, at+14+stock).Serve("stock", "GET /stock", at+12, at+12+stock).
		Logged(at+13, 9, fmt.Sprintf("looked up item %d in the warehouse", n))
	if !c.noPay {
		call := at + 20 + stock + c.ordersTake
		client := orders.Call("POST", call, call+pay+c.wayToPay+4)
		server := client.Serve("pay", "POST /pay", call+2+c.wayToPay/2, call+2+c.wayToPay/2+pay)
		if c.payLog {
			server.Logged(call+4, 13, "card was declined by the provider")
		}
		if c.payFails {
			server.HTTP(500).Failed("").Threw(call+5, "java.lang.NullPointerException", "card is null", "")
			client.HTTP(500).Failed("")
			orders.HTTP(500).Failed("")
			gateway.HTTP(500).Failed("")
		}
	}
	if !c.ordersLog {
		orders.Logged(at+took, 9, "OrderService#57 [create] done")
	}
	return tr.Build()
}

// windowCase has a baseline of usual requests, and a window in which one in every is as wrong says.
func windowCase(wrong checkout, every int) *incident.Case {
	c := &incident.Case{Window: &incident.Window{From: rcatest.At(windowFrom), To: rcatest.At(windowTo)}}
	for n := range 200 {
		c.Healthy = append(c.Healthy, checkout{}.request(n, n*2000))
	}
	for n := range 60 {
		how := checkout{}
		if n%every == 0 {
			how = wrong
		}
		c.Failing = append(c.Failing, how.request(n, windowFrom+n*2000))
	}
	for _, service := range []string{"gateway", "orders", "stock", "pay"} {
		c.Metrics = append(c.Metrics, processorUse(service, 0, 10, 0.2)...)
		c.Metrics = append(c.Metrics, processorUse(service, windowFrom, 3, 0.2)...)
	}
	return c
}

// processorUse is a point a minute.
func processorUse(service string, from, n int, use float64) (points []*signal.Point) {
	for i := range n {
		points = append(points, &signal.Point{
			Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}},
			Name:     "process.cpu.utilization", Unit: "1", Type: signal.MetricGauge, Time: rcatest.At(from + i*60_000),
			Value: signal.Value{Data: use + float64(i%3)/100},
		})
	}
	signal.IdentifyPoints("", points)
	return points
}

// busy replaces the processor use of a service in the window.
func busy(c *incident.Case, service string, use float64) *incident.Case {
	c.Metrics = slices.DeleteFunc(c.Metrics, func(p *signal.Point) bool { return p.Service() == service && c.Window.Contains(p.Time) })
	c.Metrics = append(c.Metrics, processorUse(service, windowFrom, 3, use)...)
	return c
}

func TestSection16Windows(t *testing.T) {
	for name, tt := range map[string]struct {
		of       *incident.Case
		want     string
		says     string
		confides [2]incident.Confidence
	}{
		"nothing is unusual": {windowCase(checkout{}, 1), "abstained", "", [2]incident.Confidence{0, 499_999}},
		"the way to a service takes longer": {
			windowCase(checkout{wayToPay: 300}, 1), "edge pay network", "the way from orders to pay and back took 304 ms in the middle, 4 ms in the baseline",
			[2]incident.Confidence{500_000, 900_000},
		},
		"a service takes longer in itself": {
			windowCase(checkout{stockTakes: 400}, 1), "resource stock resource_cpu", "stock took 4", [2]incident.Confidence{850_000, 850_000},
		},
		"two sorts of records show a busy service": {
			busy(windowCase(checkout{stockTakes: 400}, 1), "stock", 0.97), "resource stock resource_cpu",
			"process.cpu.utilization of stock held 98 %, and 21 % in the middle of the baseline", [2]incident.Confidence{900_000, 900_000},
		},
		"metrics alone": {
			busy(windowCase(checkout{}, 1), "orders", 0.97), "resource orders resource_cpu", "held 98 %", [2]incident.Confidence{850_000, 850_000},
		},
		"a call is no longer made": {
			windowCase(checkout{noPay: true}, 2), "code orders code_exception", "30 of 60 spans of orders in POST /orders ", [2]incident.Confidence{500_000, 900_000},
		},
		"a log is missing": {
			windowCase(checkout{ordersLog: true}, 3), "code orders code_exception", "40 of 60 spans of orders in POST /orders logged \"OrderService#57\", and 200 of 200 in the baseline",
			[2]incident.Confidence{850_000, 850_000},
		},
		"a log is new": {
			windowCase(checkout{payLog: true}, 3), "code pay code_exception", "20 of 60 spans of pay in POST /pay logged \"card was declined by the provider\", and 0 of 200 in the baseline",
			[2]incident.Confidence{850_000, 850_000},
		},
		"errors come first": {
			busy(windowCase(checkout{payFails: true}, 2), "stock", 0.97), "code pay code_exception", "pay threw java.lang.NullPointerException", [2]incident.Confidence{500_000, 900_000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rca.Analyze(tt.of).Report
			assert.Equal(t, tt.want, blamed(r))
			confidence := incident.Confidence(0)
			if len(r.Candidates) > 0 {
				confidence = r.Candidates[0].Score
			}
			assert.GreaterOrEqual(t, confidence, tt.confides[0])
			assert.LessOrEqual(t, confidence, tt.confides[1])
			if tt.says != "" {
				require.NotNil(t, r.RootCause)
				assert.Contains(t, r.RootCause.Statement, tt.says)
				assert.NotEmpty(t, r.Findings)
				for _, f := range r.Findings {
					assert.NotEmpty(t, f.Statement)
				}
			}
		})
	}
}

// blamed is the kind, component and category of a verdict.
func blamed(r incident.Report) string {
	if r.RootCause == nil {
		return string(r.Verdict)
	}
	return fmt.Sprint(r.RootCause.Kind, " ", r.RootCause.Component, " ", r.RootCause.Category)
}

func TestWindowPath(t *testing.T) {
	r := rca.Analyze(windowCase(checkout{payLog: true}, 3)).Report
	var hops []string
	for _, s := range r.Propagation {
		hops = append(hops, s.From+">"+s.To)
		assert.NotEmpty(t, s.Evidence)
	}
	assert.Equal(t, []string{"pay>orders", "orders>gateway"}, hops)
	assert.Equal(t, []string{"gateway POST"}, r.Impact.EntryOperations)
}

func TestWindowPlaces(t *testing.T) {
	r := rca.Analyze(windowCase(checkout{ordersLog: true}, 2)).Report
	require.NotNil(t, r.RootCause)
	require.NotNil(t, r.RootCause.Code)
	assert.Equal(t, "OrderService#41 → OrderService#57", r.RootCause.Code.Region[0].Function)
}

func TestWindowChanges(t *testing.T) {
	c := windowCase(checkout{payLog: true}, 3)
	c.Changes = []incident.Change{
		{ID: "before", Service: "pay", Time: rcatest.At(windowFrom - 300_000)}, {ID: "other", Service: "mail", Time: rcatest.At(windowFrom - 60_000)},
		{ID: "after", Service: "pay", Time: rcatest.At(windowFrom + 60_000)},
	}
	r := rca.Analyze(c).Report
	assert.Equal(t, incident.TriggerChange, r.RootCause.Trigger)
	verdicts := map[string]string{}
	for _, s := range r.SuspectedChanges {
		verdicts[s.ID] = s.Verdict
	}
	assert.Equal(t, map[string]string{"before": "suspected", "other": "unlikely", "after": "unlikely"}, verdicts)
}

// faults are cases of each sort.
func faults() map[string]func() *incident.Case {
	return map[string]func() *incident.Case{
		"way":    func() *incident.Case { return windowCase(checkout{wayToPay: 300}, 1) },
		"busy":   func() *incident.Case { return busy(windowCase(checkout{stockTakes: 400}, 1), "stock", 0.97) },
		"call":   func() *incident.Case { return windowCase(checkout{noPay: true}, 2) },
		"log":    func() *incident.Case { return windowCase(checkout{payLog: true}, 3) },
		"errors": func() *incident.Case { return windowCase(checkout{payFails: true}, 2) },
	}
}

// What makes no difference makes none: the same verdict, or the same bytes.
func TestWindowMetamorphic(t *testing.T) {
	for name, build := range faults() {
		t.Run(name, func(t *testing.T) {
			want := rca.Analyze(build())
			shuffled := build()
			random := rand.New(rand.NewSource(1))
			for _, traces := range [][]*incident.Trace{shuffled.Failing, shuffled.Healthy} {
				random.Shuffle(len(traces), func(i, k int) { traces[i], traces[k] = traces[k], traces[i] })
				for _, tr := range traces {
					random.Shuffle(len(tr.Spans), func(i, k int) { tr.Spans[i], tr.Spans[k] = tr.Spans[k], tr.Spans[i] })
					random.Shuffle(len(tr.Logs), func(i, k int) { tr.Logs[i], tr.Logs[k] = tr.Logs[k], tr.Logs[i] })
				}
			}
			random.Shuffle(len(shuffled.Metrics), func(i, k int) {
				shuffled.Metrics[i], shuffled.Metrics[k] = shuffled.Metrics[k], shuffled.Metrics[i]
			})
			assert.Equal(t, bytesOf(t, want), bytesOf(t, rca.Analyze(shuffled)), "order")

			repeated := build()
			for _, tr := range repeated.Failing {
				tr.Spans, tr.Logs = slices.Concat(tr.Spans, tr.Spans), slices.Concat(tr.Logs, tr.Logs)
			}
			assert.Equal(t, blamed(want.Report), blamed(rca.Analyze(repeated).Report), "records received again")

			shifted := build()
			shift(shifted, signal.Nanos(36*time.Hour))
			assert.Equal(t, blamed(want.Report), blamed(rca.Analyze(shifted).Report), "another time")

			more := build()
			for n := range 100 {
				more.Healthy = append(more.Healthy, checkout{}.request(1000+n, 100_000+n*2000))
			}
			assert.Equal(t, blamed(want.Report), blamed(rca.Analyze(more).Report), "a longer baseline")

			renamed := rename(t, build())
			r := rca.Analyze(renamed).Report
			back := strings.NewReplacer("svc-a", "gateway", "svc-b", "orders", "svc-c", "stock", "svc-d", "pay").Replace(blamed(r))
			assert.Equal(t, blamed(want.Report), back, "other names")
		})
	}
}

func bytesOf(t *testing.T, r incident.Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

func shift(c *incident.Case, by signal.Nanos) {
	c.Window.From += by
	c.Window.To += by
	for _, tr := range slices.Concat(c.Failing, c.Healthy) {
		for _, s := range tr.Spans {
			s.Start, s.End = s.Start+by, s.End+by
			for i := range s.Events {
				s.Events[i].Time += by
			}
		}
		for _, l := range tr.Logs {
			l.Time += by
		}
	}
	for _, p := range c.Metrics {
		p.Time += by
	}
}

func rename(t *testing.T, c *incident.Case) *incident.Case {
	t.Helper()
	b, err := json.Marshal(c)
	require.NoError(t, err)
	text := strings.NewReplacer(`"gateway"`, `"svc-a"`, `"orders"`, `"svc-b"`, `"stock"`, `"svc-c"`, `"pay"`, `"svc-d"`).Replace(string(b))
	var renamed incident.Case
	require.NoError(t, json.Unmarshal([]byte(text), &renamed))
	return &renamed
}

// More of a fault is no weaker evidence of it.
func TestWindowMonotone(t *testing.T) {
	for name, more := range map[string][]*incident.Case{
		"longer way":       {windowCase(checkout{wayToPay: 60}, 1), windowCase(checkout{wayToPay: 150}, 1), windowCase(checkout{wayToPay: 900}, 1)},
		"in more requests": {windowCase(checkout{payLog: true}, 6), windowCase(checkout{payLog: true}, 3), windowCase(checkout{payLog: true}, 1)},
	} {
		last := incident.Confidence(0)
		for i, c := range more {
			r := rca.Analyze(c).Report
			require.NotEmpty(t, r.Candidates, name)
			assert.Equal(t, "pay", r.Candidates[0].Service, "%s %d", name, i)
			assert.GreaterOrEqual(t, r.Candidates[0].Score, last, "%s %d", name, i)
			last = r.Candidates[0].Score
		}
	}
}

// A case that is about errors is analysed as ever, whatever else deviates.
func TestWithoutWindowNothingChanges(t *testing.T) {
	c := busy(windowCase(checkout{payFails: true}, 1), "stock", 0.97)
	c.Window = nil
	r := rca.Analyze(c)
	assert.Equal(t, "code pay code_exception", blamed(r.Report))
	for _, o := range r.Observations {
		assert.NotContains(t, o.Name, "uses_more")
	}
}

// lateCase is a case whose window begins four minutes before what is wrong does.
func lateCase(wrong checkout) *incident.Case {
	const early = 240_000
	c := windowCase(wrong, 1)
	c.Window.From, c.Window.OnsetUnknown = rcatest.At(windowFrom-early), true
	for n := range 120 {
		c.Failing = append(c.Failing, checkout{}.request(5000+n, windowFrom-early+n*2000))
	}
	return c
}

// Where the onset is not known it is found, and what is said is the same.
func TestSection16Onset(t *testing.T) {
	for name, wrong := range map[string]checkout{"way": {wayToPay: 300}, "own time": {stockTakes: 400}} {
		told, found := rca.Analyze(windowCase(wrong, 1)).Report, rca.Analyze(lateCase(wrong)).Report
		assert.Equal(t, blamed(told), blamed(found), name)
		assert.Contains(t, found.RootCause.Statement, "in the middle", name)
		assert.Contains(t, found.Narrative.Markdown, "Compared were 60 requests with 320 requests before.", name)
	}
	assert.Equal(t, "abstained", blamed(rca.Analyze(lateCase(checkout{})).Report))
}

// A verdict that is another one a minute before or after the onset is in doubt.
func TestSection16UnsettledOnset(t *testing.T) {
	c := lateCase(checkout{})
	c.Failing = nil
	for n := range 120 { // first nothing, then the way to pay takes long for a minute, then stock does
		how := checkout{}
		switch {
		case n >= 90 && n < 110:
			how.stockTakes = 400
		case n >= 60 && n < 90:
			how.wayToPay = 300
		case n >= 110:
			continue
		}
		c.Failing = append(c.Failing, how.request(n, windowFrom-240_000+n*2000))
	}
	r := rca.Analyze(c).Report
	require.NotNil(t, r.RootCause)
	assert.Equal(t, incident.Confidence(600_000), r.RootCause.Confidence)
	assert.Contains(t, r.RootCause.CappedBy, incident.Cap{
		At: 600_000, Reason: "a minute before or after the onset that was found, another component deviates more",
	})
}
