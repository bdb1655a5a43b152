package failure

import (
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// ownPrefix starts the event names of the project's own events.
const ownPrefix = "prodsentinel."

// exceptionEvent is the name OpenTelemetry gives an exception, as span event and as log event.
const exceptionEvent = "exception"

// IsOwnEvent tells whether a log event is one of the project's own, which are never errors.
func IsOwnEvent(name string) bool { return strings.HasPrefix(name, ownPrefix) }

// FromSpan appends the error signals of a span under the default rules: status Error, and each
// exception event.
func FromSpan(dst []Observed, s *signal.Span) []Observed {
	if s.StatusCode == signal.StatusError {
		dst = append(dst, ObserveSpan(s))
	}
	for i := range s.Events {
		if s.Events[i].Name == exceptionEvent {
			dst = append(dst, ObserveEvent(s, &s.Events[i]))
		}
	}
	return dst
}

// FromLog returns the error signal of a log record under the default rules: severity ERROR or
// above, an exception (event or attributes), or, where the sender set no severity, an exception in
// the body. The project's own events are never one.
func FromLog(l *signal.Log) (Observed, bool) {
	switch {
	case IsOwnEvent(l.EventName):
		return Observed{}, false
	case isErrorSeverity(l.Severity, l.SeverityText), isException(l.EventName, l.Attributes):
		return ObserveLog(l), true
	case isUnrated(l.Severity, l.SeverityText) && holdsException(bodyText(l.Body)):
		return ObserveLog(l), true
	}
	return Observed{}, false
}

// isUnrated tells whether the sender said nothing of a record's severity, as where a stack trace
// was printed and not logged.
func isUnrated(number int32, text string) bool { return number == 0 && text == "" }

func holdsException(body string) bool { return len(ParseExceptions(body)) > 0 }

// ObserveSpan is the error signal of the span itself, whether or not the default rules see one.
func ObserveSpan(s *signal.Span) Observed {
	o := spanContext(s)
	o.Kind = KindSpan
	o.Time = s.End
	o.ErrorType = s.Attributes.Str("error.type")
	o.Message = s.StatusMessage
	return o
}

// ObserveEvent is the error signal of one of the span's events.
func ObserveEvent(s *signal.Span, e *signal.Event) Observed {
	o := spanContext(s)
	o.Kind = KindEvent
	o.Time = e.Time
	o.setException(e.Name, e.Attributes)
	return o
}

// ObserveLog is the error signal of a log record, whether or not the default rules see one.
func ObserveLog(l *signal.Log) Observed {
	o := Observed{
		Kind: KindLog, TraceID: l.TraceID, SpanID: l.SpanID, Time: cmpTime(l.Time, l.ObservedTime),
		Service: l.Service(), Environment: l.Resource.Environment(), Operation: l.EventName,
	}
	o.setException(l.EventName, l.Attributes)
	if o.Message == "" {
		o.Message = bodyText(l.Body)
	}
	return o
}

func spanContext(s *signal.Span) Observed {
	o := Observed{
		TraceID: s.TraceID, SpanID: s.SpanID,
		Service: s.Service(), Environment: s.Resource.Environment(), Operation: s.Name,
	}
	o.setOperation(s.Attributes)
	return o
}

// attributes is what the rules need of a record's attributes, in either representation.
type attributes interface {
	Str(key string) string
	Int(key string) (int64, bool)
}

func (o *Observed) setException(eventName string, a attributes) {
	o.Exception = isException(eventName, a)
	o.ErrorType = firstStr(a, "exception.type", "error.type")
	o.Message = a.Str("exception.message")
	o.Stack = a.Str("exception.stacktrace")
}

func isException(eventName string, a attributes) bool {
	return eventName == exceptionEvent || a.Str("exception.type") != "" || a.Str("exception.message") != ""
}

// setOperation reads what kind of operation a span is, by which name it is known independent of
// its values, and how it answered.
func (o *Observed) setOperation(a attributes) {
	switch {
	case a.Str("rpc.system") != "" || a.Str("rpc.system.name") != "" || a.Str("rpc.method") != "":
		o.OperationKind = "rpc"
		o.Route = joinNonEmpty("/", a.Str("rpc.service"), a.Str("rpc.method"))
		o.StatusClass = grpcStatus(a)
	case a.Str("db.system") != "" || a.Str("db.system.name") != "":
		o.OperationKind = "db"
		o.Route = joinNonEmpty(" ", firstStr(a, "db.operation.name", "db.operation"),
			firstStr(a, "db.collection.name", "db.sql.table"))
		o.StatusClass = a.Str("db.response.status_code")
	case a.Str("messaging.system") != "":
		o.OperationKind = "messaging"
		o.Route = joinNonEmpty(" ", firstStr(a, "messaging.operation.type", "messaging.operation.name", "messaging.operation"),
			firstStr(a, "messaging.destination.template", "messaging.destination.name"))
	default:
		method := firstStr(a, "http.request.method", "http.method")
		o.StatusClass = httpStatusClass(a)
		if route := a.Str("http.route"); route != "" {
			o.Route = joinNonEmpty(" ", method, route)
		}
		if method != "" || o.Route != "" || o.StatusClass != "" {
			o.OperationKind = "http"
		}
	}
}

func httpStatusClass(a attributes) string {
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if code, ok := a.Int(key); ok && code >= 100 && code <= 599 {
			return strconv.FormatInt(code/100, 10) + "xx"
		}
	}
	return ""
}

var grpcCodes = []string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

func grpcStatus(a attributes) string {
	if code, ok := a.Int("rpc.grpc.status_code"); ok && code >= 0 && code < int64(len(grpcCodes)) {
		return grpcCodes[code]
	}
	return a.Str("rpc.response.status_code")
}

// isErrorSeverity trusts the number and falls back to the text where the sender set no number.
func isErrorSeverity(number int32, text string) bool {
	if number != 0 {
		return number >= signal.SeverityError
	}
	switch len(text) {
	case 3, 4, 5, 6, 8, 9:
		for _, t := range errorTexts {
			if strings.EqualFold(text, t) {
				return true
			}
		}
	}
	return false
}

var errorTexts = []string{"error", "err", "fatal", "critical", "crit", "severe", "panic", "alert", "emerg", "emergency"}

// bodyText is the message of a log body: its text, or the usual message field of a structured one.
func bodyText(v signal.Value) string {
	if m, ok := v.Data.(signal.Map); ok {
		return m.FirstStr(messageFields...)
	}
	return v.Str()
}

var messageFields = []string{"message", "msg", "error", "log", "event"}

func firstStr(a attributes, keys ...string) string {
	for _, k := range keys {
		if s := a.Str(k); s != "" {
			return s
		}
	}
	return ""
}

func joinNonEmpty(sep string, parts ...string) string {
	out := ""
	for _, p := range parts {
		switch {
		case p == "":
		case out == "":
			out = p
		default:
			out += sep + p
		}
	}
	return out
}

func cmpTime(t, fallback signal.Nanos) signal.Nanos {
	if t != 0 {
		return t
	}
	return fallback
}
