package rcatest

import "github.com/prodsentinel/prodsentinel/internal/signal"

// Payment starts a request through the shop's gateway to payment, as otelhttp records it. It ends
// after the given time with the given statuses; from 500 on server spans are errors, from 400 on
// client spans.
func Payment(name string, end, gatewayStatus, paymentStatus int) (t *Trace, gateway, call, payment *Span) {
	t = New(name)
	t.Environment = "demo"
	gateway = t.Span("gateway", "POST /pay/{order_id}", signal.KindServer, 0, end+2).
		With("http.request.method", "POST", "http.route", "/pay/{order_id}").Answered(gatewayStatus)
	call = gateway.Call("POST", 1, end+1).
		With("http.request.method", "POST", "server.address", "localhost", "server.port", int64(8004)).Answered(paymentStatus)
	payment = call.Serve("payment", "POST /pay/{order_id}", 2, end).
		With("http.request.method", "POST", "http.route", "/pay/{order_id}").Answered(paymentStatus)
	return t, gateway, call, payment
}

// AskInventory adds payment's call to inventory and inventory's side of it. A client status of 0 is
// a call that got no answer.
func AskInventory(payment *Span, from, clientEnd, serverEnd, clientStatus, serverStatus int) (call, inventory *Span) {
	call = payment.Call("GET", from, clientEnd).With("http.request.method", "GET", "server.address", "localhost",
		"server.port", int64(8002), "url.full", "http://localhost:8002/inventory/item-1")
	if clientStatus != 0 {
		call.Answered(clientStatus)
	}
	inventory = call.Serve("inventory", "GET /inventory/{item_id}", from+1, serverEnd).
		With("http.request.method", "GET", "http.route", "/inventory/{item_id}").Answered(serverStatus)
	return call, inventory
}

// Answered sets the HTTP status and what the OpenTelemetry instrumentations derive from it.
func (s *Span) Answered(status int) *Span {
	s.HTTP(status)
	if status >= 500 || status >= 400 && s.record.Kind == signal.KindClient {
		s.Failed("")
	}
	return s
}

// Query adds a database call as otelpgx records it.
func (s *Span) Query(name, host, database string, from, to int) *Span {
	return s.Call(name, from, to).With("db.system.name", "postgresql", "server.address", host, "server.port", int64(5432),
		"db.namespace", database, "db.operation.name", "SELECT")
}

// SQLFailed marks a database call as failed the way otelpgx does.
func (s *Span) SQLFailed(at int, state, message string) *Span {
	text := "ERROR: " + message + " (SQLSTATE " + state + ")"
	return s.Failed(text).Threw(at, "*pgconn.PgError", text, "").With("pgx.sql_state", state)
}
