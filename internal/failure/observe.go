package failure

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// ownPrefix starts the event names of the project's own events.
const ownPrefix = "prodsentinel."

// IsOwnEvent reports whether a log event is one of the project's own, which are never errors.
func IsOwnEvent(name string) bool { return strings.HasPrefix(name, ownPrefix) }

// FromSpan appends the error signals of a span under the default rules: the span itself where it
// failed, and each exception among its events that tells of a failure.
func FromSpan(dst []Observed, s *signal.Span) []Observed {
	if IsSpanError(s) {
		dst = append(dst, ObserveSpan(s))
	}
	for i := range s.Events {
		if e := &s.Events[i]; isEventError(s.Kind, s.StatusCode, s.Attributes, e.Name, e.Attributes) {
			dst = append(dst, ObserveEvent(s, e))
		}
	}
	return dst
}

// IsSpanError is the default rule for a span, see failed.
func IsSpanError(s *signal.Span) bool { return failed(s.StatusCode, s.Attributes) }

// IsLogError is the default rule for a log record, see isLogError.
func IsLogError(l *signal.Log) bool { return !IsOwnEvent(l.EventName) && isLogError(storedLog{l}) }

// FromLog returns the error signal of a log record under the default rules.
func FromLog(l *signal.Log) (Observed, bool) {
	if !IsLogError(l) {
		return Observed{}, false
	}
	return ObserveLog(l), true
}

// ObserveSpan is the error signal of the span itself, whether or not the default rules see one.
func ObserveSpan(s *signal.Span) Observed {
	o := spanContext(s)
	o.Kind = KindSpan
	o.Time = s.End
	setSpanError(&o, s.StatusMessage, s.Attributes)
	return o
}

// ObserveEvent is the error signal of one of the span's events.
func ObserveEvent(s *signal.Span, e *signal.Event) Observed {
	o := spanContext(s)
	o.Kind = KindEvent
	o.Time = e.Time
	setEventError(&o, e.Name, e.Attributes)
	return o
}

// ObserveLog is the error signal of a log record, whether or not the default rules see one.
func ObserveLog(l *signal.Log) Observed {
	in := ContextOf(l)
	o := Observed{
		Kind: KindLog, TraceID: in.Trace, SpanID: in.Span, Time: cmpTime(l.Time, l.ObservedTime),
		Service: l.Service(), Environment: l.Resource.Environment(), Namespace: l.Resource.Namespace(), Cluster: l.Resource.Cluster(),
		Operation: l.EventName,
	}
	setLogError(&o, l.EventName, l.Attributes, func() logline.Record { return logged(l.Attributes, l.Body) })
	setPlatform(&o, storedLog{l})
	setPeer(&o, l.Attributes)
	return o
}

func spanContext(s *signal.Span) Observed {
	o := Observed{
		TraceID: s.TraceID, SpanID: s.SpanID,
		Service: s.Service(), Environment: s.Resource.Environment(), Namespace: s.Resource.Namespace(), Cluster: s.Resource.Cluster(),
		Operation: s.Name,
	}
	setOperation(&o, s.Attributes)
	return o
}

func setSpanError[A semconv.Attributes](o *Observed, message string, attrs A) {
	e := semconv.SpanError(attrs)
	o.ErrorType, o.Message, o.Stack = e.Type, orElse(message, e.Message), e.Stack
}

func setEventError[A semconv.Attributes](o *Observed, name string, attrs A) {
	e, ok := semconv.ExceptionOfEvent(name, attrs)
	if !ok { // of a condition that someone configured
		e = semconv.ExceptionOf(attrs)
		e.Type = orElse(e.Type, semconv.ErrorType(attrs))
	}
	o.Exception = ok || semconv.IsException(name, attrs)
	o.ErrorCode = semconv.ExceptionCode(attrs)
	o.ErrorType, o.Message, o.Stack = e.Type, e.Message, e.Stack
}

// setLogError reads what a log record tells of an error: in the attributes of the conventions, and
// where these leave something open in the fields and the text that its logger wrote.
func setLogError[A semconv.Attributes](o *Observed, eventName string, attrs A, logged func() logline.Record) {
	e := semconv.ExceptionOf(attrs)
	o.Exception = semconv.IsException(eventName, attrs)
	o.ErrorType, o.Message, o.Stack = orElse(e.Type, semconv.ErrorType(attrs)), e.Message, e.Stack
	if o.ErrorType != "" && o.Message != "" && o.Stack != "" {
		return
	}
	r := logged()
	o.ErrorType, o.Stack = orElse(o.ErrorType, r.ErrorType), orElse(o.Stack, r.Stack)
	o.Message = orElse(o.Message, orElse(r.Message, r.Error))
	if r.Error != o.Message {
		o.Error = r.Error
	}
}

// logged is what a record says in its body and attributes by the names and layouts of its logger.
func logged(attrs signal.Map, body signal.Value) logline.Record {
	if s, ok := signal.SegmentOf(body); ok {
		return segmentRecord(s)
	}
	fields := logline.Fields(attrs)
	if m, ok := body.Data.(signal.Map); ok {
		return logline.Fields(m).Or(fields)
	}
	return logline.Parse(body.Str()).Or(fields)
}

// segmentRecord is what a segment of AWS X-Ray says, as a logger would.
func segmentRecord(s signal.Segment) logline.Record {
	r := logline.Record{Message: s.Message, ErrorType: s.Type, Stack: s.Stack}
	if s.Peer != "" {
		r.Message = "subsegment " + s.Peer + ": " + s.Message
	}
	return r
}

// setPeer reads whom an untraced log record names as the other side of the call that failed; a traced
// one has its call beside it.
func setPeer[A semconv.Attributes](o *Observed, attrs A) {
	if o.TraceID.IsZero() {
		o.Peer = peerOf(attrs, o.Message, o.Error)
	}
}

// setOperation reads what kind of operation a span is, by which name it is known independent of
// its values, and how it answered.
func setOperation[A semconv.Attributes](o *Observed, attrs A) {
	op := semconv.OperationOf(attrs)
	o.OperationKind, o.Route, o.StatusClass = string(op.Family), op.Name, op.Status
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
