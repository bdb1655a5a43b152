package semconv

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Pdata reads the attributes of records that are not yet converted, by the rules of signal.Map.
type Pdata struct{ pcommon.Map }

// Str implements Attributes.
func (m Pdata) Str(key string) string {
	if v, ok := m.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// Int implements Attributes.
func (m Pdata) Int(key string) (int64, bool) {
	v, ok := m.Get(key)
	if !ok {
		return 0, false
	}
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return v.Int(), true
	case pcommon.ValueTypeDouble:
		i := int64(v.Double())
		return i, float64(i) == v.Double()
	case pcommon.ValueTypeStr:
		return ParseInt(v.Str())
	default:
		return 0, false
	}
}

// Code implements Attributes.
func (m Pdata) Code(key string) (text string, number int64, isNumber bool) {
	v, ok := m.Get(key)
	if !ok {
		return "", 0, false
	}
	if v.Type() == pcommon.ValueTypeStr {
		text = v.Str()
		number, isNumber = ParseInt(text)
		return text, number, isNumber
	}
	number, isNumber = m.Int(key)
	return "", number, isNumber
}

// Bool implements Flags.
func (m Pdata) Bool(key string) (value, ok bool) {
	v, found := m.Get(key)
	if !found || v.Type() != pcommon.ValueTypeBool {
		return false, false
	}
	return v.Bool(), true
}

// Inner implements Object.
func (m Pdata) Inner(key string) (inner Pdata, ok bool) {
	v, found := m.Get(key)
	if !found || v.Type() != pcommon.ValueTypeMap {
		return Pdata{}, false
	}
	return Pdata{v.Map()}, true
}

// HasKey reports whether some attribute's name matches.
func (m Pdata) HasKey(match func(key string) bool) bool {
	for key := range m.All() {
		if match(key) {
			return true
		}
	}
	return false
}
