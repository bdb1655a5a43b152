package rca_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Section 7: the category from what the common libraries and servers write.
func TestSection7Categories(t *testing.T) {
	for category, messages := range map[incident.Category][]string{
		incident.CategoryCertificate: {
			`Get "https://stock/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid`,
			"javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target",
			"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate",
			"Error: unable to verify the first certificate",
		},
		incident.CategoryDNS: {
			"dial tcp: lookup stock on 10.0.0.10:53: no such host",
			"java.net.UnknownHostException: stock.shop.svc",
			"Error: getaddrinfo ENOTFOUND stock",
			`could not translate host name "stock-db" to address: Name or service not known`,
		},
		incident.CategoryDependencyUnavailable: {
			"dial tcp 10.0.0.3:8080: connect: connection refused",
			"java.net.ConnectException: Connection refused (Connection refused)",
			"Error: connect ECONNREFUSED 127.0.0.1:5432",
			"read tcp 10.0.0.1:40000->10.0.0.3:8080: read: connection reset by peer",
			"java.lang.IllegalStateException: No instances available for stock",
			"com.netflix.client.ClientException: Load balancer does not have available server for client: stock",
			"upstream connect error or disconnect/reset before headers",
			"rpc error: code = Unavailable desc = connection error",
			"io.grpc.StatusRuntimeException: UNAVAILABLE: io exception",
			"com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
			"redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. Connection refused.",
			"java.net.SocketTimeoutException: connect timed out",
			"FATAL: terminating connection due to administrator command (SQLSTATE 57P01)",
		},
		incident.CategoryAuthentication: {
			`FATAL: password authentication failed for user "shop" (SQLSTATE 28P01)`,
			"rpc error: code = Unauthenticated desc = missing token",
			"Access denied for user 'shop'@'10.0.0.1' (using password: YES)",
		},
		incident.CategoryAuthorization: {
			"rpc error: code = PermissionDenied desc = not yours",
			"ERROR: permission denied for table orders (SQLSTATE 42501)",
			"org.springframework.web.client.HttpClientErrorException$Forbidden: 403 Forbidden",
		},
		incident.CategoryRateLimited: {
			"429 Too Many Requests",
			"com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputExceededException: slow down",
			"rpc error: code = ResourceExhausted desc = quota",
		},
		incident.CategoryConnectionPoolExhausted: {
			"HikariPool-1 - Connection is not available, request timed out after 30000ms.",
			"sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30",
			"KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full.",
			"org.apache.http.conn.ConnectionPoolTimeoutException: Timeout waiting for connection from pool",
			"redis: connection pool timeout",
			"The timeout period elapsed prior to obtaining a connection from the pool.",
			"redis.clients.jedis.exceptions.JedisException: Could not get a resource from the pool",
		},
		incident.CategoryDatabaseLock: {
			"ERROR: canceling statement due to lock timeout (SQLSTATE 55P03)",
			"ERROR: deadlock detected (SQLSTATE 40P01)",
			"Lock wait timeout exceeded; try restarting transaction",
			"ORA-00060: deadlock detected while waiting for resource",
			"sqlite3.OperationalError: database is locked",
			"org.springframework.dao.CannotAcquireLockException: could not execute statement",
		},
		incident.CategoryDatabaseError: {
			`ERROR: relation "orders" does not exist (SQLSTATE 42P01)`,
			`org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "pk"`,
			"Duplicate entry '7' for key 'PRIMARY'",
		},
		incident.CategoryResourceMemory: {"java.lang.OutOfMemoryError: Java heap space", "fork: Cannot allocate memory"},
		incident.CategoryResourceDisk:   {"write /data/x: no space left on device", "OSError: [Errno 30] Read-only file system: '/data/x'", "ENOSPC: no space left"},
		incident.CategoryResourceCPU:    {"container CPU throttled beyond its quota", "cpu saturated", "scheduler delayed (cpu contended)"},
		incident.CategoryCapacity: {
			"java.util.concurrent.RejectedExecutionException: Task rejected from ThreadPoolExecutor",
			"FATAL: sorry, too many clients already (SQLSTATE 53300)",
			"accept4: too many open files", "server overloaded, shedding load",
		},
		incident.CategoryBadData: {
			"com.fasterxml.jackson.core.JsonParseException: Unexpected character ('}')",
			"json.decoder.JSONDecodeError: Expecting value: line 1 column 1",
			"invalid character 'x' looking for beginning of value",
			`java.lang.NumberFormatException: For input string: "abc"`,
		},
		incident.CategoryCodeException: {
			"java.lang.NullPointerException: item", "panic: runtime error: index out of range [3] with length 3",
			"TypeError: Cannot read properties of undefined (reading 'id')", "ZeroDivisionError: division by zero",
		},
		incident.CategoryTimeout: {"context deadline exceeded", "java.net.SocketTimeoutException: Read timed out", "net/http: request timed out"},
		incident.CategoryNetwork: {"packet loss above 30 %", "network partition detected", "packet loss on eth0"},
		incident.CategoryUnknown: {"order is in the wrong state", "cannot do that", "no seats left"},
	} {
		t.Run(string(category), func(t *testing.T) {
			for _, m := range messages {
				tr := rcatest.New(m)
				tr.Span("orders", "GET /order", server, 0, 100).Answered(500).Logged(50, errorLv, m)
				assert.Equal(t, category, only(t, classify(tr)).Category, m)
			}
		})
	}
}

