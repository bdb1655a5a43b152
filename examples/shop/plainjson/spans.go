package plainjson

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

type spanRecord struct {
	origin
	TraceID      string         `json:"trace_id"`
	SpanID       string         `json:"span_id"`
	ParentSpanID string         `json:"parent_span_id,omitempty"`
	Name         string         `json:"name"`
	Kind         string         `json:"kind"`
	StartTime    string         `json:"start_time"`
	EndTime      string         `json:"end_time"`
	Status       *statusRecord  `json:"status,omitempty"`
	Attributes   map[string]any `json:"attributes,omitempty"`
	Events       []eventRecord  `json:"events,omitempty"`
}

type statusRecord struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
}

type eventRecord struct {
	Name       string         `json:"name"`
	Time       string         `json:"time"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Spans is the exporter for traces.
func (s *Sender) Spans() sdktrace.SpanExporter { return spanExporter{s} }

type spanExporter struct{ sender *Sender }

func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	records := make([]spanRecord, len(spans))
	for i, span := range spans {
		records[i] = renderSpan(span)
	}
	return post(ctx, e.sender, "/ingest/traces", records)
}

func (e spanExporter) Shutdown(context.Context) error {
	e.sender.close()
	return nil
}

func renderSpan(span sdktrace.ReadOnlySpan) spanRecord {
	r := spanRecord{
		origin:     originOf(span.Resource()),
		TraceID:    span.SpanContext().TraceID().String(),
		SpanID:     span.SpanContext().SpanID().String(),
		Name:       span.Name(),
		Kind:       span.SpanKind().String(),
		StartTime:  stamp(span.StartTime()),
		EndTime:    stamp(span.EndTime()),
		Status:     renderStatus(span.Status()),
		Attributes: object(span.Attributes()),
	}
	if span.Parent().SpanID().IsValid() {
		r.ParentSpanID = span.Parent().SpanID().String()
	}
	for _, ev := range span.Events() {
		r.Events = append(r.Events, eventRecord{Name: ev.Name, Time: stamp(ev.Time), Attributes: object(ev.Attributes)})
	}
	return r
}

func renderStatus(status sdktrace.Status) *statusRecord {
	switch status.Code {
	case codes.Error:
		return &statusRecord{Code: "error", Message: status.Description}
	case codes.Ok:
		return &statusRecord{Code: "ok"}
	default:
		return nil
	}
}
