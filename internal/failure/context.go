package failure

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Context is the trace and the span that a log record belongs to. What is zero is not known.
type Context struct {
	Trace signal.TraceID
	Span  signal.SpanID
}

// ContextOf returns the trace context of a log record: its own, and where that leaves something
// open the one that its logger put into its attributes or into the fields of its body.
func ContextOf(l *signal.Log) Context {
	return Context{l.TraceID, l.SpanID}.or(func() semconv.TraceContext {
		if c := logline.ContextOfFields(l.Attributes); c.Trace != [16]byte{} {
			return c
		}
		if fields := (storedLog{l}).fields(); fields != nil {
			return logline.ContextOfFields(fields)
		}
		return logline.ContextOfLine(l.Body.Str())
	})
}

// ContextOfPdata is ContextOf for a record not yet converted.
func ContextOfPdata(l plog.LogRecord) Context {
	return Context{signal.TraceID(l.TraceID()), signal.SpanID(l.SpanID())}.or(func() semconv.TraceContext {
		if c := logline.ContextOfFields(signal.FromMap(l.Attributes())); c.Trace != [16]byte{} {
			return c
		}
		switch body := l.Body(); body.Type() {
		case pcommon.ValueTypeMap:
			return logline.ContextOfFields(signal.FromMap(body.Map()))
		case pcommon.ValueTypeStr:
			return logline.ContextOfLine(body.Str())
		}
		return semconv.TraceContext{}
	})
}

// or completes a context by a logged one. A span of another trace than the record's is none of it.
func (c Context) or(logged func() semconv.TraceContext) Context {
	if !c.Trace.IsZero() && !c.Span.IsZero() {
		return c
	}
	found := logged()
	if c.Trace.IsZero() {
		c.Trace = found.Trace
	}
	if c.Span.IsZero() && c.Trace == found.Trace {
		c.Span = found.Span
	}
	return c
}