// Section 7: the most specific evidence wins, wherever in the group it stands.
func TestSection7MostSpecific(t *testing.T) {
	for name, c := range map[string]struct {
		messages []string
		want     incident.Category
	}{
		"refused before pool":      {[]string{"Connection is not available, request timed out after 30000ms", "Caused by: Connection refused"}, incident.CategoryDependencyUnavailable},
		"certificate before all":   {[]string{"connection reset by peer", "x509: certificate has expired"}, incident.CategoryCertificate},
		"lock before timeout":      {[]string{"request timed out", "ERROR: deadlock detected (SQLSTATE 40P01)"}, incident.CategoryDatabaseLock},
		"exception before timeout": {[]string{"request timed out", "java.lang.NullPointerException: item"}, incident.CategoryCodeException},
		"pool before lock":         {[]string{"deadlock detected", "QueuePool limit of size 5 reached"}, incident.CategoryConnectionPoolExhausted},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			e := tr.Span("orders", "GET /order", server, 0, 100).Failed("")
			for i, m := range c.messages {
				e.Logged(50+i, errorLv, m)
			}
			assert.Equal(t, c.want, only(t, classify(tr)).Category)
		})
	}
}

// Words that only look like signs mean nothing.
func TestSection7NoFalseSigns(t *testing.T) {
	for _, m := range []string{
		"monkeyerror in aurora-0 cluster", "order 55003 is invalid for account 40301", "refused to ship order 500 to Forbidden City",
	} {
		tr := rcatest.New(m)
		tr.Span("orders", "GET /order", server, 0, 100).Failed("").Logged(50, errorLv, m)
		assert.Equal(t, incident.CategoryUnknown, only(t, classify(tr)).Category, m)
	}
}

// Section 7: a service that chose to answer that it cannot now says so, whatever it threw for it.
func TestSection7ChosenAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		typ, message string
		want         incident.Category
	}{
		"503":             {503, "Error", "index is being swapped", incident.CategoryDependencyUnavailable},
		"429":             {429, "Error", "come again later", incident.CategoryCapacity},
		"500":             {500, "Error", "index is being swapped", incident.CategoryCodeException},
		"503 after a bug": {503, "TypeError", "Cannot read properties of undefined (reading 'id')", incident.CategoryCodeException},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name)
			tr.Span("catalog", "GET /items", server, 0, 20).Answered(c.status).Failed("").Threw(9, c.typ, c.message, c.typ+": "+c.message+"\n    at list (/srv/list.js:7:3)")
			root := only(t, classify(tr))
			assert.Equal(t, c.want, root.Category)
			assert.Equal(t, incident.KindCode, root.Kind)
		})
	}
}

// Section 4: what clients read in the body of a store's answer is the store's whose call had ended.
func TestSection4AnswersInBodies(t *testing.T) {
	tr := rcatest.New("bulk")
	work := tr.Span("indexer", "flush", signalKind(1), 0, 90)
	work.Call("bulk", 3, 80).With("db.system", "elasticsearch", "server.address", "es-logs", "http.response.status_code", int64(200))
	work.Call("GET", 3, 81).With("server.address", "config").HTTP(200)
	work.Logged(82, errorLv, "failed to index document", "error.type", "es_rejected_execution_exception",
		"error.reason", "rejected execution of coordinating operation [coordinating_and_primary_bytes=53687091]")
	assert.Equal(t, verdict{incident.KindDependency, "indexer", "es-logs", incident.CategoryCapacity}, verdictOf(only(t, classify(tr))))
}

// Section 7: what set a cause off is only said where the case shows it.
func TestSection7Trigger(t *testing.T) {
	const host = "server.address"
	answered := []any{"http.response.status_code", int64(503)}
	rollout := func(service string, after time.Duration) *incident.Change {
		return &incident.Change{ID: "c", Service: service, Kind: "deployment", Time: signal.NanosOf(rcatest.Start.Time().Add(after))}
	}
	for name, c := range map[string]struct {
		trace  *rcatest.Trace
		change *incident.Change
		want   incident.Trigger
	}{
		"a server of the internet answered with the error": {lost("orders", "", append(answered, host, "api.payments.example")...), nil, incident.TriggerExternal},
		"a server of the cluster did":                      {lost("orders", "", append(answered, host, "rates")...), nil, incident.TriggerNoneFound},
		"a server of a private domain did":                 {lost("orders", "", append(answered, host, "rates.prod.internal")...), nil, incident.TriggerNoneFound},
		"a server of the internet was not reached":         {lost("orders", "connection refused", host, "api.payments.example"), nil, incident.TriggerNoneFound},
		"a database": {
			lost("orders", "ERROR: deadlock detected (SQLSTATE 40P01)", host, "db.shop.example", "db.system.name", "postgresql"), nil, incident.TriggerNoneFound,
		},
		"a change of the cause":          {rcatest.FailStock("stock"), rollout("inventory", -time.Minute), incident.TriggerChange},
		"a change long before":           {rcatest.FailStock("stock"), rollout("inventory", -time.Hour), incident.TriggerNoneFound},
		"a change of what failed of it":  {rcatest.FailStock("stock"), rollout("gateway", -time.Minute), incident.TriggerNoneFound},
		"a change after the first error": {rcatest.FailStock("stock"), rollout("inventory", time.Hour), incident.TriggerNoneFound},
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, c.trace)
			if c.change != nil {
				in.Changes = append(in.Changes, *c.change)
			}
			r := rca.Analyze(in).Report
			require.NotNil(t, r.RootCause)
			assert.Equal(t, c.want, r.RootCause.Trigger, "%s", r.RootCause.Statement)
		})
	}
}
