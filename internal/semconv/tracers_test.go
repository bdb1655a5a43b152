package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

func TestMarksError(t *testing.T) {
	for _, tt := range []struct {
		given attrs
		want  bool
	}{
		{attrs{"error": true}, true}, // OpenTracing
		{attrs{"error": "true"}, true},
		{attrs{"error": 1}, true},
		{attrs{"error": "connection refused"}, true}, // Zipkin
		{attrs{"otel.status_code": "ERROR"}, true},
		{attrs{"error.class": "a.B"}, true}, // New Relic
		{attrs{"error.class": "a.B", "error.expected": true}, false},
		{attrs{"error.class": "a.B", "error.expected": "true"}, false},
		{attrs{"error": false}, false},
		{attrs{"error": false, "error.class": "a.B"}, false},
		{attrs{"error": "false"}, false},
		{attrs{"error": "<nil>"}, false},
		{attrs{"error": 0}, false},
		{attrs{"error": ""}, false},
		{attrs{"otel.status_code": "OK"}, false},
		{attrs{"error.type": "500", "error.message": "m"}, false},
		{attrs{"errors": true}, false},
		{attrs{}, false},
	} {
		assert.Equal(t, tt.want, semconv.MarksError(tt.given.stored()), "stored %v", tt.given)
		assert.Equal(t, tt.want, semconv.MarksError(tt.given.pdata(t)), "received %v", tt.given)
	}
}

func TestSpanError(t *testing.T) {
	for _, tt := range []struct {
		given attrs
		want  semconv.Exception
	}{
		{attrs{"error.type": "a.B"}, semconv.Exception{Type: "a.B"}},
		{attrs{"error": true, "error.kind": "a.B", "error.message": "m"}, semconv.Exception{Type: "a.B", Message: "m"}},
		{attrs{"error": "refused"}, semconv.Exception{Message: "refused"}},
		{attrs{"error": "true", "otel.status_description": "refused"}, semconv.Exception{Message: "refused"}},
		{attrs{"grpc.error_message": "9 FAILED_PRECONDITION: m"}, semconv.Exception{Message: "9 FAILED_PRECONDITION: m"}},
		{attrs{"error.type": "a.B", "error.msg": "m", "error.stack": "s"}, semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}},
		{attrs{"error.class": "a.B", "error.message": "m"}, semconv.Exception{Type: "a.B", Message: "m"}},
		{attrs{"error.type": "a.B", "error.message": "m", "error.stack_trace": "s"}, semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}},
		{attrs{"exception.type": "a.B", "exception.message": "m", "exception.stacktrace": "s"}, semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}},
		{attrs{"error": true}, semconv.Exception{}},
	} {
		assert.Equal(t, tt.want, semconv.SpanError(tt.given.stored()), "stored %v", tt.given)
		assert.Equal(t, tt.want, semconv.SpanError(tt.given.pdata(t)), "received %v", tt.given)
	}
}

func TestExceptionOfEvent(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given attrs
		want  semconv.Exception
		ok    bool
	}{
		{"exception", attrs{"exception.type": "a.B", "exception.message": "m", "exception.stacktrace": "s"}, semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}, true},
		{"exception", attrs{"error.type": "a.B"}, semconv.Exception{Type: "a.B"}, true},
		{"exception", attrs{}, semconv.Exception{}, true},
		{"error", attrs{"error.kind": "a.B", "message": "m", "stack": "s"}, semconv.Exception{Type: "a.B", Message: "m", Stack: "s"}, true},
		{"error", attrs{"error.object": "m"}, semconv.Exception{Message: "m"}, true},
		{"log", attrs{"event": "error", "error.kind": "a.B"}, semconv.Exception{Type: "a.B"}, true},
		{"", attrs{"event": "error", "message": "m"}, semconv.Exception{Message: "m"}, true},
		{"error", attrs{}, semconv.Exception{}, false},
		{"retry", attrs{"event": "error", "message": "m"}, semconv.Exception{}, false},
		{"log", attrs{"event": "retry", "message": "m"}, semconv.Exception{}, false},
		{"log", attrs{"message": "error"}, semconv.Exception{}, false},
	} {
		got, ok := semconv.ExceptionOfEvent(tt.name, tt.given.stored())
		assert.Equal(t, tt.want, got, "stored %s %v", tt.name, tt.given)
		assert.Equal(t, tt.ok, ok, "stored %s %v", tt.name, tt.given)
		got, ok = semconv.ExceptionOfEvent(tt.name, tt.given.pdata(t))
		assert.Equal(t, tt.want, got, "received %s %v", tt.name, tt.given)
		assert.Equal(t, tt.ok, ok, "received %s %v", tt.name, tt.given)
	}
}

