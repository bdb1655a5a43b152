package failure

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// receivedLog is a log record as it was received.
type receivedLog struct{ plog.LogRecord }

func (l receivedLog) severity() (int32, string) { return int32(l.SeverityNumber()), l.SeverityText() }

func (l receivedLog) hasTrace() bool { return !l.TraceID().IsEmpty() }

func (l receivedLog) event() semconv.PlatformEvent {
	if body := l.Body(); body.Type() == pcommon.ValueTypeMap {
		if e, ok := semconv.PlatformEventOf(semconv.Pdata{Map: body.Map()}); ok {
			return e
		}
	}
	return semconv.PlatformEvent{Reason: semconv.EventReason(semconv.Pdata{Map: l.Attributes()})}
}

func (l receivedLog) segment() (signal.Segment, bool) {
	switch body := l.Body(); body.Type() {
	case pcommon.ValueTypeStr:
		return signal.SegmentOf(signal.Value{Data: body.Str()})
	case pcommon.ValueTypeMap:
		if body.Map().Len() > 0 && (semconv.Pdata{Map: body.Map()}).Str("trace_id") != "" {
			return signal.SegmentOf(signal.FromValue(body))
		}
	}
	return signal.Segment{}, false
}

func (l receivedLog) isException() bool {
	return semconv.IsException(l.EventName(), semconv.Pdata{Map: l.Attributes()})
}

func (l receivedLog) said() said {
	var s said
	s.addPdata(l.Attributes())
	if body := l.Body(); body.Type() == pcommon.ValueTypeMap {
		s.addPdata(body.Map())
	}
	return s
}

func (s *said) addPdata(m pcommon.Map) {
	for key, v := range m.All() {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			s.addText(key, v.Str())
		case pcommon.ValueTypeInt:
			s.addNumber(key, v.Int())
		case pcommon.ValueTypeDouble: // as parsers of JSON read numbers
			s.addNumber(key, int64(v.Double()))
		case pcommon.ValueTypeMap:
			s.addObject(key, semconv.Pdata{Map: v.Map()}.Str("level"))
		}
	}
}

func (l receivedLog) text() string {
	body := l.Body()
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return body.Str()
	case pcommon.ValueTypeMap:
		var s said
		for key, v := range body.Map().All() {
			if v.Type() == pcommon.ValueTypeStr {
				s.addText(key, v.Str())
			}
		}
		return orElse(s.message, s.event)
	}
	return ""
}

func (l receivedLog) printsStack() bool {
	body := l.Body()
	return pdataPrintsStack(l.Attributes()) || body.Type() == pcommon.ValueTypeMap && pdataPrintsStack(body.Map())
}

func pdataPrintsStack(m pcommon.Map) bool {
	for key, v := range m.All() {
		if v.Type() == pcommon.ValueTypeStr && v.Str() != "" && mayHoldStack(key) && printsException(v.Str()) {
			return true
		}
	}
	return false
}
