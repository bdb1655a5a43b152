package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// What the clients of the common languages say of a call that failed, as their instrumentations
// record it: an exception event of the client span, whose peer has no telemetry.
func TestFrameworksCalls(t *testing.T) {
	type thrown struct{ typ, message string }
	for want, cases := range map[verdict][]thrown{
		{incident.KindDependency, "orders", "pay.example", incident.CategoryDependencyUnavailable}: {
			{"ECONNREFUSED", ""}, // Node's AggregateError has no message
			{"java.net.ConnectException", ""},
			{"System.Net.Http.HttpRequestException", "Connection refused (pay.example:8443)"},
			{"httpx.ConnectError", "All connection attempts failed"},
			{"Net::OpenTimeout", "execution expired"},
			{"*url.Error", `Post "https://pay.example:8443/charge": EOF`},
			{"*net.OpError", "dial tcp 10.0.0.5:8443: i/o timeout"},
			{"Error", "connect ETIMEDOUT 10.0.0.5:8443"},
			{"System.Net.Http.HttpRequestException", "A connection attempt failed because the connected party did not properly respond after a period of time"},
			{"GuzzleHttp\\Exception\\ConnectException", "cURL error 52: Empty reply from server (see https://curl.haxx.se/libcurl/c/libcurl-errors.html)"},
			{"requests.exceptions.ConnectionError", "HTTPSConnectionPool(host='pay.example', port=8443): Max retries exceeded with url: /charge (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))"},
			{"TypeError", "fetch failed"},
			{"Polly.CircuitBreaker.BrokenCircuitException", "The circuit is now open and is not allowing calls."},
			{"javax.net.ssl.SSLHandshakeException", "Remote host terminated the handshake"},
			{"*url.Error", `Post "https://pay.example:8443/charge": net/http: TLS handshake timeout`},
		},
		{incident.KindDependency, "orders", "pay.example", incident.CategoryDNS}: {
			{"System.Net.Http.HttpRequestException", "Name or service not known (pay.example:8443)"},
			{"*net.OpError", "dial tcp: lookup pay.example on 10.96.0.10:53: read udp 10.1.2.3:41234->10.96.0.10:53: i/o timeout"},
			{"java.net.UnknownHostException", "pay.example"},
			{"Faraday::ConnectionFailed", "Failed to open TCP connection to pay.example:8443 (getaddrinfo: Name or service not known)"},
		},
		{incident.KindDependency, "orders", "pay.example", incident.CategoryCertificate}: {
			{"System.Net.Http.HttpRequestException", "The SSL connection could not be established, see inner exception."},
			{"GuzzleHttp\\Exception\\RequestException", "cURL error 60: SSL certificate problem: unable to get local issuer certificate"},
			{"System.Security.Authentication.AuthenticationException", "Authentication failed because the remote party sent a TLS alert: 'HandshakeFailure'."},
			{"UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate"},
		},
		{incident.KindDependency, "orders", "pay.example", incident.CategoryTimeout}: {
			{"System.Threading.Tasks.TaskCanceledException", "The request was canceled due to the configured HttpClient.Timeout of 5 seconds elapsing."},
			{"UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error"},
			{"requests.exceptions.ReadTimeout", "HTTPSConnectionPool(host='pay.example', port=8443): Read timed out. (read timeout=5)"},
			{"*url.Error", `Post "https://pay.example:8443/charge": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`},
			{"Net::ReadTimeout", "Net::ReadTimeout with #<TCPSocket:(closed)>"},
			{"GuzzleHttp\\Exception\\ConnectException", "cURL error 28: Operation timed out after 5001 milliseconds with 0 bytes received"},
		},
	} {
		for _, c := range cases {
			t.Run(c.typ+" "+c.message, func(t *testing.T) {
				tr := rcatest.New(c.typ + c.message)
				tr.Span("orders", "POST /orders", server, 0, 6000).Answered(500).
					Call("POST", 5, 5005).With("http.request.method", "POST", "server.address", "pay.example", "server.port", int64(443)).
					Failed("").Threw(5005, c.typ, c.message, "")
				assert.Equal(t, want, verdictOf(only(t, classify(tr))))
			})
		}
	}
}

