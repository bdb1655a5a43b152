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
	// hasTrace reports whether the record names a trace by its own field.
	hasTrace() bool
	// event is what it says as an event of Kubernetes or Docker, by its attributes or a structured body.
	event() semconv.PlatformEvent
	// segment is the segment of AWS X-Ray that its body is.
	segment() (signal.Segment, bool)
	isException() bool
	// said is what its attributes and the fields of its body say.
	said() said
	// text is its body, or the message of a structured one.
	text() string
	// printsStack reports whether a field that may hold a stack has one.
	printsStack() bool
}

// isLogError reports whether a log record is an error: severity ERROR or above, be it set or only
// said in its text or fields; or, where nothing says how severe it is, an exception; or a platform's word on
// a process. An exception that is logged below ERROR was handled: it is evidence, and no error.
func isLogError[R logRecord](r R) bool {
	number, name := r.severity()
	if number == 0 {
		number = logline.Level(name)
	}
	switch {
	case platformOf(r) != NoPlatforms:
		return true
	case number >= signal.SeverityError:
		return !isInnerLine(r) // its head stands for it, in this request or the one before
	case number != 0: // what the sender set comes before what the record says
		return false
	}
	fields := r.said()
	if s := fields.levels.Severity(); s != 0 {
		return s >= signal.SeverityError
	}
	text := r.text()
	if s := logline.Severity(text); s != 0 {
		return s >= signal.SeverityError
	}
	if s, ok := r.segment(); ok {
		return s.Fault
	}
	return r.isException() || printsException(text) || fields.stack && r.printsStack()
}

// said is what the fields of a record say.
type said struct {
	levels         logline.Levels
	message, event string
	stack          bool // a field may hold a stack
}

func (s *said) addText(key, value string) {
	f := semconv.LogFieldOf(key)
	s.levels.AddText(f, value)
	switch f {
	case semconv.LogFieldMessage, semconv.LogFieldShortMessage:
		s.message = orElse(s.message, value)
	case semconv.LogFieldEvent:
		s.event = orElse(s.event, value)
	case semconv.LogFieldStack, semconv.LogFieldError:
		s.stack = s.stack || value != ""
	}
}

func (s *said) addNumber(key string, n int64) { s.levels.AddNumber(semconv.LogFieldOf(key), n) }

// addObject adds the level that Elastic nests in an object.
func (s *said) addObject(key, level string) {
	if key == "log" {
		s.levels.AddText(semconv.LogFieldLevel, level)
	}
}

// mayHoldStack reports whether loggers put a stack in such a field.
func mayHoldStack(key string) bool {
	f := semconv.LogFieldOf(key)
	return f == semconv.LogFieldStack || f == semconv.LogFieldError
}
