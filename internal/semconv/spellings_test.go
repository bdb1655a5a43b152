package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// spellings are the ways in which a fact is recorded, with all that is read of it.
var spellings = []struct {
	given attrs
	want  answers
}{
	// HTTP
	{attrs{"http.response.status_code": 503}, answers{Status: http(503), HTTP: true, Operation: operation("http", "", "5xx")}},
	{attrs{"http.status_code": 404}, answers{Status: http(404), HTTP: true, Operation: operation("http", "", "4xx")}},
	{attrs{"http.status_code": "404"}, answers{Status: http(404), HTTP: true, Operation: operation("http", "", "4xx")}},
	{attrs{"http.status_code": 404.0}, answers{Status: http(404), HTTP: true, Operation: operation("http", "", "4xx")}},
	{attrs{"http.response.status_code": 200, "http.status_code": 500}, answers{Status: http(200), HTTP: true, Operation: operation("http", "", "2xx")}},
	{attrs{"http.response.status_code": 0, "http.status_code": 600}, answers{}},
	{attrs{"error.type": "502"}, answers{Status: http(502), ErrorType: "502"}},
	{attrs{"error.type": "200"}, answers{ErrorType: "200"}},
	{attrs{"error.type": "timeout"}, answers{ErrorType: "timeout"}},
	{attrs{"error.type": "UNAVAILABLE"}, answers{Status: rpc("UNAVAILABLE"), ErrorType: "UNAVAILABLE"}},
	{attrs{"error.type": "500", "db.system": "elasticsearch"}, answers{ErrorType: "500", DBSystem: "elasticsearch", PeerSystem: "elasticsearch", NamesPeer: true, Operation: operation("db", "", "")}},
	{attrs{"http.request.method": "GET", "http.route": "/pay/{id}"}, answers{HTTPMethod: "GET", HTTPRoute: "/pay/{id}", HTTP: true, Operation: operation("http", "GET /pay/{id}", "")}},
	{attrs{"http.method": "GET", "http.route": "/pay/{id}"}, answers{HTTPMethod: "GET", HTTPRoute: "/pay/{id}", HTTP: true, Operation: operation("http", "GET /pay/{id}", "")}},
	{attrs{"url.full": "https://api.example.com:8443/v1"}, answers{URL: "https://api.example.com:8443/v1", HTTP: true, Host: "api.example.com", Port: "8443", NamesPeer: true}},
	{attrs{"http.url": "http://pay/v1"}, answers{URL: "http://pay/v1", HTTP: true, Host: "pay", NamesPeer: true}},

	// RPC
	{attrs{"rpc.response.status_code": "PERMISSION_DENIED"}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.response.status_code": "PermissionDenied"}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.response.status_code": "permission_denied"}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.response.status_code": "7"}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.response.status_code": 7}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.response.status_code": "Canceled"}, answers{Status: rpc("CANCELLED")}},
	{attrs{"rpc.response.status_code": "OK"}, answers{Status: rpc("OK")}},
	{attrs{"rpc.response.status_code": "ServiceNotFound"}, answers{Status: rpc("SERVICENOTFOUND")}}, // Dubbo
	{attrs{"rpc.response.status_code": 20}, answers{}},
	{attrs{"rpc.response.status_code": "200"}, answers{}},
	{attrs{"rpc.response.status_code": "-32601"}, answers{Status: rpc("-32601")}}, // JSON-RPC
	{attrs{"rpc.status_code": "UNAUTHENTICATED"}, answers{Status: rpc("UNAUTHENTICATED")}},
	{attrs{"rpc.grpc.status_code": 14}, answers{Status: rpc("UNAVAILABLE")}},
	{attrs{"rpc.grpc.status_code": 0}, answers{Status: rpc("OK")}},
	{attrs{"rpc.grpc.status_code": "14"}, answers{Status: rpc("UNAVAILABLE")}},
	{attrs{"rpc.grpc.status_code": "Unavailable"}, answers{Status: rpc("UNAVAILABLE")}},
	{attrs{"rpc.grpc.status_code": 17}, answers{}},
	{attrs{"rpc.grpc.status_code": -1}, answers{}},
	{attrs{"grpc.status_code": "14"}, answers{Status: rpc("UNAVAILABLE")}},          // Envoy, .NET
	{attrs{"grpc.status_code": "UNAVAILABLE"}, answers{Status: rpc("UNAVAILABLE")}}, // Micrometer
	{attrs{"rpc.connect_rpc.error_code": "permission_denied"}, answers{Status: rpc("PERMISSION_DENIED")}},
	{attrs{"rpc.connect_rpc.error_code": "canceled"}, answers{Status: rpc("CANCELLED")}},
	{attrs{"rpc.system": "grpc", "rpc.service": "shop.Pay", "rpc.method": "Charge", "rpc.grpc.status_code": 4},
		answers{Status: rpc("DEADLINE_EXCEEDED"), RPCService: "shop.Pay", RPCMethod: "Charge", Operation: operation("rpc", "shop.Pay/Charge", "DEADLINE_EXCEEDED")}},
	{attrs{"rpc.system.name": "grpc", "rpc.method": "shop.Pay/Charge", "rpc.response.status_code": "DEADLINE_EXCEEDED"},
		answers{Status: rpc("DEADLINE_EXCEEDED"), RPCMethod: "shop.Pay/Charge", Operation: operation("rpc", "shop.Pay/Charge", "DEADLINE_EXCEEDED")}},

	// databases
	{attrs{"db.system.name": "postgresql", "db.namespace": "orders", "db.operation.name": "SELECT", "db.collection.name": "items", "db.response.status_code": "40P01"},
		answers{DBSystem: "postgresql", DBNamespace: "orders", DBOperation: "SELECT", DBCollection: "items", DBStatus: "40P01",
			PeerSystem: "postgresql", PeerNamespace: "orders", NamesPeer: true, Operation: operation("db", "SELECT items", "40P01")}},
	{attrs{"db.system": "mysql", "db.name": "orders", "db.operation": "SELECT", "db.sql.table": "items"},
		answers{DBSystem: "mysql", DBNamespace: "orders", DBOperation: "SELECT", DBCollection: "items",
			PeerSystem: "mysql", PeerNamespace: "orders", NamesPeer: true, Operation: operation("db", "SELECT items", "")}},
	{attrs{"db.system": "mssql"}, answers{DBSystem: "microsoft.sql_server", PeerSystem: "microsoft.sql_server", NamesPeer: true, Operation: operation("db", "", "")}},
	{attrs{"db.system.name": "microsoft.sql_server"}, answers{DBSystem: "microsoft.sql_server", PeerSystem: "microsoft.sql_server", NamesPeer: true, Operation: operation("db", "", "")}},
	{attrs{"db.system": "mariadb"}, answers{DBSystem: "mariadb", PeerSystem: "mariadb", NamesPeer: true, Operation: operation("db", "", "")}},
	{attrs{"pgx.sql_state": "40P01"}, answers{SQLState: "40P01"}},
	{attrs{"db.postgresql.sqlstate": "40P01"}, answers{SQLState: "40P01", NamesPeer: true}},
	{attrs{"db.sqlstate": "40P01"}, answers{SQLState: "40P01", NamesPeer: true}},
	{attrs{"db.sqlstate": "1205"}, answers{NamesPeer: true}},

	// messaging
	{attrs{"messaging.system": "kafka", "messaging.operation.type": "send", "messaging.operation.name": "publish", "messaging.destination.name": "orders"},
		answers{MessagingSystem: "kafka", MessagingOperation: "send", Destination: "orders", PeerSystem: "kafka", PeerNamespace: "orders", Operation: operation("messaging", "send orders", "")}},
	{attrs{"messaging.system": "kafka", "messaging.operation": "publish", "messaging.destination.name": "orders-7", "messaging.destination.template": "orders-{n}"},
		answers{MessagingSystem: "kafka", MessagingOperation: "publish", Destination: "orders-7", PeerSystem: "kafka", PeerNamespace: "orders-7", Operation: operation("messaging", "publish orders-{n}", "")}},

	// peers
	{attrs{"server.address": "db", "server.port": 5432}, answers{Host: "db", Port: "5432", PeerPort: 5432, NamesPeer: true}},
	{attrs{"server.address": "db:6432"}, answers{Host: "db", Port: "6432", NamesPeer: true}},
	{attrs{"net.peer.name": "db", "net.peer.port": "5432"}, answers{Host: "db", Port: "5432", PeerPort: 5432, NamesPeer: true}},
	{attrs{"net.sock.peer.name": "db"}, answers{Host: "db"}},
	{attrs{"network.peer.address": "10.0.0.7"}, answers{Host: "10.0.0.7"}},
	{attrs{"server.socket.address": "10.0.0.7"}, answers{Host: "10.0.0.7"}},
	{attrs{"net.sock.peer.addr": "10.0.0.7"}, answers{Host: "10.0.0.7"}},
	{attrs{"net.peer.ip": "10.0.0.7"}, answers{Host: "10.0.0.7"}},
	{attrs{"peer.service": "payment"}, answers{PeerService: "payment", NamesPeer: true}},
	{attrs{"server.address": ""}, answers{NamesPeer: true}},
	{attrs{"service.peer.name": "payment"}, answers{PeerService: "payment"}},

	// exceptions and errors
	{attrs{"exception.type": "a.B", "exception.message": "m", "exception.stacktrace": "s"},
		answers{Exception: semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}, IsException: true, LoggedError: "m"}},
	{attrs{"exception.stacktrace": "s"}, answers{Exception: semconv.Exception{Stack: "s"}}},
	{attrs{"error": "boom"}, answers{LoggedError: "boom"}},
	{attrs{"err": "boom"}, answers{LoggedError: "boom"}},
	{attrs{"error.message": "boom"}, answers{LoggedError: "boom"}},

	// resources
	{attrs{"service.name": "pay", "service.version": "1.4", "service.instance.id": "i", "host.name": "h", "deployment.environment.name": "prod"},
		answers{Service: "pay", Version: "1.4", Instance: "i", Environment: "prod"}},
	{attrs{"deployment.environment": "prod", "k8s.pod.uid": "u", "host.id": "h"}, answers{Instance: "u", Environment: "prod"}},
	{attrs{"host.id": "7", "host.name": "h"}, answers{Instance: "7"}},
	{attrs{"host.name": "h"}, answers{Instance: "h"}},

	// code
	{attrs{"code.file.path": "a.go", "code.line.number": 7}, answers{Place: semconv.CodePlace{File: "a.go", Line: 7}, HasPlace: true}},
	{attrs{"code.filepath": "A.java", "code.lineno": "7", "code.namespace": "x.A"}, answers{Place: semconv.CodePlace{File: "A.java", Line: 7, Module: "x.A"}, HasPlace: true}},
	{attrs{"code.filepath": "A.java", "code.lineno": 0}, answers{Place: semconv.CodePlace{File: "A.java"}}},
}

