package failure

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// storedLog is a log record as it is stored.
type storedLog struct{ *signal.Log }

func (l storedLog) severity() (int32, string) { return l.Severity, l.SeverityText }

func (l storedLog) hasTrace() bool { return !l.TraceID.IsZero() }

func (l storedLog) event() semconv.PlatformEvent {
	if fields := l.fields(); fields != nil {
		if e, ok := semconv.PlatformEventOf(fields); ok {
			return e
		}
	}
	return semconv.PlatformEvent{Reason: semconv.EventReason(l.Attributes)}
}

func (l storedLog) segment() (signal.Segment, bool) { return signal.SegmentOf(l.Body) }

func (l storedLog) isException() bool { return semconv.IsException(l.EventName, l.Attributes) }

// fields are those of a structured body.
func (l storedLog) fields() signal.Map {
	m, _ := l.Body.Data.(signal.Map)
	return m
}

func (l storedLog) said() said {
	var s said
	for _, m := range [...]signal.Map{l.Attributes, l.fields()} {
		for i := range m {
			switch d := m[i].Value.Data.(type) {
			case string:
				s.addText(m[i].Key, d)
			case int64:
				s.addNumber(m[i].Key, d)
			case float64: // as parsers of JSON read numbers
				s.addNumber(m[i].Key, int64(d))
			case signal.Map:
				s.addObject(m[i].Key, d.Str("level"))
			}
		}
	}
	return s
}

func (l storedLog) text() string {
	if l.fields() == nil {
		return l.Body.Str()
	}
	var s said
	for _, kv := range l.fields() {
		s.addText(kv.Key, kv.Value.Str())
	}
	return orElse(s.message, s.event)
}

func (l storedLog) printsStack() bool {
	for _, m := range [...]signal.Map{l.Attributes, l.fields()} {
		for i := range m {
			if text := m[i].Value.Str(); text != "" && mayHoldStack(m[i].Key) && printsException(text) {
				return true
			}
		}
	}
	return false
}
