package ingestreceiver

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// readSpan reads a record of POST /ingest/traces.
func readSpan(r *record, rs *resources) *signal.Span {
	s := &signal.Span{
		Scope:        &signal.Scope{},
		Resource:     rs.read(r),
		TraceID:      r.requiredTraceID("trace_id"),
		SpanID:       r.requiredSpanID("span_id"),
		ParentSpanID: r.optionalSpanID("parent_span_id"),
		Name:         r.name("name"),
		Kind:         readKind(r),
		Start:        r.requiredTime("start_time"),
		Attributes:   r.attributes(attributesField),
	}
	s.Events, s.DroppedEvents = readEvents(r)
	s.End = readEnd(r, s.Start)
	s.StatusCode, s.StatusMessage = readStatus(r)
	s.Attributes, s.DroppedAttributes = r.mark(s.Attributes), r.dropped
	return s
}

// readEnd takes end_time or duration_ms.
func readEnd(r *record, start signal.Nanos) signal.Nanos {
	_, hasDuration := r.take("duration_ms")
	end, hasEnd := r.take("end_time")
	switch {
	case hasDuration && hasEnd:
		r.fail("duration_ms", "give end_time or duration_ms, not both")
		return 0
	case hasDuration:
		return addDuration(r, start)
	case !hasEnd:
		r.fail("end_time", "missing; give end_time or duration_ms")
		return 0
	}
	t := r.readTime("end_time", end, hasEnd)
	if t < start {
		r.fail("end_time", "before start_time")
	}
	return t
}

func addDuration(r *record, start signal.Nanos) signal.Nanos {
	const field, nanosPerMilli = "duration_ms", 1e6
	var millis float64
	switch d := r.number(field).Data.(type) {
	case int64:
		millis = float64(d)
	case float64:
		millis = d
	}
	if millis < 0 {
		r.fail(field, "negative")
		return 0
	}
	duration := math.Round(millis * nanosPerMilli)
	if duration >= math.MaxUint64-float64(start) {
		r.fail(field, "out of range")
		return 0
	}
	return start + signal.Nanos(duration)
}

var (
	kinds = map[string]signal.SpanKind{
		"unspecified": signal.KindUnspecified, "internal": signal.KindInternal, "server": signal.KindServer,
		"client": signal.KindClient, "producer": signal.KindProducer, "consumer": signal.KindConsumer,
	}
	statuses = map[string]signal.StatusCode{"unset": signal.StatusUnset, "ok": signal.StatusOK, "error": signal.StatusError}
)

func readKind(r *record) signal.SpanKind {
	return readEnum(r, "kind", "SPAN_KIND_", kinds, "internal, server, client, producer or consumer")
}

func readStatus(r *record) (signal.StatusCode, string) {
	status := r.object("status")
	code := readEnum(status, "code", "STATUS_CODE_", statuses, "unset, ok or error")
	message := status.optionalText("message")
	status.finish()
	return code, message
}

// readEnum reads a name in any case, with or without OTLP's prefix, or OTLP's number.
func readEnum[T ~int32](r *record, field, prefix string, values map[string]T, want string) T {
	v, ok := r.take(field)
	if !ok {
		return 0
	}
	switch d := v.Data.(type) {
	case string:
		name := strings.ToLower(strings.TrimPrefix(strings.ToUpper(d), prefix))
		if value, known := values[name]; known {
			return value
		}
		r.fail(field, fmt.Sprintf("unknown %q; use %s", shorten(d), want))
	case int64:
		if d >= 0 && d < int64(len(values)) {
			return T(d)
		}
		r.fail(field, fmt.Sprintf("unknown %d; use %s", d, want))
	default:
		r.fail(field, "want "+want+", got "+typeName(v))
	}
	return 0
}

// readEvents takes the span's events: name, time and attributes. It returns how many it left out.
func readEvents(r *record) (events []signal.Event, dropped uint32) {
	v, ok := r.take("events")
	if !ok {
		return nil, 0
	}
	list, ok := v.Data.([]signal.Value)
	if !ok {
		r.fail("events", "want an array, got "+typeName(v))
	}
	if most := r.limits.Events; len(list) > most {
		r.root.cut.Add(otlpscan.Events)
		dropped = uint32(len(list) - most) //nolint:gosec // a body has fewer
		list = list[:most]
	}
	for i, item := range list {
		field := "events[" + strconv.Itoa(i) + "]"
		fields, ok := item.Data.(signal.Map)
		if !ok {
			r.fail(field, "want an object, got "+typeName(item))
			return nil, 0
		}
		event := r.nested(field, fields)
		events = append(events, signal.Event{
			Name:       event.name("name"),
			Time:       event.time("time"),
			Attributes: event.attributes(attributesField),
		})
		events[i].DroppedAttributes = event.dropped
		event.finish()
	}
	return events, dropped
}
