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
	Kind        Kind
	TraceID     signal.TraceID // zero without trace context
	SpanID      signal.SpanID
	Time        signal.Nanos // event time, 0 where the record has none
	Service     string
	Environment string
	Operation   string // span name or log's event name; "" where none
	Route       string // http.route, rpc or db operation of the span
	StatusClass string // "5xx", a gRPC code, or ""
	ErrorType   string // exception.type, else error.type
	Message     string // exception.message, status message, or log body
	Stack       string // exception.stacktrace
}

// TraceKey is the key of the failure of a trace: its ID in hex.
func TraceKey(id signal.TraceID) string { return id.String() }

// UntracedKey is the key of the failure of an error without a trace: its service and signature.
func UntracedKey(o Observed) string {
	panic("not implemented yet")
}

// Key is the failure's key of an error signal, traced or not.
func Key(o Observed) string {
	if o.TraceID.IsZero() {
		return UntracedKey(o)
	}
	return TraceKey(o.TraceID)
}

// Signature is what tells one error from another, with the strategy that contributed it
// (design section 6). Equal errors on different hosts, in different versions and with different
// values have equal signatures.
type Signature struct {
	Strategy string   // frames, exception_message, message or operation
	Parts    []string // in hash order
}

// SignatureVersion changes whenever SignatureOf gives another result for some input.
const SignatureVersion = 1

// SignatureOf derives the signature of one error.
func SignatureOf(o Observed) Signature { panic("not implemented yet") }

// Exception is one exception with its stack, nearest the throw first, and what caused it.
type Exception struct {
	Type    string
	Message string
	Frames  []Frame
	Cause   *Exception
}

// Frame is one stack frame. Generated suffixes are removed from Module and Function.
type Frame struct {
	Module   string // class, package or module path
	Function string
	File     string
	Line     int // 0 where unknown; never part of a signature
	InApp    bool
}

// Innermost follows the causes to the first one thrown.
func (e *Exception) Innermost() *Exception {
	for e.Cause != nil {
		e = e.Cause
	}
	return e
}

// ParseExceptions reads the exceptions written in a log body or stack trace attribute, with or
// without line breaks, causes linked; nil where there is none. The language is detected: Java and
// Go now, others by adding a parser.
func ParseExceptions(text string) []*Exception { panic("not implemented yet") }

// Parameterize replaces e-mail addresses, URLs, IPs, UUIDs, hashes, dates, durations, hex,
// numbers and quoted values by placeholders such as <num>; HTTP status, SQLSTATE, gRPC and errno
// codes stay.
func Parameterize(s string) string { panic("not implemented yet") }

// FromSpan appends the error signals of a span under the default rules: status Error, and each
// exception event.
func FromSpan(dst []Observed, s *signal.Span) []Observed { panic("not implemented yet") }

// FromLog returns the error signal of a log record under the default rules: severity ERROR or
// above, or an exception (event or attributes). The project's own events are never one.
func FromLog(l *signal.Log) (Observed, bool) { panic("not implemented yet") }

// Conditions is the errors block of the processor and the exporter, which must be equal in both.
// OTTL conditions extend the default rules, or replace them.
type Conditions struct {
	// ReplaceDefaults turns the default rules off, so that only the conditions below count.
	ReplaceDefaults bool     `mapstructure:"replace_defaults"`
	Spans           []string `mapstructure:"spans"`       // OTTL conditions, span context
	SpanEvents      []string `mapstructure:"span_events"` // OTTL conditions, span event context
	Logs            []string `mapstructure:"logs"`        // OTTL conditions, log context
}
