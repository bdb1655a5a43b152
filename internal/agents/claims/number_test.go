package claims_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestNumbersAreOfTheRecordNamed(t *testing.T) {
	tr, gateway, call, payment := rcatest.Payment("numbers", 300, 502, 500)
	payment.With("user.pin", int64(4321), "timeout_ms", int64(250))
	slower := func(value, unit string, evidence ...incident.Ref) incident.Claim {
		return incident.Claim{
			Predicate: incident.PredicateSlowerThan, Subject: "gateway POST /pay/{order_id}", Evidence: evidence,
			Number: &incident.Quantity{Value: value, Unit: unit, Field: "duration"},
		}
	}
	errored := func(value, unit, field string, evidence ...incident.Ref) incident.Claim {
		return incident.Claim{Predicate: incident.PredicateErrored, Subject: "payment", Evidence: evidence, Number: &incident.Quantity{Value: value, Unit: unit, Field: field}}
	}
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"another record's", slower("300", "ms", gateway.Ref(), call.Ref()), ""},
		attempt{"its own", slower("0.302", "s", gateway.Ref(), call.Ref()), "the span “POST /pay/{order_id}” of gateway took 302 ms"},
		attempt{"rounded", slower("0.3", "s", gateway.Ref()), "the span “POST /pay/{order_id}” of gateway took 302 ms"},
		attempt{"a digit too many", slower("0.301", "s", gateway.Ref()), ""},
		attempt{"wrong unit", slower("302", "s", gateway.Ref()), ""},
		attempt{"no unit", slower("302", "", gateway.Ref()), ""},
		attempt{"status", errored("500", "", "http.response.status_code", payment.Ref()),
			"payment failed in “POST /pay/{order_id}” with 500; http.response.status_code of the span “POST /pay/{order_id}” of payment was 500"},
		attempt{"the unit that a name tells", errored("0.25", "s", "timeout_ms", payment.Ref()),
			"payment failed in “POST /pay/{order_id}” with 500; timeout_ms of the span “POST /pay/{order_id}” of payment was 0.25 s"},
		attempt{"what was redacted", errored("4321", "", "user.pin", payment.Ref()), ""},
	)
}

func TestNumbersInTexts(t *testing.T) {
	tests := map[string]struct{ value, unit, body string }{
		"json":               {"5", "", `{"amount":5,"took_ms":200}`},
		"json, by its name":  {"0.2", "s", `{"amount":5,"took_ms":200}`},
		"after a colon":      {"503", "", "timeout:3s status:503"},
		"with its unit":      {"3000", "ms", "timeout:3s status:503"},
		"equals":             {"4", "", "pool=ledger used=4"},
		"in brackets":        {"4", "", "(4 of 4 in use)"},
		"at the end":         {"45", "s", "gave up after 45 s."},
		"negative":           {"-5", "", "balance is -5"},
		"with a word behind": {"12", "retries", "failed after 12 retries"},
	}
	for name, tt := range tests {
		tr := rcatest.New(name)
		tr.Span("payment", "POST /pay", signal.KindServer, 0, 10).Answered(500).Logged(5, 17, tt.body)
		claim := incident.Claim{Predicate: incident.PredicateErrored, Subject: "payment", Evidence: []incident.Ref{logRef(tr, "payment", 17)},
			Number: &incident.Quantity{Value: tt.value, Unit: tt.unit, Field: "body"}}
		said := tt.value
		if tt.unit != "" {
			said += " " + tt.unit
		}
		tryAll(t, dossierOf(t, caseOf(tr)), attempt{name, claim, "payment logged an error; a log record of payment mentions " + said})
	}
	wrong := map[string]struct{ value, unit, body string }{
		"part of a number":      {"5", "s", "after 45 s"},
		"thousands":             {"1", "", "took 1,234 ms"},
		"fraction":              {"5", "ms", "took 1.5 ms"},
		"exponent":              {"1.5", "", "took 1.5e3 ms"},
		"time of day":           {"34", "", "at 12:34:56"},
		"address":               {"10", "", "dial 10.0.0.7:80"},
		"version":               {"1", "", "v1.4.2-3"},
		"path":                  {"7", "", "GET /items/7"},
		"rounded":               {"50", "s", "after 45 s"},
		"another unit":          {"45", "ms", "after 45 s"},
		"placeholder":           {"1", "", "user ann.lee@example.com failed"},
		"a word that begins so": {"5", "", "answered 5xx"},
		"IPv6":                  {"1", "", "dial [fe80::1]"},
	}
	for name, tt := range wrong {
		tr := rcatest.New(name)
		tr.Span("payment", "POST /pay", signal.KindServer, 0, 10).Answered(500).Logged(5, 17, tt.body)
		tryAll(t, dossierOf(t, caseOf(tr)), attempt{name, incident.Claim{Predicate: incident.PredicateErrored, Subject: "payment",
			Evidence: []incident.Ref{logRef(tr, "payment", 17)}, Number: &incident.Quantity{Value: tt.value, Unit: tt.unit, Field: "body"}}, ""})
	}
}

