package claims_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func causedBy(subject, object string, evidence ...incident.Ref) incident.Claim {
	return incident.Claim{Predicate: incident.PredicateCausedBy, Subject: subject, Object: object, Evidence: evidence}
}

// fanOut is a request whose first call failed and was survived, and that failed over the second.
func fanOut(name string) (tr *rcatest.Trace, gateway, a, stock, b, pay *rcatest.Span) {
	tr = rcatest.New(name)
	gateway = tr.Span("gateway", "POST /x", signal.KindServer, 0, 100).Answered(502)
	a = gateway.Call("GET a", 1, 20).With("server.address", "stock").Answered(503)
	stock = a.Serve("stock", "GET /stock", 2, 19).Answered(503).Threw(10, "E", "stock broke", "")
	b = gateway.Call("GET b", 21, 40).With("server.address", "payment").Answered(500)
	pay = b.Serve("payment", "GET /pay", 22, 39).Answered(500).Threw(30, "E", "pay broke", "")
	return tr, gateway, a, stock, b, pay
}

func TestCauseLiesBelowItsEffect(t *testing.T) {
	tr, gateway, _, stock, b, pay := fanOut("siblings")
	early := gateway.Inside("validate", 0, 1).Failed("bad")
	gateway.Inside("work", 0, 60).Logged(35, 17, "stock answered 503")
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"callee of another call", causedBy("gateway", "stock", b.Ref(), stock.Ref()), ""},
		attempt{"an operation before the call", causedBy("gateway", "stock", early.Ref(), stock.Ref()), ""},
		attempt{"a log beside the call", causedBy("gateway", "payment", logRef(tr, "gateway", 17), pay.Ref()), ""},
		attempt{"itself", causedBy("gateway", "gateway POST /x", gateway.Ref(), b.Ref()), ""},
		attempt{"one record for both", causedBy("gateway", "payment", b.Ref()), ""},
		attempt{"a failure that was survived", causedBy("gateway", "stock", gateway.Ref(), stock.Ref()), ""},
		attempt{"the last call", causedBy("gateway", "payment", gateway.Ref(), pay.Ref()),
			"gateway failed in “POST /x” with 502 because of an error in payment (“GET /pay”)"},
		attempt{"the answer to the call", causedBy("gateway", "payment", b.Ref(), pay.Ref()),
			"a call of gateway to payment failed with 500 (“GET b”) because of an error in payment (“GET /pay”)"},
	)

	db := rcatest.New("dependency")
	server := db.Span("inv", "POST /x", signal.KindServer, 0, 100).Answered(500)
	query := server.Query("SELECT", "inv-db", "orders", 5, 10).Failed("ERROR: lock timeout")
	render := server.Inside("render template", 50, 60).Failed("template broken")
	tryAll(t, dossierOf(t, caseOf(db)),
		attempt{"a dependency called beside it", causedBy("inv render template", "inv-db", render.Ref(), query.Ref()), ""},
		attempt{"something failed after the call", causedBy("inv", "inv-db", server.Ref(), query.Ref()), ""},
	)
}

func TestWordsTellWhichCallItWas(t *testing.T) {
	tr, gateway, _, stock, _, pay := fanOut("words")
	gateway.Logged(60, 17, "request failed: stock answered 503")
	log := logRef(tr, "gateway", 17)
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"it names the first call", causedBy("gateway", "stock", log, stock.Ref()), "gateway logged an error because of an error in stock (“GET /stock”)"},
		attempt{"and not the last", causedBy("gateway", "payment", log, pay.Ref()), ""},
	)
	other, gateway, _, _, _, pay := fanOut("words-of-another")
	gateway.Logged(60, 17, "dial tcp redis:6379: connect: connection refused")
	tryAll(t, dossierOf(t, caseOf(other)),
		attempt{"a store that left no span", causedBy("gateway", "payment", logRef(other, "gateway", 17), pay.Ref()), ""},
	)
}

func TestCauseComesFirst(t *testing.T) {
	cleanup := rcatest.New("cleanup")
	gateway := cleanup.Span("gateway", "POST /x", signal.KindServer, 0, 100).Answered(500).Threw(20, "E", "gone", "")
	call := gateway.Call("POST", 50, 60).With("server.address", "audit").Answered(500)
	audit := call.Serve("audit", "POST /rollback", 51, 59).Answered(500).Threw(55, "E", "x", "")
	tryAll(t, dossierOf(t, caseOf(cleanup)), attempt{"a call made to clean up", causedBy("gateway", "audit", gateway.Ref(), audit.Ref()), ""})

	early, gateway, _, _, _, pay := fanOut("log-before-the-end")
	gateway.Logged(25, 17, "it failed")
	tryAll(t, dossierOf(t, caseOf(early)), attempt{"a log before the call's end", causedBy("gateway", "payment", logRef(early, "gateway", 17), pay.Ref()), ""})

	own, gateway, _, _, _, pay := fanOut("own-fault")
	gateway.Threw(60, "java.lang.NullPointerException", "Cannot invoke String.length()", "")
	tryAll(t, dossierOf(t, caseOf(own)), attempt{"a fault of its own", causedBy("gateway", "payment", gateway.Ref(), pay.Ref()), ""})

	good := rcatest.New("good-between")
	gateway = good.Span("gateway", "POST /x", signal.KindServer, 0, 100).Answered(500)
	call = gateway.Call("POST", 1, 50).With("server.address", "payment").Answered(200)
	payment := call.Serve("payment", "POST /pay", 2, 49).Answered(200)
	query := payment.Query("SELECT", "pay-db", "pay", 5, 10).Failed("ERROR: lock timeout")
	tryAll(t, dossierOf(t, caseOf(good)), attempt{"a request between that went well", causedBy("gateway", "pay-db", gateway.Ref(), query.Ref()), ""})
}

