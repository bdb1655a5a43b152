package claims_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func two(p incident.Predicate, subject, object string, evidence ...incident.Ref) incident.Claim {
	return incident.Claim{Predicate: p, Subject: subject, Object: object, Evidence: evidence}
}

func TestCalledNamesWhatWasCalled(t *testing.T) {
	tr := rcatest.LostDB("called")
	sel, inventory := spanRef(tr, "inventory", "SELECT", 0), spanRef(tr, "inventory", "", signal.KindServer)
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"an operation within the callee", two(incident.PredicateCalled, "payment", "inventory SELECT", sel), ""},
		attempt{"through another", two(incident.PredicateCalled, "gateway", "inventory", inventory), ""},
		attempt{"the callee's request", two(incident.PredicateCalled, "payment", "inventory GET /inventory/{item_id}", inventory), "payment called inventory “GET /inventory/{item_id}”"},
		attempt{"a dependency", two(incident.PredicateCalled, "inventory", "inventory-replica", sel), "inventory called inventory-replica"},
	)
	queue := rcatest.New("queue")
	send := queue.Span("shop", "orders publish", signal.KindProducer, 0, 5).With("messaging.system", "kafka")
	work := send.Child("worker", "orders process", signal.KindConsumer, 10, 20).Failed("x")
	tryAll(t, dossierOf(t, caseOf(queue)),
		attempt{"a message is no call", two(incident.PredicateCalled, "shop", "worker", send.Ref()), "shop sent a message to worker"},
		attempt{"nor carries it a failure back", causedBy("shop", "worker", send.Ref(), work.Ref()), ""},
	)
}

func TestNotCalledNeedsEveryCallResolved(t *testing.T) {
	notCalled := func(object string, evidence incident.Ref) incident.Claim {
		return two(incident.PredicateNotCalled, "payment", object, evidence)
	}
	healthy, _, _, ok := rcatest.Payment("healthy", 18, 200, 200)
	rcatest.AskInventory(ok, 4, 12, 11, 200, 200)
	for name, host := range map[string]string{"silent callee": "inventory", "address that may be anybody's": "10.0.0.7", "another name": "stock.internal"} {
		tr, _, _, payment := rcatest.Payment(name, 300, 502, 502)
		payment.Call("GET", 5, 200).With("server.address", host, "server.port", int64(8002), "http.request.method", "GET").Failed("EOF")
		c := caseOf(tr)
		c.Healthy = append(c.Healthy, healthy.Build())
		d := dossierOf(t, c)
		tryAll(t, d,
			attempt{name, notCalled("inventory GET /inventory/{item_id}", payment.Ref()), ""},
			attempt{name, notCalled("inventory", payment.Ref()), ""},
		)
	}
	tr, _, _, payment := rcatest.Payment("refuses", 300, 502, 502)
	payment.Query("SELECT", "payment-db", "orders", 5, 10)
	c := caseOf(tr)
	c.Healthy = append(c.Healthy, healthy.Build())
	tryAll(t, dossierOf(t, c), attempt{"it only asked its database", notCalled("inventory", payment.Ref()),
		"no call of payment to inventory is recorded in trace " + tr.ID().String()})
	lost, _, _, payment := rcatest.Payment("lost", 300, 502, 502)
	payment.Call("GET", 5, 200).Lost().Inside("x", 6, 7)
	tryAll(t, dossierOf(t, caseOf(lost)), attempt{"a span was lost", notCalled("gateway", payment.Ref()), ""})
}

