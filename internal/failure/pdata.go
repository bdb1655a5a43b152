package failure

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Source is what the rules need of a resource. It is read once for all records of the resource.
type Source struct {
	Service     string
	Environment string
}

// SourceOf reads a resource by the rules of signal.Resource.
func SourceOf(r pcommon.Resource) Source {
	attrs := semconv.Pdata{Map: r.Attributes()}
	src := Source{
		Service:     signal.Name(semconv.Service(attrs)),
		Environment: signal.Name(semconv.Environment(attrs)),
	}
	if src.Service == "" {
		src.Service = semconv.UnknownService
	}
	return src
}

// FromPdataSpan is FromSpan for a span not yet converted. It allocates nothing for a healthy span.
func FromPdataSpan(dst []Observed, src Source, s ptrace.Span) []Observed {
	if IsPdataSpanError(s) {
		dst = append(dst, ObservePdataSpan(src, s))
	}
	events := s.Events()
	for i := range events.Len() {
		if e := events.At(i); IsPdataEventError(e) {
			dst = append(dst, ObservePdataEvent(src, s, e))
		}
	}
	return dst
}

// IsPdataSpanError is the default rule for a span: status Error.
func IsPdataSpanError(s ptrace.Span) bool { return s.Status().Code() == ptrace.StatusCodeError }

// IsPdataEventError is the default rule for a span event: an exception.
func IsPdataEventError(e ptrace.SpanEvent) bool { return e.Name() == semconv.ExceptionEvent }

// FromPdataLog is FromLog for a record not yet converted. It allocates nothing for a healthy one.
func FromPdataLog(src Source, l plog.LogRecord) (Observed, bool) {
	number, text := int32(l.SeverityNumber()), l.SeverityText()
	switch {
	case IsOwnEvent(l.EventName()):
		return Observed{}, false
	case isErrorSeverity(number, text), semconv.IsException(l.EventName(), semconv.Pdata{Map: l.Attributes()}):
		return ObservePdataLog(src, l), true
	case isUnrated(number, text) && holdsException(pdataBodyText(l.Body())):
		return ObservePdataLog(src, l), true
	}
	return Observed{}, false
}

// ObservePdataSpan is ObserveSpan for a span not yet converted.
func ObservePdataSpan(src Source, s ptrace.Span) Observed {
	o := pdataSpanContext(src, s)
	o.Kind = KindSpan
	o.Time = signal.Nanos(s.EndTimestamp())
	o.ErrorType = semconv.ErrorType(semconv.Pdata{Map: s.Attributes()})
	o.Message = s.Status().Message()
	return o
}

// ObservePdataEvent is ObserveEvent for a span not yet converted.
func ObservePdataEvent(src Source, s ptrace.Span, e ptrace.SpanEvent) Observed {
	o := pdataSpanContext(src, s)
	o.Kind = KindEvent
	o.Time = signal.Nanos(e.Timestamp())
	setException(&o, e.Name(), semconv.Pdata{Map: e.Attributes()})
	return o
}

// ObservePdataLog is ObserveLog for a record not yet converted.
func ObservePdataLog(src Source, l plog.LogRecord) Observed {
	o := Observed{
		Kind: KindLog, TraceID: signal.TraceID(l.TraceID()), SpanID: signal.SpanID(l.SpanID()),
		Time:    cmpTime(signal.Nanos(l.Timestamp()), signal.Nanos(l.ObservedTimestamp())),
		Service: src.Service, Environment: src.Environment, Operation: l.EventName(),
	}
	setException(&o, l.EventName(), semconv.Pdata{Map: l.Attributes()})
	if o.Message == "" {
		o.Message = pdataBodyText(l.Body())
	}
	return o
}

func pdataSpanContext(src Source, s ptrace.Span) Observed {
	o := Observed{
		TraceID: signal.TraceID(s.TraceID()), SpanID: signal.SpanID(s.SpanID()),
		Service: src.Service, Environment: src.Environment, Operation: s.Name(),
	}
	setOperation(&o, semconv.Pdata{Map: s.Attributes()})
	return o
}

func pdataBodyText(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeMap:
		fields := semconv.Pdata{Map: v.Map()}
		for _, name := range messageFields {
			if s := fields.Str(name); s != "" {
				return s
			}
		}
		return ""
	default:
		return ""
	}
}