// All that is known is an error.type.
func TestFrameworksErrorTypeAlone(t *testing.T) {
	for typ, want := range map[string]incident.Category{
		"connection_error": incident.CategoryDependencyUnavailable, "name_resolution_error": incident.CategoryDNS,
		"secure_connection_error": incident.CategoryCertificate, "response_ended": incident.CategoryDependencyUnavailable,
		"timeout": incident.CategoryTimeout, "ENOTFOUND": incident.CategoryDNS, "UNAVAILABLE": incident.CategoryDependencyUnavailable,
		"503":                             incident.CategoryDependencyUnavailable,
		"java.net.SocketTimeoutException": incident.CategoryTimeout,
	} {
		t.Run(typ, func(t *testing.T) {
			tr := rcatest.New(typ)
			tr.Span("orders", "POST /orders", server, 0, 6000).Answered(500).
				Call("POST", 5, 5005).With("server.address", "pay.example", "error.type", typ).Failed("")
			assert.Equal(t, verdict{incident.KindDependency, "orders", "pay.example", want}, verdictOf(only(t, classify(tr))))
		})
	}
}

// What a store's driver throws is the store's own error, unless it says more, or says that the statement was
// wrong.
func TestFrameworksStores(t *testing.T) {
	for _, c := range []struct {
		system, typ, message string
		kind                 incident.Kind
		component            string
		category             incident.Category
	}{
		{"postgresql", "Npgsql.PostgresException", `42P01: relation "orders" does not exist`, incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"postgresql", "Npgsql.PostgresException", `40P01: deadlock detected`, incident.KindDependency, "db.example", incident.CategoryDatabaseLock},
		{"postgresql", "PG::UndefinedColumn", `ERROR:  column "x" does not exist`, incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"postgresql", "psycopg2.errors.UndefinedTable", `relation "orders" does not exist`, incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"postgresql", "error", `relation "orders" does not exist`, incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"mysql", "PDOException", "SQLSTATE[HY000]: General error: 2006 MySQL server has gone away", incident.KindDependency, "db.example", incident.CategoryDependencyUnavailable},
		{"mssql", "Microsoft.Data.SqlClient.SqlException", "Invalid object name 'dbo.Orders'.", incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"mssql", "Microsoft.Data.SqlClient.SqlException", "A network-related or instance-specific error occurred while establishing a connection to SQL Server.", incident.KindDependency, "db.example", incident.CategoryDependencyUnavailable},
		{"mssql", "Microsoft.Data.SqlClient.SqlException", "Execution Timeout Expired.  The timeout period elapsed prior to completion of the operation or the server is not responding.", incident.KindDependency, "db.example", incident.CategoryTimeout},
		{"redis", "StackExchange.Redis.RedisTimeoutException", "Timeout performing GET (5000ms), next: GET cart, inst: 0, qu: 0, qs: 5, aw: False, mgr: 10 of 10 available", incident.KindDependency, "db.example", incident.CategoryTimeout},
		{"redis", "ReplyError", "OOM command not allowed when used memory > 'maxmemory'.", incident.KindDependency, "db.example", incident.CategoryResourceMemory},
		{"redis", "redis.exceptions.ResponseError", "WRONGTYPE Operation against a key holding the wrong kind of value", incident.KindCode, "orders", incident.CategoryDatabaseError},
		{"redis", "redis.exceptions.BusyLoadingError", "LOADING Redis is loading the dataset in memory", incident.KindDependency, "db.example", incident.CategoryDependencyUnavailable},
		{"mongodb", "pymongo.errors.ServerSelectionTimeoutError", "db.example:27017: timed out, Timeout: 30s, Topology Description: <TopologyDescription>", incident.KindDependency, "db.example", incident.CategoryDependencyUnavailable},
		{"mongodb", "System.TimeoutException", "A timeout occurred after 30000ms selecting a server using CompositeServerSelector{ Selectors = ReadPreferenceServerSelector }", incident.KindDependency, "db.example", incident.CategoryDependencyUnavailable},
		{"mongodb", "MongoWaitQueueTimeoutError", "Timed out while checking out a connection from connection pool", incident.KindResource, "orders", incident.CategoryConnectionPoolExhausted},
		{"postgresql", "ActiveRecord::ConnectionTimeoutError", "could not obtain a connection from the pool within 5.000 seconds (waited 5.001 seconds); all pooled connections were in use", incident.KindResource, "orders", incident.CategoryConnectionPoolExhausted},
		{"elasticsearch", "ResponseError", "es_rejected_execution_exception: [es_rejected_execution_exception] Reason: rejected execution of coordinating operation", incident.KindDependency, "db.example", incident.CategoryRateLimited},
	} {
		t.Run(c.typ+" "+c.message, func(t *testing.T) {
			tr := rcatest.New(c.typ + c.message)
			s := tr.Span("orders", "POST /orders", server, 0, 6000).Answered(500).
				Call("SELECT", 5, 5005).With("db.system.name", c.system, "server.address", "db.example").
				Failed("").Threw(5005, c.typ, c.message, "")
			if c.system == "elasticsearch" {
				s.With("http.response.status_code", int64(429))
			}
			assert.Equal(t, verdict{c.kind, "orders", c.component, c.category}, verdictOf(only(t, classify(tr))))
		})
	}
}

