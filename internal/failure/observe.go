package failure

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// ownPrefix starts the event names of the project's own events.
const ownPrefix = "prodsentinel."

// IsOwnEvent tells whether a log event is one of the project's own, which are never errors.
func IsOwnEvent(name string) bool { return strings.HasPrefix(name, ownPrefix) }

// FromSpan appends the error signals of a span under the default rules: status Error, and each
// exception event.
func FromSpan(dst []Observed, s *signal.Span) []Observed {
	if s.StatusCode == signal.StatusError {
		dst = append(dst, ObserveSpan(s))
	}
	for i := range s.Events {
		if s.Events[i].Name == semconv.ExceptionEvent {
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
	case isErrorSeverity(l.Severity, l.SeverityText), semconv.IsException(l.EventName, l.Attributes):
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
	o.ErrorType = semconv.ErrorType(s.Attributes)
	o.Message = s.StatusMessage
	return o
}

// ObserveEvent is the error signal of one of the span's events.
func ObserveEvent(s *signal.Span, e *signal.Event) Observed {
	o := spanContext(s)
	o.Kind = KindEvent
	o.Time = e.Time
	setException(&o, e.Name, e.Attributes)
	return o
}

// ObserveLog is the error signal of a log record, whether or not the default rules see one.
func ObserveLog(l *signal.Log) Observed {
	o := Observed{
		Kind: KindLog, TraceID: l.TraceID, SpanID: l.SpanID, Time: cmpTime(l.Time, l.ObservedTime),
		Service: l.Service(), Environment: l.Resource.Environment(), Operation: l.EventName,
	}
	setException(&o, l.EventName, l.Attributes)
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
	setOperation(&o, s.Attributes)
	return o
}

func setException[A semconv.Attributes](o *Observed, eventName string, attrs A) {
	e := semconv.ExceptionOf(attrs)
	o.Exception = semconv.IsException(eventName, attrs)
	o.ErrorType, o.Message, o.Stack = orElse(e.Type, semconv.ErrorType(attrs)), e.Message, e.Stack
}

// setOperation reads what kind of operation a span is, by which name it is known independent of
// its values, and how it answered.
func setOperation[A semconv.Attributes](o *Observed, attrs A) {
	op := semconv.OperationOf(attrs)
	o.OperationKind, o.Route, o.StatusClass = string(op.Family), op.Name, op.Status
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
