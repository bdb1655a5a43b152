package signal

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
)

// FromTraces copies every span; nothing of td is kept. Resource and Scope are set and shared
// between the records of one group. Empty maps become nil, except inside values.
func FromTraces(td ptrace.Traces) []*Span {
	spans := make([]*Span, 0, td.SpanCount())
	for _, rs := range td.ResourceSpans().All() {
		resource := fromResource(rs.Resource(), rs.SchemaUrl())
		for _, ss := range rs.ScopeSpans().All() {
			scope := fromScope(ss.Scope(), ss.SchemaUrl())
			for _, s := range ss.Spans().All() {
				spans = append(spans, fromSpan(s, resource, scope))
			}
		}
	}
	return spans
}

// FromLogs copies every log record, as FromTraces does.
func FromLogs(ld plog.Logs) []*Log {
	logs := make([]*Log, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		resource := fromResource(rl.Resource(), rl.SchemaUrl())
		for _, sl := range rl.ScopeLogs().All() {
			scope := fromScope(sl.Scope(), sl.SchemaUrl())
			for _, r := range sl.LogRecords().All() {
				logs = append(logs, fromLog(r, resource, scope))
			}
		}
	}
	return logs
}

// FromMetrics copies every data point, as FromTraces does. A metric without data points leaves
// no trace.
func FromMetrics(md pmetric.Metrics) []*Point {
	points := make([]*Point, 0, md.DataPointCount())
	for _, rm := range md.ResourceMetrics().All() {
		resource := fromResource(rm.Resource(), rm.SchemaUrl())
		for _, sm := range rm.ScopeMetrics().All() {
			scope := fromScope(sm.Scope(), sm.SchemaUrl())
			for _, m := range sm.Metrics().All() {
				points = appendPoints(points, m, resource, scope)
			}
		}
	}
	return points
}

func fromResource(r pcommon.Resource, schemaURL string) *Resource {
	resource := &Resource{
		Attributes:        FromMap(r.Attributes()),
		DroppedAttributes: r.DroppedAttributesCount(),
		SchemaURL:         schemaURL,
	}
	for _, ref := range entity.ResourceEntityRefs(r).All() {
		resource.Entities = append(resource.Entities, EntityRef{
			Type:            ref.Type(),
			SchemaURL:       ref.SchemaUrl(),
			IDKeys:          ref.IdKeys().AsRaw(),
			DescriptionKeys: ref.DescriptionKeys().AsRaw(),
		})
	}
	return resource
}

func fromScope(s pcommon.InstrumentationScope, schemaURL string) *Scope {
	return &Scope{
		Name:              s.Name(),
		Version:           s.Version(),
		Attributes:        FromMap(s.Attributes()),
		DroppedAttributes: s.DroppedAttributesCount(),
		SchemaURL:         schemaURL,
	}
}

func fromSpan(s ptrace.Span, resource *Resource, scope *Scope) *Span {
	span := &Span{
		Resource:          resource,
		Scope:             scope,
		TraceID:           TraceID(s.TraceID()),
		SpanID:            SpanID(s.SpanID()),
		ParentSpanID:      SpanID(s.ParentSpanID()),
		TraceState:        s.TraceState().AsRaw(),
		Flags:             s.Flags(),
		Name:              s.Name(),
		Kind:              SpanKind(s.Kind()),
		Start:             Nanos(s.StartTimestamp()),
		End:               Nanos(s.EndTimestamp()),
		StatusCode:        StatusCode(s.Status().Code()),
		StatusMessage:     s.Status().Message(),
		Attributes:        FromMap(s.Attributes()),
		DroppedAttributes: s.DroppedAttributesCount(),
		DroppedEvents:     s.DroppedEventsCount(),
		DroppedLinks:      s.DroppedLinksCount(),
	}
	if n := s.Events().Len(); n > 0 {
		span.Events = make([]Event, 0, n)
	}
	for _, e := range s.Events().All() {
		span.Events = append(span.Events, Event{
			Time:              Nanos(e.Timestamp()),
			Name:              e.Name(),
			Attributes:        FromMap(e.Attributes()),
			DroppedAttributes: e.DroppedAttributesCount(),
		})
	}
	for _, l := range s.Links().All() {
		span.Links = append(span.Links, Link{
			TraceID:           TraceID(l.TraceID()),
			SpanID:            SpanID(l.SpanID()),
			TraceState:        l.TraceState().AsRaw(),
			Flags:             l.Flags(),
			Attributes:        FromMap(l.Attributes()),
			DroppedAttributes: l.DroppedAttributesCount(),
		})
	}
	return span
}

func fromLog(r plog.LogRecord, resource *Resource, scope *Scope) *Log {
	return &Log{
		Resource:          resource,
		Scope:             scope,
		TraceID:           TraceID(r.TraceID()),
		SpanID:            SpanID(r.SpanID()),
		Flags:             uint32(r.Flags()),
		Time:              Nanos(r.Timestamp()),
		ObservedTime:      Nanos(r.ObservedTimestamp()),
		Severity:          int32(r.SeverityNumber()),
		SeverityText:      r.SeverityText(),
		EventName:         r.EventName(),
		Body:              FromValue(r.Body()),
		Attributes:        FromMap(r.Attributes()),
		DroppedAttributes: r.DroppedAttributesCount(),
	}
}

// FromMap copies attributes; an empty map becomes nil.
func FromMap(m pcommon.Map) Map {
	if m.Len() == 0 {
		return nil
	}
	out := make(Map, 0, m.Len())
	for k, v := range m.All() {
		out = append(out, KeyValue{Key: k, Value: FromValue(v)})
	}
	return out
}

// FromValue copies a value; empty maps stay.
func FromValue(v pcommon.Value) Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return Value{Data: v.Str()}
	case pcommon.ValueTypeBool:
		return Value{Data: v.Bool()}
	case pcommon.ValueTypeInt:
		return Value{Data: v.Int()}
	case pcommon.ValueTypeDouble:
		return Value{Data: v.Double()}
	case pcommon.ValueTypeBytes:
		if b := v.Bytes().AsRaw(); b != nil {
			return Value{Data: b}
		}
		return Value{Data: []byte{}}
	case pcommon.ValueTypeSlice:
		list := make([]Value, 0, v.Slice().Len())
		for _, item := range v.Slice().All() {
			list = append(list, FromValue(item))
		}
		return Value{Data: list}
	case pcommon.ValueTypeMap:
		if m := FromMap(v.Map()); m != nil {
			return Value{Data: m}
		}
		return Value{Data: Map{}}
	default:
		return Value{}
	}
}