// A store's code alone tells what it answered.
func TestFrameworksStoreCodes(t *testing.T) {
	for _, c := range []struct {
		system, code string
		category     incident.Category
	}{
		{"mysql", "1205", incident.CategoryDatabaseLock}, {"mysql", "1040", incident.CategoryCapacity}, {"mysql", "1146", incident.CategoryDatabaseError},
		{"mysql", "1045", incident.CategoryAuthentication}, {"postgresql", "40P01", incident.CategoryDatabaseLock},
		{"mongodb", "11000", incident.CategoryDatabaseError}, {"microsoft.sql_server", "1205", incident.CategoryDatabaseLock},
	} {
		t.Run(c.system+c.code, func(t *testing.T) {
			tr := rcatest.New(c.system + c.code)
			tr.Span("orders", "POST /orders", server, 0, 60).Answered(500).
				Call("SELECT", 5, 50).With("db.system.name", c.system, "server.address", "db.example", "db.response.status_code", c.code, "error.type", c.code).Failed("")
			assert.Equal(t, c.category, only(t, classify(tr)).Category)
		})
	}
}

// Answers as the SDKs of RPC frameworks and clouds write them.
func TestFrameworksAnswers(t *testing.T) {
	call := func(name string, attrs ...any) (*rcatest.Trace, *rcatest.Span) {
		tr := rcatest.New(name)
		s := tr.Span("orders", "POST /orders", server, 0, 60).Answered(500).Call("pay.Payment/Charge", 5, 50).With(attrs...).Failed("")
		return tr, s
	}
	for _, c := range []struct {
		name                 string
		attrs                []any
		typ, message, status string
		want                 verdict
	}{
		{"a gRPC code as a string", []any{"rpc.system", "grpc", "server.address", "pay.example", "rpc.grpc.status_code", "14"}, "", "", "", verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryDependencyUnavailable}},
		{"a name as .NET writes it", []any{"rpc.system", "grpc", "server.address", "pay.example", "rpc.response.status_code", "PermissionDenied"}, "", "", "", verdict{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}},
		{"in .NET's message", []any{"rpc.system", "grpc", "server.address", "pay.example"}, "Grpc.Core.RpcException", `Status(StatusCode="Unauthenticated", Detail="token is missing")`, "", verdict{incident.KindEdge, "orders", "orders", incident.CategoryAuthentication}},
		{"in Node's message", []any{"rpc.system", "grpc", "server.address", "pay.example"}, "Error", `8 RESOURCE_EXHAUSTED: quota`, "", verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryRateLimited}},
		{"in Node's message, by name", []any{"rpc.system", "grpc", "server.address", "pay.example"}, "Error", `13 INTERNAL: ledger is closed`, "", verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryUnknown}},
		{"Connect's name", []any{"rpc.system", "connect_rpc", "server.address", "pay.example", "rpc.connect_rpc.error_code", "unavailable"}, "", "", "", verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryDependencyUnavailable}},
		{"HTTP status as a string", []any{"server.address", "pay.example", "http.status_code", "503"}, "", "", "", verdict{incident.KindDependency, "orders", "pay.example", incident.CategoryDependencyUnavailable}},
		{"S3 slows down", []any{"rpc.system", "aws-api", "rpc.service", "S3", "rpc.method", "PutObject", "http.status_code", int64(503)}, "botocore.exceptions.ClientError", "An error occurred (SlowDown) when calling the PutObject operation (reached max retries: 4): Please reduce your request rate.", "", verdict{incident.KindDependency, "orders", "S3", incident.CategoryRateLimited}},
		{"DynamoDB throttles with a 400", []any{"rpc.system", "aws-api", "rpc.service", "DynamoDB", "rpc.method", "PutItem", "db.system", "dynamodb", "http.status_code", int64(400)}, "", "", "ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table was exceeded", verdict{incident.KindDependency, "orders", "aws.dynamodb of orders", incident.CategoryRateLimited}},
		{"SQS refuses with a 400", []any{"rpc.system", "aws-api", "rpc.service", "SQS", "server.address", "sqs.eu-west-1.amazonaws.com", "http.response.status_code", int64(400)}, "", "", "AccessDeniedException: not authorized to perform sqs:sendmessage", verdict{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}},
		{"an error.type of AWS", []any{"rpc.system", "aws-api", "rpc.service", "Lambda", "http.response.status_code", int64(429)}, "TooManyRequestsException", "Rate Exceeded.", "", verdict{incident.KindDependency, "orders", "Lambda", incident.CategoryRateLimited}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, s := call(c.name, c.attrs...)
			if c.typ != "" {
				s.Threw(50, c.typ, c.message, "")
			}
			if c.status != "" {
				s.Failed(c.status)
			}
			assert.Equal(t, c.want, verdictOf(only(t, classify(tr))))
		})
	}
}

