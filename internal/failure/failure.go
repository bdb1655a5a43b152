// Package failure holds the rules of what counts as an error at the moment it is seen, and of the
// signature that tells one error from another. Both run on one small copied struct, Observed, so
// that processor, exporter and classifier cannot disagree. It is pure.
package failure

import (
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Kind of an error signal.
type Kind string

// The kinds of error signals.
const (
	KindSpan  Kind = "span"  // a span with status Error
	KindEvent Kind = "event" // an exception event of a span
	KindLog   Kind = "log"   // a log record: ERROR or above, or an exception event
)

// Observed is what error and signature rules see of one error signal: copied strings, no
// reference to the batch it came from.
type Observed struct {
	Kind          Kind
	TraceID       signal.TraceID // zero without trace context
	SpanID        signal.SpanID  // of a log its context's, see ContextOf
	Time          signal.Nanos   // event time: a span's end, a log's time, else its observed time; 0 where the record has none
	Service       string
	Environment   string
	Namespace     string // service.namespace
	Cluster       string
	Operation     string   // span name or log's event name; "" where none
	OperationKind string   // http, rpc, db or messaging; "" where the span has no such attributes
	Route         string   // http.route, rpc, db or messaging operation of the span
	StatusClass   string   // "5xx", a gRPC code, a database's code, or ""
	Exception     bool     // recorded as an exception (event or attributes), not only by status or severity
	ErrorType     string   // exception.type, else error.type
	ErrorCode     string   // exception.code
	Message       string   // exception.message, status message, or log body
	Error         string   // what a log record says of an error beside its message
	Stack         string   // exception.stacktrace
	Platform      Platform // what a platform tells of a process
	Peer          string   // whom an untraced log record names as the other side of a call; "" where nobody
}