func http(status int) semconv.Status              { return semconv.Status{HTTP: status} }
func rpc(status semconv.RPCStatus) semconv.Status { return semconv.Status{RPC: status} }
func operation(family semconv.Family, name, status string) semconv.Operation {
	return semconv.Operation{Family: family, Name: name, Status: status}
}

func TestSpellings(t *testing.T) {
	for _, tt := range spellings {
		assert.Equal(t, tt.want, read(tt.given.stored()), "stored %v", tt.given)
		assert.Equal(t, tt.want, read(tt.given.pdata(t)), "received %v", tt.given)
	}
}

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		status                                        semconv.Status
		known, failure, fromPeer, refusal, throttling bool
	}{
		{semconv.Status{}, false, false, false, false, false},
		{http(200), true, false, true, false, false},
		{http(401), true, true, true, true, false},
		{http(403), true, true, true, true, false},
		{http(407), true, true, true, true, false},
		{http(404), true, true, true, false, false},
		{http(429), true, true, true, false, true},
		{http(503), true, true, true, false, false},
		{rpc(semconv.OK), true, false, true, false, false},
		{rpc(semconv.Unauthenticated), true, true, true, true, false},
		{rpc(semconv.PermissionDenied), true, true, true, true, false},
		{rpc(semconv.ResourceExhausted), true, true, true, false, true},
		{rpc(semconv.Unavailable), true, true, false, false, false},
		{rpc(semconv.DeadlineExceeded), true, true, false, false, false},
		{rpc(semconv.Cancelled), true, true, false, false, false},
		{semconv.Status{HTTP: 200, RPC: semconv.PermissionDenied}, true, true, true, true, false},
	} {
		got := []bool{tt.status.IsKnown(), tt.status.IsFailure(), tt.status.IsFromPeer(), tt.status.IsRefusal(), tt.status.IsThrottling()}
		assert.Equal(t, []bool{tt.known, tt.failure, tt.fromPeer, tt.refusal, tt.throttling}, got, "%+v", tt.status)
	}
}

