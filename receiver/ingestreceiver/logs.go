package ingestreceiver

import (
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// readLog reads a record of POST /ingest/logs. With lenient, service and level may be missing:
// operators are to find them in the message.
func readLog(r *record, rs *resources, observed signal.Nanos, lenient bool) *signal.Log {
	l := &signal.Log{
		Scope:        &signal.Scope{},
		TraceID:      r.optionalTraceID("trace_id"),
		SpanID:       r.optionalSpanID("span_id"),
		Time:         r.time(fieldTime),
		ObservedTime: observed,
		Body:         signal.Value{Data: r.requiredText("message")},
		Attributes:   r.attributes(attributesField),
	}
	if lenient {
		l.Resource = rs.readOptional(r)
	} else {
		l.Resource = rs.read(r)
	}
	l.Severity, l.SeverityText = readLevel(r, lenient)
	l.Attributes = r.mark(append(l.Attributes, readException(r, l.Attributes)...))
	l.DroppedAttributes = r.dropped
	return l
}

func readLevel(r *record, lenient bool) (number int32, text string) {
	v, ok := r.take("level")
	if !ok {
		if !lenient {
			r.fail("level", "missing")
		}
		return 0, ""
	}
	number, text, err := parseLevel(v)
	if err != nil {
		r.fail("level", err.Error())
	}
	return number, text
}

// readException returns the attributes in which OpenTelemetry records an exception.
func readException(r *record, attributes signal.Map) signal.Map {
	exception := r.object("exception")
	var m signal.Map
	for _, field := range []string{"type", "message", "stacktrace"} {
		text := exception.optionalText(field)
		if text == "" {
			continue
		}
		key := "exception." + field
		if _, twice := attributes.Get(key); twice {
			exception.fail(field, "also given in attributes as "+key)
		}
		m = append(m, signal.KeyValue{Key: key, Value: signal.Value{Data: text}})
	}
	exception.finish()
	return m
}
