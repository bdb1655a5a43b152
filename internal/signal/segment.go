package signal

import (
	"fmt"
	"strings"
)

// Segment is what a document of AWS X-Ray tells of a request: who served it, whether that failed, and of what. It
// speaks of the innermost subsegment that failed and has an exception.
type Segment struct {
	Name string
	// Fault is set if the request failed; that it was wrong or came too often is its caller's business.
	Fault bool
	// Peer is what the failed subsegment called, "" where it called nothing.
	Peer                 string
	Type, Message, Stack string // of the exception
}

// maxSegments bounds how deep subsegments are read.
const maxSegments = 16

// SegmentOf reads a body that is a segment of AWS X-Ray, as an object or as JSON.
func SegmentOf(body Value) (s Segment, ok bool) {
	fields, structured := body.Data.(Map)
	if text := body.Str(); !structured && strings.HasPrefix(text, "{") && strings.Contains(text, `"trace_id"`) && strings.Contains(text, `"1-`) {
		if parsed, err := ParsePlainValue([]byte(text)); err == nil {
			fields, _ = parsed.Data.(Map)
		}
	}
	if !strings.HasPrefix(fields.Str("trace_id"), "1-") || fields.Str("id") == "" || fields.Str("name") == "" {
		return Segment{}, false
	}
	s = Segment{Name: fields.Str("name"), Fault: isSet(fields, "fault")}
	if s.Fault {
		s.readCause(fields, 0)
	}
	return s, true
}

func isSet(m Map, key string) bool {
	v, _ := m.Get(key)
	b, _ := v.Data.(bool)
	return b
}

// readCause reads the exception of the innermost segment that failed, and reports whether there is one.
func (s *Segment) readCause(segment Map, depth int) bool {
	inner, _ := segment.Get("subsegments")
	for _, v := range listOf(inner) {
		if m, ok := v.Data.(Map); ok && isSet(m, "fault") && depth < maxSegments && s.readCause(m, depth+1) {
			return true
		}
	}
	cause, _ := segment.Inner("cause")
	exceptions, _ := cause.Get("exceptions")
	for _, v := range listOf(exceptions) {
		x, ok := v.Data.(Map)
		if !ok || x.Str("message") == "" && x.Str("type") == "" {
			continue
		}
		s.Type, s.Message, s.Stack = x.Str("type"), x.Str("message"), stackOf(x)
		if segment.Str("namespace") != "" {
			s.Peer = segment.Str("name")
		}
		return true
	}
	return false
}

func listOf(v Value) []Value {
	list, _ := v.Data.([]Value)
	return list
}

// stackOf writes an exception with its stack as the receivers of X-Ray do.
func stackOf(x Map) string {
	stack, _ := x.Get("stack")
	var b strings.Builder
	for _, v := range listOf(stack) {
		frame, ok := v.Data.(Map)
		if !ok {
			continue
		}
		line, _ := frame.Int("line")
		fmt.Fprintf(&b, "\n\tat %s(%s: %d)", frame.Str("label"), frame.Str("path"), line)
	}
	if b.Len() == 0 {
		return ""
	}
	return x.Str("type") + ": " + x.Str("message") + b.String()
}
