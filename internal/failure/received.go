package failure

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// receivedLog is a log record as it was received.
type receivedLog struct{ plog.LogRecord }

func (l receivedLog) severity() (int32, string) { return int32(l.SeverityNumber()), l.SeverityText() }

func (l receivedLog) isException() bool {
	return semconv.IsException(l.EventName(), semconv.Pdata{Map: l.Attributes()})
}

func (l receivedLog) levels() logline.Levels {
	var levels logline.Levels
	addPdataLevels(&levels, l.Attributes())
	if body := l.Body(); body.Type() == pcommon.ValueTypeMap {
		addPdataLevels(&levels, body.Map())
	}
	return levels
}

func addPdataLevels(levels *logline.Levels, fields pcommon.Map) {
	for key, v := range fields.All() {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			levels.AddText(key, v.Str())
		case pcommon.ValueTypeInt:
			levels.AddNumber(key, v.Int())
		case pcommon.ValueTypeDouble: // as parsers of JSON read numbers
			levels.AddNumber(key, int64(v.Double()))
		case pcommon.ValueTypeMap:
			if key == "log" { // as Elastic nests it
				levels.AddText("log.level", semconv.Pdata{Map: v.Map()}.Str("level"))
			}
		}
	}
}

func (l receivedLog) text() string {
	body := l.Body()
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return body.Str()
	case pcommon.ValueTypeMap:
		var p preferred
		for key, v := range body.Map().All() {
			if v.Type() == pcommon.ValueTypeStr {
				p.add(key, v.Str())
			}
		}
		return p.text()
	}
	return ""
}

func (l receivedLog) printsException() bool {
	if printsException(l.text()) || pdataPrintsException(l.Attributes()) {
		return true
	}
	body := l.Body()
	return body.Type() == pcommon.ValueTypeMap && pdataPrintsException(body.Map())
}

func pdataPrintsException(fields pcommon.Map) bool {
	for key, v := range fields.All() {
		if v.Type() == pcommon.ValueTypeStr && v.Str() != "" && mayHoldStack(key) && printsException(v.Str()) {
			return true
		}
	}
	return false
}
