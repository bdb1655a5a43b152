package plainjson

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

type logRecord struct {
	origin
	Timestamp  string           `json:"timestamp,omitempty"`
	Level      string           `json:"level"`
	Message    string           `json:"message"`
	TraceID    string           `json:"trace_id,omitempty"`
	SpanID     string           `json:"span_id,omitempty"`
	Attributes map[string]any   `json:"attributes,omitempty"`
	Exception  *exceptionRecord `json:"exception,omitempty"`
}

type exceptionRecord struct {
	Type       string `json:"type,omitempty"`
	Message    string `json:"message,omitempty"`
	Stacktrace string `json:"stacktrace,omitempty"`
}

// Logs is the exporter for log records.
func (s *Sender) Logs() sdklog.Exporter { return logExporter{s} }

type logExporter struct{ sender *Sender }

func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	rendered := make([]logRecord, len(records))
	for i := range records {
		rendered[i] = renderLog(&records[i])
	}
	return post(ctx, e.sender, "/ingest/logs", rendered)
}

func (e logExporter) ForceFlush(context.Context) error { return nil }

func (e logExporter) Shutdown(context.Context) error {
	e.sender.close()
	return nil
}

func renderLog(in *sdklog.Record) logRecord {
	r := logRecord{
		origin:    originOf(in.Resource()),
		Timestamp: stamp(in.Timestamp()),
		Level:     in.SeverityText(),
		Message:   in.Body().String(),
	}
	if in.TraceID().IsValid() {
		r.TraceID, r.SpanID = in.TraceID().String(), in.SpanID().String()
	}
	var rest []attribute.KeyValue
	var exception exceptionRecord
	in.WalkAttributes(func(kv attribute.KeyValue) bool {
		switch kv.Key {
		case semconv.ExceptionTypeKey:
			exception.Type = kv.Value.AsString()
		case semconv.ExceptionMessageKey:
			exception.Message = kv.Value.AsString()
		case semconv.ExceptionStacktraceKey:
			exception.Stacktrace = kv.Value.AsString()
		default:
			rest = append(rest, kv)
		}
		return true
	})
	r.Attributes = object(rest)
	if exception != (exceptionRecord{}) {
		r.Exception = &exception
	}
	return r
}