// Traces of whole requests, as the frameworks of several languages leave them.
func TestFrameworksRequests(t *testing.T) {
	code := func(category incident.Category) []verdict {
		return []verdict{{incident.KindCode, "orders", "orders", category}}
	}
	dependency := func(component string, category incident.Category) []verdict {
		return []verdict{{incident.KindDependency, "orders", component, category}}
	}
	// orders fails with what it threw or logged, after a call of which the span says nothing.
	failing := func(name string, more func(entry *rcatest.Span)) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			more(tr.Span("orders", "POST /orders", server, 0, 100).Answered(500))
			return tr
		}
	}
	threw := func(typ, message, stack string) func() *rcatest.Trace {
		return failing(typ+message, func(entry *rcatest.Span) { entry.Threw(60, typ, message, stack) })
	}
	marked := func(name string, status int) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			tr.Span("orders", "GET /orders/7", server, 0, 20).HTTP(status).Failed("")
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "an old SDK marks an entry that answers 404", trace: marked("old404", 404), dismissed: incident.DismissClientError},
		{name: "an old SDK marks an entry that answers 401", trace: marked("old401", 401), dismissed: incident.DismissClientError},
		{
			name: "an old SDK marks both ends of a 404 that makes the caller fail",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("both ends")
				tr.Span("orders", "GET /orders/7", server, 0, 20).Answered(500).Call("GET", 1, 10).With("peer.service", "stock").Answered(404).
					Serve("stock", "GET /items/{id}", 2, 9).HTTP(404).Failed("")
				return tr
			},
			roots: code(incident.CategoryUnknown),
		},
		{
			name: "a gRPC server marks a NOT_FOUND that is passed on",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("grpc404")
				tr.Span("gateway", "GET /orders/7", server, 0, 20).HTTP(404).Failed("").
					Call("orders.Orders/Get", 1, 10).With("rpc.system", "grpc", "rpc.grpc.status_code", int64(5)).Failed("").
					Serve("orders", "orders.Orders/Get", 2, 9).With("rpc.system", "grpc", "rpc.grpc.status_code", int64(5)).Failed("")
				return tr
			},
			dismissed: incident.DismissClientError,
		},
		{
			name: "Tomcat's client left",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("tomcat")
				tr.Span("orders", "GET /export", server, 0, 20).HTTP(200).Failed("").
					Threw(19, "org.apache.catalina.connector.ClientAbortException", "java.io.IOException: Connection reset by peer", "")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "ASP.NET's client left",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("aspnet")
				tr.Span("orders", "GET /export", server, 0, 20).HTTP(499).Failed("").
					Threw(19, "Microsoft.AspNetCore.Connections.ConnectionResetException", "The client has disconnected", "")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "nginx's connection timed out while it waits for an answer",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("nginx")
				tr.Span("nginx", "GET /orders", server, 0, 5020).Answered(504).
					Logged(5015, errorLv, "*7 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 10.0.0.9").
					Call("GET", 5, 5010).With("peer.service", "orders").Failed("").
					Serve("orders", "GET /orders", 6, 9000).HTTP(200)
				return tr
			},
			roots: []verdict{{incident.KindSlow, "orders", "orders", incident.CategoryTimeout}},
		},
		{
			name:      "a circuit breaker that is open",
			trace:     threw("io.github.resilience4j.circuitbreaker.CallNotPermittedException", "CircuitBreaker 'stock' is OPEN and does not permit further calls", ""),
			knowledge: incident.Knowledge{ServicesSeen: []string{"stock"}, ServicesEver: []string{"stock"}},
			roots:     []verdict{{incident.KindDependency, "stock", "stock", incident.CategoryDependencyUnavailable}},
		},
		{
			name:  "PHP's memory",
			trace: threw("", "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)", ""),
			roots: []verdict{{incident.KindResource, "orders", "orders", incident.CategoryResourceMemory}},
		},
		{
			name: "Python's cause stands only in the stack", trace: threw("shop.PaymentError", "payment failed", pythonChain),
			roots: dependency("an unnamed peer of orders", incident.CategoryDependencyUnavailable),
		},
		{
			name: ".NET's cause and its peer stand only in the stack", trace: threw("Shop.PaymentException", "payment failed", dotnetChain),
			roots: dependency("pay.example:8443", incident.CategoryDependencyUnavailable),
		},
		{
			name: "a printed traceback",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("printed")
				tr.Span("orders", "POST /orders", server, 0, 20).HTTP(500).Logged(10, 0, pythonBug)
				return tr
			},
			roots: code(incident.CategoryCodeException),
		},
		{
			name: "plain text names the host",
			trace: failing("plain", func(entry *rcatest.Span) {
				entry.Logged(50, errorLv, "ERROR:root:psycopg2.OperationalError: could not connect to server: Connection refused\n\t"+
					`Is the server running on host "orders-db" (10.0.0.5) and accepting`+"\n\tTCP/IP connections on port 5432?")
			}),
			roots: dependency("orders-db", incident.CategoryDependencyUnavailable),
		},
		{
			name: "a structured log nests the error",
			trace: failing("pino", func(entry *rcatest.Span) {
				entry.Logged(50, errorLv, "request errored", "err", signal.Map{keyValue("type", "Error"), keyValue("message", "getaddrinfo ENOTFOUND pay.example")})
			}),
			roots: dependency("pay.example", incident.CategoryDNS),
		},
		{
			name: "only the caller says what the store answered",
			trace: failing("bare call", func(entry *rcatest.Span) {
				entry.Call("orders", 2, 50).With("db.system", "mssql", "db.name", "orders", "net.peer.name", "sql1").Failed("")
				entry.Logged(60, errorLv, "SqlException (0x80131904): Transaction (Process ID 52) was deadlocked on lock resources with another process")
			}),
			roots: dependency("sql1", incident.CategoryDatabaseLock),
		},
		{
			name: "only the caller says that the store refused its statement",
			trace: failing("laravel", func(entry *rcatest.Span) {
				entry.Call("select orders", 2, 50).With("db.system", "mysql", "db.name", "shop", "server.address", "shop-db")
				entry.Threw(60, `Illuminate\Database\QueryException`, "SQLSTATE[42S22]: Column not found: 1054 Unknown column 'x' in 'field list'", "")
			}),
			roots: []verdict{{incident.KindCode, "orders", "orders", incident.CategoryDatabaseError}},
		},
		{
			name: "librdkafka's broker is down",
			trace: failing("kafka", func(entry *rcatest.Span) {
				entry.Child("orders", "orders publish", producer, 1, 19).With("messaging.system", "kafka", "messaging.destination.name", "orders").
					Failed("").Threw(18, "Confluent.Kafka.ProduceException", "Local: Broker transport failure", "")
			}),
			roots: dependency("kafka orders", incident.CategoryDependencyUnavailable),
		},
		{
			name: "RabbitMQ refuses the login",
			trace: failing("rabbit", func(entry *rcatest.Span) {
				entry.Child("orders", "orders publish", producer, 1, 19).With("messaging.system", "rabbitmq", "messaging.destination.name", "orders").
					Failed("").Threw(18, "pika.exceptions.ProbableAuthenticationError", "(403) 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.'", "")
			}),
			roots: []verdict{{incident.KindEdge, "orders", "orders", incident.CategoryAuthentication}},
		},
	} {
		e.run(t)
	}
}

