package signal

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
)

// ToTraces builds OTLP from spans: every record's content as received, grouped by their Resource
// and Scope pointers in order of first appearance. ID and ReceivedAt are not part of it.
func ToTraces(spans []*Span) ptrace.Traces {
	td := ptrace.NewTraces()
	resources := map[*Resource]ptrace.ResourceSpans{}
	scopes := map[group]ptrace.ScopeSpans{}
	for _, s := range spans {
		key := group{s.Resource, s.Scope}
		ss, ok := scopes[key]
		if !ok {
			rs, ok := resources[s.Resource]
			if !ok {
				rs = td.ResourceSpans().AppendEmpty()
				rs.SetSchemaUrl(s.Resource.to(rs.Resource()))
				resources[s.Resource] = rs
			}
			ss = rs.ScopeSpans().AppendEmpty()
			ss.SetSchemaUrl(s.Scope.to(ss.Scope()))
			scopes[key] = ss
		}
		s.to(ss.Spans().AppendEmpty())
	}
	return td
}

// ToLogs builds OTLP from log records, as ToTraces does.
func ToLogs(logs []*Log) plog.Logs {
	ld := plog.NewLogs()
	resources := map[*Resource]plog.ResourceLogs{}
	scopes := map[group]plog.ScopeLogs{}
	for _, l := range logs {
		key := group{l.Resource, l.Scope}
		sl, ok := scopes[key]
		if !ok {
			rl, ok := resources[l.Resource]
			if !ok {
				rl = ld.ResourceLogs().AppendEmpty()
				rl.SetSchemaUrl(l.Resource.to(rl.Resource()))
				resources[l.Resource] = rl
			}
			sl = rl.ScopeLogs().AppendEmpty()
			sl.SetSchemaUrl(l.Scope.to(sl.Scope()))
			scopes[key] = sl
		}
		l.to(sl.LogRecords().AppendEmpty())
	}
	return ld
}

// group is what records of one OTLP scope group share.
type group struct {
	resource *Resource
	scope    *Scope
}

// to fills dst and returns the schema URL, which OTLP keeps beside the resource.
func (r *Resource) to(dst pcommon.Resource) (schemaURL string) {
	if r == nil {
		return ""
	}
	r.Attributes.to(dst.Attributes())
	dst.SetDroppedAttributesCount(r.DroppedAttributes)
	for _, e := range r.Entities {
		ref := entity.ResourceEntityRefs(dst).AppendEmpty()
		ref.SetType(e.Type)
		ref.SetSchemaUrl(e.SchemaURL)
		ref.IdKeys().FromRaw(e.IDKeys)
		ref.DescriptionKeys().FromRaw(e.DescriptionKeys)
	}
	return r.SchemaURL
}

// to fills dst and returns the schema URL, which OTLP keeps beside the scope.
func (s *Scope) to(dst pcommon.InstrumentationScope) (schemaURL string) {
	if s == nil {
		return ""
	}
	dst.SetName(s.Name)
	dst.SetVersion(s.Version)
	s.Attributes.to(dst.Attributes())
	dst.SetDroppedAttributesCount(s.DroppedAttributes)
	return s.SchemaURL
}

func (s *Span) to(dst ptrace.Span) {
	dst.SetTraceID(pcommon.TraceID(s.TraceID))
	dst.SetSpanID(pcommon.SpanID(s.SpanID))
	dst.SetParentSpanID(pcommon.SpanID(s.ParentSpanID))
	dst.TraceState().FromRaw(s.TraceState)
	dst.SetFlags(s.Flags)
	dst.SetName(s.Name)
	dst.SetKind(ptrace.SpanKind(s.Kind))
	dst.SetStartTimestamp(pcommon.Timestamp(s.Start))
	dst.SetEndTimestamp(pcommon.Timestamp(s.End))
	dst.Status().SetCode(ptrace.StatusCode(s.StatusCode))
	dst.Status().SetMessage(s.StatusMessage)
	s.Attributes.to(dst.Attributes())
	dst.SetDroppedAttributesCount(s.DroppedAttributes)
	dst.SetDroppedEventsCount(s.DroppedEvents)
	dst.SetDroppedLinksCount(s.DroppedLinks)
	for i := range s.Events {
		e := dst.Events().AppendEmpty()
		e.SetTimestamp(pcommon.Timestamp(s.Events[i].Time))
		e.SetName(s.Events[i].Name)
		s.Events[i].Attributes.to(e.Attributes())
		e.SetDroppedAttributesCount(s.Events[i].DroppedAttributes)
	}
	for i := range s.Links {
		l := dst.Links().AppendEmpty()
		l.SetTraceID(pcommon.TraceID(s.Links[i].TraceID))
		l.SetSpanID(pcommon.SpanID(s.Links[i].SpanID))
		l.TraceState().FromRaw(s.Links[i].TraceState)
		l.SetFlags(s.Links[i].Flags)
		s.Links[i].Attributes.to(l.Attributes())
		l.SetDroppedAttributesCount(s.Links[i].DroppedAttributes)
	}
}

func (l *Log) to(dst plog.LogRecord) {
	dst.SetTraceID(pcommon.TraceID(l.TraceID))
	dst.SetSpanID(pcommon.SpanID(l.SpanID))
	dst.SetFlags(plog.LogRecordFlags(l.Flags))
	dst.SetTimestamp(pcommon.Timestamp(l.Time))
	dst.SetObservedTimestamp(pcommon.Timestamp(l.ObservedTime))
	dst.SetSeverityNumber(plog.SeverityNumber(l.Severity))
	dst.SetSeverityText(l.SeverityText)
	dst.SetEventName(l.EventName)
	l.Body.to(dst.Body())
	l.Attributes.to(dst.Attributes())
	dst.SetDroppedAttributesCount(l.DroppedAttributes)
}

// to fills dst, which must be empty, in m's order and with its duplicate keys.
func (m Map) to(dst pcommon.Map) {
	if len(m) == 0 {
		return
	}
	var b xpdata.MapBuilder
	b.EnsureCapacity(len(m))
	for i := range m {
		m[i].Value.to(b.AppendEmpty(m[i].Key))
	}
	b.UnsafeIntoMap(dst)
}

func (v Value) to(dst pcommon.Value) {
	switch d := v.Data.(type) {
	case string:
		dst.SetStr(d)
	case bool:
		dst.SetBool(d)
	case int64:
		dst.SetInt(d)
	case float64:
		dst.SetDouble(d)
	case []byte:
		dst.SetEmptyBytes().FromRaw(d)
	case []Value:
		list := dst.SetEmptySlice()
		list.EnsureCapacity(len(d))
		for _, item := range d {
			item.to(list.AppendEmpty())
		}
	case Map:
		d.to(dst.SetEmptyMap())
	}
}