// A callee that a caller no longer waited for was cancelled by it: only its time can be the cause.
func TestTimeIsTheCauseOfATimeout(t *testing.T) {
	tr, _, call, payment := rcatest.Payment("late", 5000, 504, 200)
	record := call.Record()
	record.Attributes, record.End = record.Attributes[:3], rcatest.At(2999)
	call.Failed("context deadline exceeded")
	ask, inventory := rcatest.AskInventory(payment, 10, 4900, 4899, 200, 200)
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"answered well, too late", causedBy("gateway", "inventory", call.Ref(), inventory.Ref()),
			"a call of gateway to payment failed (“POST”) because of the time that inventory took (“GET /inventory/{item_id}”)"},
		attempt{"the call that went well", causedBy("gateway", "inventory", call.Ref(), ask.Ref()), ""},
	)

	cancelled, gateway, call, payment := rcatest.Payment("cancelled", 3005, 504, 499)
	record = call.Record()
	record.Attributes, record.End = record.Attributes[:3], rcatest.At(2999)
	call.Failed("context deadline exceeded")
	_, inventory = rcatest.AskInventory(payment, 10, 3003, 3002, 0, 500)
	inventory.Threw(3001, "E", "context canceled", "")
	quick := payment.Call("GET quick", 3, 8).With("server.address", "quick").Failed("EOF")
	tryAll(t, dossierOf(t, caseOf(cancelled)),
		attempt{"its cancellation is no cause", causedBy("gateway", "inventory", gateway.Ref(), inventory.Ref()),
			"gateway failed in “POST /pay/{order_id}” with 504 because of the time that inventory took (“GET /inventory/{item_id}”)"},
		attempt{"what took no time", causedBy("gateway", "quick", gateway.Ref(), quick.Ref()), ""},
		attempt{"a cancellation from below", causedBy("inventory", "gateway", inventory.Ref(), gateway.Ref()), ""},
	)
}

// What the rules name is what a claim can name, however the address is written.
func TestRootCausesCanBeClaimed(t *testing.T) {
	for _, host := range []string{"mysql-0.mysql.default.svc.cluster.local", "DB.internal", "db.internal", "inv-db"} {
		for _, port := range []int64{5432, 6432} {
			tr := rcatest.New(host)
			server := tr.Span("inv", "POST /x", signal.KindServer, 0, 100).Answered(500)
			query := server.Call("SELECT", 5, 10).With("db.system.name", "postgresql", "server.address", host, "server.port", port, "db.namespace", "inventory").
				Failed("dial tcp: connect: connection refused")
			d := dossierOf(t, caseOf(tr))
			root := d.Report.RootCause.Component
			tryAll(t, d,
				attempt{host, incident.Claim{Predicate: incident.PredicateErrored, Subject: root, Evidence: refs(query)}, "a call of inv to " + root + " failed (“SELECT”)"},
				attempt{host, causedBy("inv", root, server.Ref(), query.Ref()), "inv failed in “POST /x” with 500 because of a failed call to " + root},
			)
		}
	}
}

// Another statement is no repetition of a call, by whichever conventions it was recorded.
func TestAnotherStatementIsNoRepetition(t *testing.T) {
	for name, keys := range map[string][3]string{
		"today's": {"server.address", "db.namespace", "db.query.text"},
		"former":  {"net.peer.name", "db.name", "db.statement"},
	} {
		tr := rcatest.New(name)
		server := tr.Span("inv", "POST /x", signal.KindServer, 0, 100).Answered(500)
		ask := func(statement string, from, to int) *rcatest.Span {
			return server.Call("SELECT", from, to).With("db.system", "mysql", keys[0], "inv-db", keys[1], "orders", keys[2], statement)
		}
		failed := ask("SELECT a", 5, 10).Failed("Lock wait timeout exceeded")
		ask("SELECT b", 11, 13).OK()
		tryAll(t, dossierOf(t, caseOf(tr)), attempt{name, causedBy("inv", "inv-db", server.Ref(), failed.Ref()),
			"inv failed in “POST /x” with 500 because of a failed call to inv-db"})
	}
}