// A caller's own bug after a call that failed is a second candidate, in any language whose stack is read.
func TestFrameworksOwnFault(t *testing.T) {
	tr := rcatest.New("rival")
	tr.Span("orders", "POST /orders", server, 0, 100).Answered(500).Threw(90, "KeyError", "'total'", pythonBug).
		Call("GET", 2, 5).With("db.system", "redis", "server.address", "cache").Failed("").Threw(5, "redis.exceptions.ConnectionError", "Connection refused.", "")
	r := report(t, tr)
	require.Len(t, r.Candidates, 2)
	assert.Equal(t, "cache", r.Candidates[0].Component)
	assert.Equal(t, "orders", r.Candidates[1].Component)
}

const pythonChain = `Traceback (most recent call last):
  File "/usr/lib/python3.12/site-packages/urllib3/connection.py", line 174, in _new_conn
    conn = connection.create_connection(
ConnectionRefusedError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/shop/views.py", line 31, in post
    self.pay(order)
  File "/app/shop/payment.py", line 12, in pay
    raise PaymentError("payment failed") from e
shop.PaymentError: payment failed
`

const pythonBug = `Traceback (most recent call last):
  File "/usr/lib/python3.12/site-packages/flask/app.py", line 880, in full_dispatch_request
    rv = self.dispatch_request()
  File "/app/shop/views.py", line 31, in post
    total = cart["total"]
            ~~~~^^^^^^^^^
KeyError: 'total'
`

const dotnetChain = `Shop.PaymentException: payment failed
 ---> System.Net.Http.HttpRequestException: Connection refused (pay.example:8443)
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at System.Net.Sockets.Socket.AwaitableSocketAsyncEventArgs.ThrowException(SocketError error, CancellationToken cancellationToken)
   --- End of inner exception stack trace ---
   at System.Net.Http.HttpConnectionPool.ConnectToTcpHostAsync(String host, Int32 port)
   --- End of inner exception stack trace ---
   at Shop.Payments.PaymentClient.Charge(Order order) in /src/Payments/PaymentClient.cs:line 42
   at Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.Execute()
`
