package failure

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Source is what the rules need of a resource. It is read once for all records of the resource.
type Source struct {
	Service     string
	Environment string
	Namespace   string
	Cluster     string
	Host        string
}

// SourceOf reads a resource by the rules of signal.Resource.
func SourceOf(r pcommon.Resource) Source {
	attrs := semconv.Pdata{Map: r.Attributes()}
	src := Source{
		Service:     signal.Name(semconv.Service(attrs)),
		Environment: signal.Name(semconv.Environment(attrs)),
		Namespace:   signal.Name(semconv.ServiceNamespace(attrs)),
		Cluster:     signal.Name(semconv.Cluster(attrs)),
		Host:        signal.Name(semconv.Host(attrs)),
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
		if e := events.At(i); IsPdataEventError(s, e) {
			dst = append(dst, ObservePdataEvent(src, s, e))
		}
	}
	return dst
}

// IsPdataSpanError is IsSpanError for a span not yet converted.
func IsPdataSpanError(s ptrace.Span) bool {
	return failed(signal.StatusCode(s.Status().Code()), semconv.Pdata{Map: s.Attributes()})
}

// IsPdataEventError is the default rule for one of the span's events.
func IsPdataEventError(s ptrace.Span, e ptrace.SpanEvent) bool {
	return isEventError(signal.SpanKind(s.Kind()), signal.StatusCode(s.Status().Code()), semconv.Pdata{Map: s.Attributes()},
		e.Name(), semconv.Pdata{Map: e.Attributes()})
}

// FromPdataLog is FromLog for a record not yet converted. It allocates nothing for most healthy
// ones.
func FromPdataLog(src Source, l plog.LogRecord) (Observed, bool) {
	if IsOwnEvent(l.EventName()) || !isLogError(receivedLog{l}) {
		return Observed{}, false
	}
	return ObservePdataLog(src, l), true
}

// ObservePdataSpan is ObserveSpan for a span not yet converted.
func ObservePdataSpan(src Source, s ptrace.Span) Observed {
	o := pdataSpanContext(src, s)
	o.Kind = KindSpan
	o.Time = signal.Nanos(s.EndTimestamp())
	setSpanError(&o, s.Status().Message(), semconv.Pdata{Map: s.Attributes()})
	return o
}

// ObservePdataEvent is ObserveEvent for a span not yet converted.
func ObservePdataEvent(src Source, s ptrace.Span, e ptrace.SpanEvent) Observed {
	o := pdataSpanContext(src, s)
	o.Kind = KindEvent
	o.Time = signal.Nanos(e.Timestamp())
	setEventError(&o, e.Name(), semconv.Pdata{Map: e.Attributes()})
	return o
}

// ObservePdataLog is ObserveLog for a record not yet converted.
func ObservePdataLog(src Source, l plog.LogRecord) Observed {
	in := ContextOfPdata(l)
	o := Observed{
		Kind: KindLog, TraceID: in.Trace, SpanID: in.Span,
		Time:    cmpTime(signal.Nanos(l.Timestamp()), signal.Nanos(l.ObservedTimestamp())),
		Service: src.Service, Environment: src.Environment, Namespace: src.Namespace, Cluster: src.Cluster, Operation: l.EventName(),
	}
	attrs := semconv.Pdata{Map: l.Attributes()}
	setLogError(&o, l.EventName(), attrs, func() logline.Record {
		return logged(signal.FromMap(l.Attributes()), signal.FromValue(l.Body()))
	})
	if o.Service == semconv.UnknownService {
		o.Service = signal.SubjectOf(signal.FromMap(l.Attributes()), signal.FromValue(l.Body()), src.Host)
	}
	setPlatform(&o, receivedLog{l})
	setPeer(&o, attrs)
	return o
}

func pdataSpanContext(src Source, s ptrace.Span) Observed {
	o := Observed{
		TraceID: signal.TraceID(s.TraceID()), SpanID: signal.SpanID(s.SpanID()),
		Service: src.Service, Environment: src.Environment, Namespace: src.Namespace, Cluster: src.Cluster, Operation: s.Name(),
	}
	setOperation(&o, semconv.Pdata{Map: s.Attributes()})
	return o
}
