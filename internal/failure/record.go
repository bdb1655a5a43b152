package failure

import (
	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// failed reports whether a span failed: by its status, or, where it has none, by the mark of a
// tracer that knows no status.
func failed[A semconv.Flags](status signal.StatusCode, attrs A) bool {
	return status == signal.StatusError || status == signal.StatusUnset && semconv.MarksError(attrs)
}

// isEventError reports whether an event of a span is an exception that tells of a failure. On a
// span that says that it went well the exception was handled: it is evidence, and no error. A span
// says so by status OK, by an answer that is no failure, or by recording that the exception did not
// leave it.
func isEventError[A semconv.Flags](kind signal.SpanKind, status signal.StatusCode, span A, name string, event A) bool {
	if _, is := semconv.ExceptionOfEvent(name, event); !is || status == signal.StatusOK {
		return false
	}
	if failed(status, span) {
		return true
	}
	switch answer := semconv.StatusOf(span); {
	case !answer.IsKnown():
		return !semconv.IsHandled(event)
	case kind == signal.KindServer, kind == signal.KindConsumer:
		return answer.IsServerFailure()
	default:
		return answer.IsFailure()
	}
}

// logRecord is a log record in either representation.
type logRecord interface {
	severity() (number int32, text string)
	isException() bool
	// levels are what its attributes and the fields of its body say of its severity.
	levels() logline.Levels
	// text is its body, or the message of a structured one.
	text() string
	// printsException reports whether its text, or a field that may hold a stack, has one.
	printsException() bool
}

// isLogError reports whether a log record is an error: severity ERROR or above, be it set or only
// said in its text or fields; or, where nothing says how severe it is, an exception. An exception
// that is logged below ERROR was handled: it is evidence, and no error.
func isLogError[R logRecord](r R) bool {
	if s := severityOf(r); s != 0 {
		return s >= signal.SeverityError
	}
	return r.isException() || r.printsException()
}

// severityOf is the severity of a log record, 0 where nothing says it. What its sender set comes
// before what it says itself.
func severityOf[R logRecord](r R) int32 {
	number, text := r.severity()
	if number != 0 {
		return number
	}
	if s := logline.Level(text); s != 0 {
		return s
	}
	levels := r.levels()
	if s := levels.Severity(); s != 0 {
		return s
	}
	return logline.Severity(r.text())
}

// mayHoldStack reports whether loggers put a stack in such a field.
func mayHoldStack(key string) bool {
	switch semconv.LogFieldOf(key) {
	case semconv.LogFieldStack, semconv.LogFieldError:
		return true
	}
	return false
}

// preferred is the message of a structured body: message before event, each the first of its kind.
type preferred struct{ message, event string }

func (p *preferred) add(key, value string) {
	switch semconv.LogFieldOf(key) {
	case semconv.LogFieldMessage, semconv.LogFieldShortMessage:
		p.message = orElse(p.message, value)
	case semconv.LogFieldEvent, semconv.LogFieldError:
		p.event = orElse(p.event, value)
	}
}

func (p preferred) text() string { return orElse(p.message, p.event) }

// storedLog is a log record as it is stored.
type storedLog struct{ *signal.Log }

func (l storedLog) severity() (int32, string) { return l.Severity, l.SeverityText }

func (l storedLog) isException() bool { return semconv.IsException(l.EventName, l.Attributes) }

func (l storedLog) levels() logline.Levels {
	var levels logline.Levels
	for _, fields := range [...]signal.Map{l.Attributes, l.fields()} {
		for i := range fields {
			switch d := fields[i].Value.Data.(type) {
			case string:
				levels.AddText(fields[i].Key, d)
			case int64:
				levels.AddNumber(fields[i].Key, d)
			case float64: // as parsers of JSON read numbers
				levels.AddNumber(fields[i].Key, int64(d))
			case signal.Map:
				if fields[i].Key == "log" { // as Elastic nests it
					levels.AddText("log.level", d.Str("level"))
				}
			}
		}
	}
	return levels
}

// fields are those of a structured body.
func (l storedLog) fields() signal.Map {
	m, _ := l.Body.Data.(signal.Map)
	return m
}

func (l storedLog) text() string {
	var p preferred
	for _, kv := range l.fields() {
		p.add(kv.Key, kv.Value.Str())
	}
	return orElse(l.Body.Str(), p.text())
}

func (l storedLog) printsException() bool {
	if printsException(l.text()) {
		return true
	}
	for _, fields := range [...]signal.Map{l.Attributes, l.fields()} {
		for i := range fields {
			if s := fields[i].Value.Str(); s != "" && mayHoldStack(fields[i].Key) && printsException(s) {
				return true
			}
		}
	}
	return false
}