func TestRefusedNeedsTheCallItself(t *testing.T) {
	refused := func(evidence incident.Ref) incident.Claim {
		return two(incident.PredicateRefused, "payment", "gateway", evidence)
	}
	const words = "dial tcp redis:6379: connect: connection refused"
	tr, gateway, _, _ := rcatest.Payment("another's refusal", 50, 500, 200)
	gateway.Logged(40, 17, words)
	tryAll(t, dossierOf(t, caseOf(tr)), attempt{"another's refusal", refused(logRef(tr, "gateway", 17)), ""})

	tr, _, call, _ := rcatest.Payment("relayed", 50, 502, 502)
	call.Failed("payment answered 502: dial inventory: connection refused")
	tryAll(t, dossierOf(t, caseOf(tr)), attempt{"relayed text", refused(call.Ref()), ""})

	down := rcatest.New("down")
	gateway = down.Span("gateway", "POST /x", signal.KindServer, 0, 10).Answered(502)
	call = gateway.Call("POST", 1, 3).With("server.address", "payment", "server.port", int64(8004)).Failed("dial tcp: connect: connection refused")
	gateway.Logged(4, 17, "dial tcp 10.0.0.3:8004: connect: connection refused")
	gateway.Logged(5, 18, words)
	c := caseOf(down)
	c.Knowledge.ServicesEver = []string{"payment"}
	const statement = "gateway could not open a connection to payment (connection refused)"
	tryAll(t, dossierOf(t, c),
		attempt{"the call", refused(call.Ref()), statement},
		attempt{"a log that names its address", refused(logRef(down, "gateway", 17)), statement},
		attempt{"a log that names another", refused(logRef(down, "gateway", 18)), ""},
	)

	denied, _, call, payment := rcatest.Payment("denied", 50, 502, 403)
	tryAll(t, dossierOf(t, caseOf(denied)),
		attempt{"by the callee's answer", refused(payment.Ref()), "payment refused a request of gateway with 403"},
		attempt{"by the call", refused(call.Ref()), "payment refused a request of gateway with 403"},
		attempt{"swapped", two(incident.PredicateRefused, "gateway", "payment", call.Ref()), ""},
	)
	proxied, _, call, _ := rcatest.Payment("proxied", 50, 502, 200)
	call.Record().Attributes = call.Record().Attributes[:3]
	call.Answered(403)
	tryAll(t, dossierOf(t, caseOf(proxied)), attempt{"the callee had answered well", refused(call.Ref()), ""})
}

func TestRuledOutLooksAtAllOfTheCase(t *testing.T) {
	ruledOut := func(subject string, evidence incident.Ref) incident.Claim {
		return incident.Claim{Predicate: incident.PredicateRuledOut, Subject: subject, Evidence: []incident.Ref{evidence}}
	}
	tr, _, call, payment := rcatest.Payment("slow", 5000, 504, 200)
	call.Record().Attributes, call.Record().End = call.Record().Attributes[:3], rcatest.At(2999)
	call.Failed("context deadline exceeded")
	_, inventory := rcatest.AskInventory(payment, 10, 4900, 4899, 200, 200)
	_, quick := rcatest.AskInventory(payment, 4901, 4903, 4902, 200, 200)
	d := dossierOf(t, caseOf(tr))
	d.Report.Candidates = append(d.Report.Candidates, incident.Candidate{Component: "payment", Service: "payment"})
	tryAll(t, d,
		attempt{"the root, which held the time", ruledOut("inventory", inventory.Ref()), ""},
		attempt{"the root, by another of its spans", ruledOut("inventory", quick.Ref()), ""},
		attempt{"a candidate that held the time too", ruledOut("payment", payment.Ref()), ""},
		attempt{"no candidate", ruledOut("gateway", call.Ref()), ""},
	)
	d.Report.RootCause = nil
	tryAll(t, d, attempt{"a slow candidate", ruledOut("inventory", quick.Ref()), ""})

	good, _, _, payment := rcatest.Payment("good", 300, 502, 500)
	payment.Threw(290, "E", "broke", "")
	_, inventory = rcatest.AskInventory(payment, 10, 20, 19, 200, 200)
	bad, _, _, payment2 := rcatest.Payment("bad", 300, 502, 500)
	payment2.Threw(290, "E", "broke", "")
	rcatest.AskInventory(payment2, 10, 20, 19, 500, 500)
	candidate := incident.Candidate{Component: "inventory", Service: "inventory"}
	one, both := dossierOf(t, caseOf(good)), dossierOf(t, caseOf(good, bad))
	one.Report.Candidates, both.Report.Candidates = append(one.Report.Candidates, candidate), append(both.Report.Candidates, candidate)
	both.Report.RootCause = nil
	tryAll(t, one, attempt{"it worked", ruledOut("inventory", inventory.Ref()),
		"against inventory as the cause: no failing trace records an error of it or of a call to it, nor that it held up a failed request (the span “GET /inventory/{item_id}” of inventory took 8 ms)"})
	tryAll(t, both, attempt{"it failed in another trace", ruledOut("inventory", inventory.Ref()), ""})
}
