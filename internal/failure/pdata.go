package failure

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Source is what the rules need of a resource. It is read once for all records of the resource.
type Source struct {
	Service     string
	Environment string
}

// SourceOf reads a resource by the rules of signal.Resource.
func SourceOf(r pcommon.Resource) Source {
	a := pdataMap{r.Attributes()}
	src := Source{
		Service:     signal.Name(a.Str("service.name")),
		Environment: signal.Name(firstStr(a, "deployment.environment.name", "deployment.environment")),
	}
	if src.Service == "" {
		src.Service = (*signal.Resource)(nil).Service()
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
func IsPdataEventError(e ptrace.SpanEvent) bool { return e.Name() == exceptionEvent }

// FromPdataLog is FromLog for a record not yet converted. It allocates nothing for a healthy one.
func FromPdataLog(src Source, l plog.LogRecord) (Observed, bool) {
	number, text := int32(l.SeverityNumber()), l.SeverityText()
	switch {
	case IsOwnEvent(l.EventName()):
		return Observed{}, false
	case isErrorSeverity(number, text), isPdataException(l):
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
	o.ErrorType = pdataMap{s.Attributes()}.Str("error.type")
	o.Message = s.Status().Message()
	return o
}

// ObservePdataEvent is ObserveEvent for a span not yet converted.
func ObservePdataEvent(src Source, s ptrace.Span, e ptrace.SpanEvent) Observed {
	o := pdataSpanContext(src, s)
	o.Kind = KindEvent
	o.Time = signal.Nanos(e.Timestamp())
	o.setException(e.Name(), pdataMap{e.Attributes()})
	return o
}

// ObservePdataLog is ObserveLog for a record not yet converted.
func ObservePdataLog(src Source, l plog.LogRecord) Observed {
	o := Observed{
		Kind: KindLog, TraceID: signal.TraceID(l.TraceID()), SpanID: signal.SpanID(l.SpanID()),
		Time:    cmpTime(signal.Nanos(l.Timestamp()), signal.Nanos(l.ObservedTimestamp())),
		Service: src.Service, Environment: src.Environment, Operation: l.EventName(),
	}
	o.setException(l.EventName(), pdataMap{l.Attributes()})
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
	o.setOperation(pdataMap{s.Attributes()})
	return o
}

func isPdataException(l plog.LogRecord) bool {
	if l.EventName() == exceptionEvent {
		return true
	}
	a := pdataMap{l.Attributes()}
	return a.Str("exception.type") != "" || a.Str("exception.message") != ""
}

func pdataBodyText(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeMap:
		return firstStr(pdataMap{v.Map()}, messageFields...)
	default:
		return ""
	}
}

// pdataMap reads pdata attributes by the rules of signal.Map.
type pdataMap struct{ pcommon.Map }

func (m pdataMap) Str(key string) string {
	if v, ok := m.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

func (m pdataMap) Int(key string) (int64, bool) {
	v, ok := m.Get(key)
	if !ok {
		return 0, false
	}
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return v.Int(), true
	case pcommon.ValueTypeDouble:
		i := int64(v.Double())
		return i, float64(i) == v.Double()
	case pcommon.ValueTypeStr:
		i, err := strconv.ParseInt(v.Str(), 10, 64)
		return i, err == nil
	default:
		return 0, false
	}
}
