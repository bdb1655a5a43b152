package semconv

// ExceptionEvent is the name of span events and log events that are exceptions.
const ExceptionEvent = "exception"

// Exception is what was thrown, as a record's attributes have it.
type Exception struct{ Type, Message, Stack string }

// ExceptionOf returns the exception that attributes hold, the zero one where they hold none.
func ExceptionOf[A Attributes](attrs A) Exception {
	return Exception{Type: attrs.Str(keyExceptionType), Message: attrs.Str(keyExceptionMessage), Stack: attrs.Str(keyExceptionStack)}
}

// ExceptionCode returns the code that an instrumentation recorded with an exception, such as ECONNREFUSED of
// Node's or P1001 of Prisma's, "" where there is none.
func ExceptionCode[A Attributes](attrs A) string { return attrs.Str("exception.code") }

// IsException reports whether a span event or a log record is an exception: by its name, or by
// what it holds.
func IsException[A Attributes](eventName string, attrs A) bool {
	return eventName == ExceptionEvent || attrs.Str(keyExceptionType) != "" || attrs.Str(keyExceptionMessage) != ""
}

// IsStack reports whether an attribute holds the stack of an exception.
func IsStack(key string) bool { return key == keyExceptionStack }

// ErrorType returns the class of error by which a request failed: an exception's type, a status,
// or a word of the instrumentation's.
func ErrorType[A Attributes](attrs A) string { return attrs.Str(keyErrorType) }

// LoggedError returns the error that a log record carries beside its text.
func LoggedError[A Attributes](attrs A) string {
	return firstStr(attrs, keyExceptionMessage, "error.message", "error", "err", keyExceptionType)
}

// ErrorFields are the attributes in which the common loggers put an error, as text or structured.
var ErrorFields = [...]string{
	"error", "err", "error.message", "error_message", "err.message", "cause", "error.cause", "exception", "exc_info",
	"stack", "stack_trace", "stacktrace", "error.stack_trace", "error.stack", "errorVerbose",
}