func TestRequestOf(t *testing.T) {
	one := attrs{"url.full": "http://a/1", "http.request.method": "GET"}.stored()
	assert.Equal(t, semconv.RequestOf(one), semconv.RequestOf(attrs{"url.full": "http://a/1", "server.address": "a"}.stored()))
	for _, key := range []string{"url.full", "http.url", "http.target", "db.query.text", "db.statement", "rpc.method", "messaging.message.id"} {
		assert.NotEqual(t, semconv.RequestOf(one), semconv.RequestOf(attrs{"url.full": "http://a/1", key: "other"}.stored()), key)
	}
}

// TestReadsAllocateNothing holds for whatever is read of every span at ingestion.
func TestReadsAllocateNothing(t *testing.T) {
	given := attrs{
		"service.name": "pay", "http.response.status_code": 503, "http.request.method": "POST", "http.route": "/pay",
		"rpc.response.status_code": "PermissionDenied", "db.system.name": "mysql", "db.operation.name": "SELECT",
		"exception.type": "a.B", "server.address": "db",
	}
	received, stored := given.pdata(t), given.stored()
	assert.Zero(t, testing.AllocsPerRun(100, func() { facts(received) }), "received")
	assert.Zero(t, testing.AllocsPerRun(100, func() { facts(stored) }), "stored")
}

func facts[A semconv.Attributes](a A) (n int) {
	n += len(semconv.OperationOf(a).Name) + len(semconv.Service(a)) + len(semconv.ExceptionOf(a).Type) + len(semconv.ErrorType(a))
	host, _ := semconv.PeerAddress(a)
	if semconv.StatusOf(a).IsRefusal() && semconv.IsException("", a) && semconv.PeerService(a) == "" {
		n += len(host)
	}
	return n
}
