package rcatest

// Scenario is one of the shop's failures, as its services record it.
type Scenario struct {
	Name  string
	Trace *Trace
}

// Scenarios are the failures of the demo shop, modelled on recordings of its services.
func Scenarios() []Scenario {
	return []Scenario{
		{"fail-pay", FailPay("fail-pay")},
		{"fail-stock", FailStock("fail-stock")},
		{"fail-auth", FailAuth("fail-auth")},
		{"slow-stock", SlowStock("slow-stock")},
		{"lost-db", LostDB("lost-db")},
		{"retry-pay", RetryPay("retry-pay")},
		{"lock-db", LockDB("lock-db")},
		{"bad-order", BadOrder("bad-order")},
	}
}

const (
	wrapError   = "*fmt.wrapError"
	errorString = "*errors.errorString"
)

// FailPay is a saturated connection pool: the acquire times out and the error names the pool.
func FailPay(name string) *Trace {
	t, gateway, _, payment := Payment(name, 260, 502, 500)
	AskInventory(payment, 3, 7, 6, 200, 200)
	const text = `acquire a connection from pool "ledger" (4 of 4 in use): context deadline exceeded`
	payment.Call("pool.acquire", 8, 258).With("db.system.name", "postgresql").
		Failed("context deadline exceeded").Threw(258, "context.deadlineExceededError", "context deadline exceeded", "")
	payment.Threw(259, wrapError, "settle order 1: "+text, "").
		Logged(259, 17, "request failed", "error", "settle order 1: "+text)
	gateway.Threw(261, wrapError, "payment answered 500 Internal Server Error", "").
		Logged(261, 17, "request failed", "error", "payment answered 500 Internal Server Error")
	return t
}

// NilMapStack is the stack of inventory's panic.
const NilMapStack = `goroutine 42 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
github.com/example/shop/web.(*Router).serve.func1()
	/src/web/route.go:64 +0x10c
panic({0x14a6b40?, 0x18ff4c0?})
	/usr/local/go/src/runtime/panic.go:783 +0x132
github.com/example/shop/inventory.(*warehouse).hold(...)
	/src/inventory/inventory.go:105
github.com/example/shop/inventory.(*Service).item(0xc0001, {0x1, 0x2}, 0xc0002)
	/src/inventory/inventory.go:80 +0x3a5
`

// FailStock is a panic in inventory, which payment wraps.
func FailStock(name string) *Trace {
	t, gateway, _, payment := Payment(name, 20, 502, 502)
	_, inventory := AskInventory(payment, 4, 12, 11, 500, 500)
	inventory.Threw(9, "runtime.plainError", "assignment to entry in nil map", NilMapStack).
		Logged(9, 17, "panic recovered", "error", "assignment to entry in nil map", "exception.stacktrace", NilMapStack)
	const text = "cannot reserve the stock of order 1: inventory answered 500 Internal Server Error"
	payment.Threw(13, "*payment.StockError", text, "").Logged(13, 17, "request failed", "error", text)
	gateway.Threw(21, errorString, "payment answered 502 Bad Gateway", "").
		Logged(21, 17, "request failed", "error", "payment answered 502 Bad Gateway")
	return t
}

// FailAuth is a request without its token: payment answers 403.
func FailAuth(name string) *Trace {
	t, gateway, _, payment := Payment(name, 6, 502, 403)
	payment.Logged(4, 13, "request refused: the forwarded request has no valid token", "status", int64(403))
	gateway.Threw(7, errorString, "payment answered 403 Forbidden", "").
		Logged(7, 17, "request failed", "error", "payment answered 403 Forbidden")
	return t
}

// SlowStock is an inventory slower than payment's deadline, cancelled later.
func SlowStock(name string) *Trace {
	t, gateway, _, payment := Payment(name, 510, 502, 502)
	const text = `Get "http://localhost:8002/inventory/item-1": context deadline exceeded`
	call, inventory := AskInventory(payment, 4, 505, 506, 0, 500)
	call.Failed("context deadline exceeded").Threw(505, "context.deadlineExceededError", "context deadline exceeded", "")
	inventory.Threw(506, wrapError, "forecast the demand for item-1: context canceled", "").
		Logged(506, 17, "request failed", "error", "forecast the demand for item-1: context canceled")
	stockFailed(payment, gateway, text)
	return t
}

