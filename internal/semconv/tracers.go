package semconv

import "strings"

// Attributes of tracers that have no status: OpenTracing, Jaeger, Zipkin, Datadog, New Relic and
// Elastic, of which some arrive as they were written.
const (
	keyError             = "error" // OpenTracing and Jaeger: whether; Zipkin: what
	keyErrorKind         = "error.kind"
	keyErrorObject       = "error.object"
	keyErrorClass        = "error.class"    // New Relic
	keyErrorExpected     = "error.expected" // New Relic
	keyErrorMessage      = "error.message"
	keyErrorMsg          = "error.msg"          // Datadog
	keyGRPCMessage       = "grpc.error_message" // Node's gRPC
	keyErrorStack        = "error.stack"        // Datadog
	keyErrorStackTrace   = "error.stack_trace"
	keyStatusCode        = "otel.status_code" // of exporters to Jaeger and Zipkin
	keyStatusDescription = "otel.status_description"
	keyLogEvent          = "event"
	keyLogMessage        = "message"
	keyLogStack          = "stack"

	keyPeerHostname    = "peer.hostname"
	keyPeerAddress     = "peer.address" // host, host:port or a connection string
	keyPeerPort        = "peer.port"
	keyOutHost         = "out.host"                 // Datadog
	keyOutPort         = "out.port"                 // Datadog
	keyDestination     = "network.destination.name" // Datadog
	keyDestinationPort = "network.destination.port" // Datadog
	keyDBType          = "db.type"                  // OpenTracing
	keyDBInstance      = "db.instance"              // OpenTracing
)

// Flags is Attributes that can hold truth values.
type Flags interface {
	Attributes
	// Bool returns a boolean attribute; ok is false where it is missing or of another type.
	Bool(key string) (value, ok bool)
	// HasKey reports whether some attribute's name matches.
	HasKey(match func(key string) bool) bool
}

// MarksError reports whether the attributes of a span without a status say that it failed.
func MarksError[A Flags](attrs A) bool {
	if !attrs.HasKey(isErrorMark) {
		return false
	}
	if marked, ok := attrs.Bool(keyError); ok {
		return marked
	}
	if text := attrs.Str(keyError); text != "" {
		return !isFalse(text)
	}
	if n, ok := attrs.Int(keyError); ok {
		return n != 0
	}
	return strings.EqualFold(attrs.Str(keyStatusCode), "error") || attrs.Str(keyErrorClass) != "" && !isTrue(attrs, keyErrorExpected)
}

func isErrorMark(key string) bool {
	return key == keyError || key == keyStatusCode || key == keyErrorClass
}

func isTrue[A Flags](attrs A, key string) bool {
	value, ok := attrs.Bool(key)
	return ok && value || strings.EqualFold(attrs.Str(key), "true")
}

func isFalse(text string) bool {
	if len(text) > len("false") {
		return false // nothing to copy into lower case
	}
	switch strings.ToLower(text) {
	case "false", "0", "no", "none", "null", "nil", "<nil>":
		return true
	}
	return false
}

// IsFlag reports whether the text of an `error` attribute only says whether there is one.
func IsFlag(text string) bool {
	return isFalse(text) || text == "1" || strings.EqualFold(text, "true") || strings.EqualFold(text, "yes")
}

// SpanError returns what a span's attributes say of the error by which it failed.
func SpanError[A Attributes](attrs A) Exception {
	e := Exception{
		Type:    firstStr(attrs, keyErrorType, keyErrorKind, keyErrorClass, keyExceptionType),
		Message: firstStr(attrs, keyStatusDescription, keyErrorMessage, keyErrorMsg, keyGRPCMessage, keyExceptionMessage),
		Stack:   firstStr(attrs, keyErrorStack, keyErrorStackTrace, keyExceptionStack),
	}
	if e.Message == "" {
		if text := attrs.Str(keyError); !IsFlag(text) {
			e.Message = text
		}
	}
	return e
}

// ExceptionOfEvent returns the exception that a span event is, as OpenTelemetry records it or as
// OpenTracing logs an error; ok is false for other events.
func ExceptionOfEvent[A Attributes](name string, attrs A) (e Exception, ok bool) {
	if name == ExceptionEvent {
		e = ExceptionOf(attrs)
		if e.Type == "" {
			e.Type = ErrorType(attrs)
		}
		return e, true
	}
	if name != keyError && (name != "" && name != "log" || attrs.Str(keyLogEvent) != keyError) {
		return Exception{}, false
	}
	e = Exception{
		Type:    attrs.Str(keyErrorKind),
		Message: firstStr(attrs, keyLogMessage, keyErrorObject),
		Stack:   attrs.Str(keyLogStack),
	}
	return e, e != Exception{}
}

// IsHandled reports whether an exception event says of itself that the exception did not leave the
// span.
func IsHandled[A Flags](event A) bool {
	escaped, ok := event.Bool(keyExceptionEscaped)
	return ok && !escaped || strings.EqualFold(event.Str(keyExceptionEscaped), "false")
}