func TestQuotesAreWholeWordsOfValues(t *testing.T) {
	tr := rcatest.New("quotes")
	server := tr.Span("payment", "POST /pay", signal.KindServer, 0, 10).Answered(500).Failed("it broke: at -5 %")
	server.Logged(5, 17, "unable to connect after 45 s; this is not ok")
	log := logRef(tr, "payment", 17)
	errored := func(quote string, evidence incident.Ref) incident.Claim {
		return incident.Claim{Predicate: incident.PredicateErrored, Subject: "payment", Evidence: []incident.Ref{evidence}, Quote: quote}
	}
	const whole = "payment logged an error; a log record of payment says “unable to connect after 45 s; this is not ok”"
	tryAll(t, dossierOf(t, caseOf(tr)),
		attempt{"mid-word", errored("able to connect", log), ""},
		attempt{"part of a number", errored("5 s", log), ""},
		attempt{"without what was before it", errored("ok", log), whole},
		attempt{"whole words", errored("connect after 45 s", log), whole},
		attempt{"under its name", errored("body: unable to connect", log), whole},
		attempt{"our label", errored("status: error", server.Ref()), ""},
		attempt{"our labels", errored("kind: server\ntrace", server.Ref()), ""},
		attempt{"no sign", errored("5 %", server.Ref()), ""},
	)
}

func TestSaturatedNeedsItsLimit(t *testing.T) {
	tr, _, _, _ := rcatest.Payment("saturated", 300, 502, 500)
	point := func(name string, value any, unit string, at int, instance string, attributes ...string) *signal.Point {
		p := &signal.Point{
			Name: name, Type: signal.MetricGauge, Unit: unit, Time: rcatest.At(at), Value: signal.Value{Data: value},
			Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}, {Key: "service.instance.id", Value: signal.Value{Data: instance}}}},
		}
		for i := 0; i+1 < len(attributes); i += 2 {
			p.Attributes = append(p.Attributes, signal.KeyValue{Key: attributes[i], Value: signal.Value{Data: attributes[i+1]}})
		}
		return p
	}
	const count, limit, unit = "db.client.connection.count", "db.client.connection.max", "{connection}"
	points := []*signal.Point{
		point(limit, int64(4), unit, 10, "i1", "pool", "ledger"),
		point(limit, int64(100), unit, 10, "i1", "pool", "audit"),
		point(count, int64(4), unit, 10, "i1", "pool", "audit", "state", "used"),
		point(count, int64(4), unit, 10, "i1", "pool", "ledger", "state", "idle"),
		point(count, int64(4), unit, 10, "i1", "pool", "ledger", "state", "used"),
		point("cpu.utilization", 0.31, "1", 10, "i1"),
		point("db.client.connection.timeouts", int64(9), "{timeout}", 10, "i1", "pool", "ledger"),
		point(count, int64(4), unit, 10, "i2", "pool", "ledger", "state", "used"),
		point(count, int64(4), unit, 900_000, "i1", "pool", "ledger", "state", "used"),
		point("cpu.utilization", 0.97, "1", 10, "i1"),
	}
	signal.IdentifyPoints("", points)
	c := caseOf(tr)
	c.Metrics = points
	saturated := func(value, unit string, indexes ...int) incident.Claim {
		claim := incident.Claim{Predicate: incident.PredicateSaturated, Subject: "payment", Number: &incident.Quantity{Value: value, Unit: unit, Field: "value"}}
		for _, i := range indexes {
			claim.Evidence = append(claim.Evidence, incident.Ref("metric:"+points[i].ID.String()))
		}
		return claim
	}
	tryAll(t, dossierOf(t, c),
		attempt{"another pool's limit", saturated("4", "", 2), ""},
		attempt{"idle ones", saturated("4", "", 3), ""},
		attempt{"no limit of it", saturated("9", "", 6), ""},
		attempt{"another instance's limit", saturated("4", "", 7), ""},
		attempt{"the limit of another time", saturated("4", "", 8), ""},
		attempt{"another metric's number", saturated("31", "%", 4, 5), ""},
		attempt{"the pool", saturated("4", "connections", 4),
			"“db.client.connection.count” of payment was near its limit of 4 at 2023-11-14T22:13:20Z; value of the metric “db.client.connection.count” of payment was 4 connections"},
		attempt{"a share", saturated("97", "%", 9),
			"“cpu.utilization” of payment was near its limit at 2023-11-14T22:13:20Z; value of the metric “cpu.utilization” of payment was 97 %"},
	)
}
