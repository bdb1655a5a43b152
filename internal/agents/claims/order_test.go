package claims_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestPrecededNamesWhoseRecordsTheyAre(t *testing.T) {
	tr := rcatest.New("whose")
	server := tr.Span("inv", "POST /x", signal.KindServer, 0, 100).Answered(500)
	query := server.Query("SELECT", "inv-db", "orders", 5, 10).Failed("ERROR: lock timeout")
	render := server.Inside("render template", 50, 60).Failed("template broken")
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"the service's span is not the database's", two(incident.PredicatePreceded, "inv-db", "inv", server.Ref(), render.Ref()), ""},
		attempt{"the call to it is", two(incident.PredicatePreceded, "inv-db", "inv", query.Ref(), render.Ref()),
			"the call “SELECT” of inv to inv-db began before the span “render template” of inv, by 45 ms"},
		attempt{"reversed", two(incident.PredicatePreceded, "inv", "inv-db", render.Ref(), query.Ref()), ""},
		attempt{"a caller and its callee", two(incident.PredicatePreceded, "inv", "inv-db", server.Ref(), query.Ref()),
			"the span “POST /x” of inv began before the call “SELECT” of inv to inv-db, by 5 ms"},
	)
}

// A correction of one trace must not turn round what one clock recorded in two.
func TestOrderAcrossTraces(t *testing.T) {
	build := func(name string, off, length, begin int, instance string) (*rcatest.Trace, *rcatest.Span) {
		tr := rcatest.New(name)
		gateway := tr.Span("gateway", "POST /x", signal.KindServer, begin, begin+100).Answered(502)
		call := gateway.Call("POST", begin+1, begin+99).Answered(502)
		served := call.Serve("payment", "POST /pay", begin+off, begin+off+length).Answered(502)
		if instance != "" {
			served.Record().Resource.Attributes = append(served.Record().Resource.Attributes, signal.KeyValue{Key: "service.instance.id", Value: signal.Value{Data: instance}})
		}
		return tr, served
	}
	a, first := build("a", -38, 90, 50, "i1") // starts before its call: its clock is off by 39 ms or more
	b, second := build("b", 20, 30, 10, "i1")
	tryAll(t, dossierOf(t, caseOf(a, b)),
		attempt{"one instance", two(incident.PredicatePreceded, "payment", "payment", first.Ref(), second.Ref()),
			"the span “POST /pay” of payment began before the span “POST /pay” of payment, by 18 ms"},
		attempt{"reversed", two(incident.PredicatePreceded, "payment", "payment", second.Ref(), first.Ref()), ""},
	)
	a, first = build("c", -38, 90, 50, "")
	b, second = build("d", 20, 30, 10, "")
	d := dossierOf(t, caseOf(a, b))
	for _, claim := range []incident.Claim{
		two(incident.PredicatePreceded, "payment", "payment", first.Ref(), second.Ref()),
		two(incident.PredicatePreceded, "payment", "payment", second.Ref(), first.Ref()),
	} {
		verified, _ := claims.Verify(d, []incident.Claim{claim})
		if assert.Len(t, verified, 1) {
			assert.Contains(t, verified[0].Caveat, "order not provable")
			assert.NotContains(t, verified[0].Statement, " ms")
		}
	}
}

func TestOrderNeedsTimesOfTheirOwn(t *testing.T) {
	tr := rcatest.New("times")
	server := tr.Span("inv", "POST /x", signal.KindServer, 0, 100).Answered(500)
	server.Logged(40, 17, "broken")
	server.Inside("render", 50, 60).Failed("x")
	c := caseOf(tr)
	l := c.Failing[0].Logs[0]
	l.ObservedTime, l.Time = l.Time, 0
	tryAll(t, dossierOf(t, c), attempt{"a log that only a collector dated", two(incident.PredicatePreceded, "inv", "inv", logRef(tr, "inv", 17), spanRef(tr, "inv", "render", 0)), ""})
}
