package plainjson

import (
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// origin is what every record says about its sender.
type origin struct {
	Service  string         `json:"service"`
	Resource map[string]any `json:"resource,omitempty"`
}

func originOf(res *resource.Resource) origin {
	o := origin{Resource: make(map[string]any)}
	for _, kv := range res.Attributes() {
		if kv.Key == semconv.ServiceNameKey {
			o.Service = kv.Value.AsString()
			continue
		}
		o.Resource[string(kv.Key)] = value(kv.Value)
	}
	return o
}

func object(attrs []attribute.KeyValue) map[string]any {
	if len(attrs) == 0 {
		return nil
	}
	m := make(map[string]any, len(attrs))
	for _, kv := range attrs {
		m[string(kv.Key)] = value(kv.Value)
	}
	return m
}

// value is an attribute's value as JSON has it; what JSON has no number for becomes a string.
func value(v attribute.Value) any {
	switch v.Type() {
	case attribute.FLOAT64:
		if f := v.AsFloat64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case attribute.SLICE:
		var list []any
		for _, e := range v.AsSlice() {
			list = append(list, value(e))
		}
		return list
	case attribute.MAP:
		return object(v.AsMap())
	}
	return v.AsInterface()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