func TestIsHandled(t *testing.T) {
	for _, tt := range []struct {
		given attrs
		want  bool
	}{
		{attrs{"exception.escaped": false}, true},
		{attrs{"exception.escaped": "False"}, true}, // of Python
		{attrs{"exception.escaped": true}, false},
		{attrs{"exception.escaped": "True"}, false},
		{attrs{}, false},
	} {
		assert.Equal(t, tt.want, semconv.IsHandled(tt.given.stored()), tt.given)
		assert.Equal(t, tt.want, semconv.IsHandled(tt.given.pdata(t)), tt.given)
	}
}

// TestTracersPeers has the attributes by which tracers that are not OpenTelemetry's name whom
// they ask.
func TestTracersPeers(t *testing.T) {
	for _, tt := range []struct {
		given              attrs
		host, port, system string
	}{
		{attrs{"peer.hostname": "db", "peer.port": 5432}, "db", "5432", ""},
		{attrs{"peer.address": "db:5432"}, "db", "5432", ""},
		{attrs{"peer.address": "mysql://shop@db:3306/orders?x=1", "db.type": "mysql"}, "db", "3306", "mysql"},
		{attrs{"peer.address": "10.0.0.7"}, "10.0.0.7", "", ""},
		{attrs{"out.host": "db", "out.port": 5432.0}, "db", "5432", ""},
		{attrs{"network.destination.name": "db", "network.destination.port": "5432"}, "db", "5432", ""},
		{attrs{"peer.ipv4": "10.0.0.7"}, "", "", ""}, // what a name resolved to, and nobody asked for
		{attrs{"db.type": "sql", "peer.hostname": "db"}, "db", "", "other_sql"},
		{attrs{"db.type": "redis", "db.system": "valkey"}, "", "", "valkey"},
	} {
		for _, a := range []interface {
			semconv.Attributes
		}{tt.given.stored(), tt.given.pdata(t)} {
			host, port := semconv.PeerAddress(a)
			assert.Equal(t, []string{tt.host, tt.port, tt.system}, []string{host, port, semconv.DBSystem(a)}, "%v", tt.given)
		}
	}
	assert.True(t, semconv.NamesPeer(attrs{"out.host": "db"}.stored()))
	assert.True(t, semconv.NamesPeer(attrs{"peer.hostname": "db"}.stored()))
	assert.True(t, semconv.NamesPeer(attrs{"peer.address": "db"}.stored()))
	assert.Equal(t, "orders", semconv.DBNamespace(attrs{"db.instance": "orders"}.stored()))
}

func TestIsServerFailure(t *testing.T) {
	for _, s := range []semconv.Status{http(500), http(503), rpc(semconv.Internal), rpc(semconv.Unavailable), rpc(semconv.Unknown)} {
		assert.True(t, s.IsServerFailure(), s)
	}
	for _, s := range []semconv.Status{{}, http(200), http(404), http(429), rpc(semconv.OK), rpc(semconv.NotFound), rpc(semconv.PermissionDenied), rpc(semconv.Cancelled)} {
		assert.False(t, s.IsServerFailure(), s)
	}
}

func TestLogFieldOf(t *testing.T) {
	for name, want := range map[string]semconv.LogField{
		"level": semconv.LogFieldLevel, "log.level": semconv.LogFieldLevel, "LogLevel": semconv.LogFieldLevel, "@l": semconv.LogFieldLevel,
		"severity": semconv.LogFieldGoogleLevel, "PRIORITY": semconv.LogFieldPriority, "levelno": semconv.LogFieldPythonLevel,
		"severityLevel": semconv.LogFieldAzureLevel, "severityNumber": semconv.LogFieldSeverityNumber, "s": semconv.LogFieldLetter,
		"msg": semconv.LogFieldMessage, "MESSAGE": semconv.LogFieldMessage, "@mt": semconv.LogFieldMessage, "event": semconv.LogFieldEvent,
		"err": semconv.LogFieldError, "@x": semconv.LogFieldError, "error.message": semconv.LogFieldErrorMessage, "errorMessage": semconv.LogFieldErrorMessage,
		"error.type": semconv.LogFieldErrorType, "exception.class": semconv.LogFieldErrorType, "error.stack_trace": semconv.LogFieldStack,
		"stackTrace": semconv.LogFieldStack, "context": semconv.LogFieldInner, "class": semconv.LogFieldName,
		"levels": semconv.LogFieldOther, "errors": semconv.LogFieldOther, "S": semconv.LogFieldOther, "": semconv.LogFieldOther, "x": semconv.LogFieldOther,
	} {
		assert.Equal(t, want, semconv.LogFieldOf(name), name)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { semconv.LogFieldOf("exception.stack_trace") }))
}