func stockFailed(payment, gateway *Span, text string) {
	payment.Threw(507, "*payment.StockError", "cannot reserve the stock of order 1: "+text, "").
		Logged(507, 17, "request failed", "error", "cannot reserve the stock of order 1: "+text)
	gateway.Threw(511, errorString, "payment answered 502 Bad Gateway", "").
		Logged(511, 17, "request failed", "error", "payment answered 502 Bad Gateway")
}

// LostDB is a database whose address refuses connections.
func LostDB(name string) *Trace {
	t, gateway, _, payment := Payment(name, 20, 502, 502)
	_, inventory := AskInventory(payment, 4, 14, 13, 500, 500)
	const refused = "failed to connect to `user=shop database=inventory`: 127.0.0.1:1 (inventory-replica): dial error: " +
		"dial tcp 127.0.0.1:1: connect: connection refused"
	query := inventory.Query("SELECT", "inventory-replica", "inventory", 6, 11).Failed(refused).Threw(11, "*pgconn.ConnectError", refused, "")
	acquire := query.Call("pool.acquire", 6, 10).With("db.system.name", "postgresql").Failed(refused).Threw(10, "*pgconn.ConnectError", refused, "")
	acquire.Call("connect", 7, 9).With("db.system.name", "postgresql", "server.address", "inventory-replica", "server.port", int64(5432),
		"db.namespace", "inventory").Failed(refused).Threw(9, "*pgconn.ConnectError", refused, "")
	inventory.Threw(12, wrapError, "read the stock of item-1: "+refused, "").
		Logged(12, 17, "request failed", "error", "read the stock of item-1: "+refused)
	const text = "cannot reserve the stock of order 1: inventory answered 500 Internal Server Error"
	payment.Threw(15, "*payment.StockError", text, "").Logged(15, 17, "request failed", "error", text)
	gateway.Threw(21, errorString, "payment answered 502 Bad Gateway", "").
		Logged(21, 17, "request failed", "error", "payment answered 502 Bad Gateway")
	return t
}

// RetryPay is a first attempt that fails and a second one that succeeds.
func RetryPay(name string) *Trace {
	t, _, _, payment := Payment(name, 30, 200, 200)
	_, first := AskInventory(payment, 3, 9, 8, 503, 503)
	first.Threw(7, errorString, "the stock is being recounted", "").Logged(7, 17, "request failed", "error", "the stock is being recounted")
	payment.Logged(10, 13, "inventory is busy, asking again: inventory answered 503 Service Unavailable")
	AskInventory(payment, 11, 17, 16, 200, 200)
	return t
}

// LockDB is a query that waits on a row lock for longer than payment waits for inventory.
func LockDB(name string) *Trace {
	t, gateway, _, payment := Payment(name, 510, 502, 502)
	call, inventory := AskInventory(payment, 4, 505, 1212, 0, 500)
	call.Failed("context deadline exceeded").Threw(505, "context.deadlineExceededError", "context deadline exceeded", "")
	inventory.Query("SELECT", "inventory-db", "inventory", 7, 1210).SQLFailed(1210, "55P03", "canceling statement due to lock timeout")
	const text = "read the stock of item-1: ERROR: canceling statement due to lock timeout (SQLSTATE 55P03)"
	inventory.Threw(1211, wrapError, text, "").Logged(1211, 17, "request failed", "error", text)
	stockFailed(payment, gateway, `Get "http://localhost:8002/inventory/item-1": context deadline exceeded`)
	return t
}

// BadOrder is an order that payment refuses with 422, passed on by the gateway.
func BadOrder(name string) *Trace {
	t, gateway, _, payment := Payment(name, 8, 422, 422)
	payment.Logged(6, 13, "request refused: order 1 has no amount", "status", int64(422))
	gateway.Logged(9, 13, "request refused: payment refuses the order", "status", int64(422))
	return t
}
