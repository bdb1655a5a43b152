package signal

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// Value is an OTLP AnyValue. Data is nil (empty), string, bool, int64, float64, []byte, []Value
// or Map.
type Value struct{ Data any }

// IsZero reports whether the value is empty.
func (v Value) IsZero() bool { return v.Data == nil }

// Str returns the text of a string value and "" for any other.
func (v Value) Str() string { s, _ := v.Data.(string); return s }

// Int returns an integer, or a string or whole double that reads as one.
func (v Value) Int() (int64, bool) {
	switch d := v.Data.(type) {
	case int64:
		return d, true
	case float64:
		i := int64(d)
		return i, float64(i) == d
	case string:
		return semconv.ParseInt(d)
	}
	return 0, false
}

// KeyValue is one attribute.
type KeyValue struct {
	Key   string
	Value Value
}

// Map holds attributes in the order received; a key may, wrongly, occur twice, and is kept so.
type Map []KeyValue

// Get returns the first value of key.
func (m Map) Get(key string) (Value, bool) {
	for i := range m {
		if m[i].Key == key {
			return m[i].Value, true
		}
	}
	return Value{}, false
}

// Str returns the text of a string attribute and "" where it is missing or of another type.
func (m Map) Str(key string) string { v, _ := m.Get(key); return v.Str() }

// Inner returns the map that an attribute holds; ok is false where it holds none.
func (m Map) Inner(key string) (inner Map, ok bool) {
	v, _ := m.Get(key)
	inner, ok = v.Data.(Map)
	return inner, ok
}

// FirstStr returns the first non-empty string attribute among keys.
func (m Map) FirstStr(keys ...string) string {
	for _, k := range keys {
		if s := m.Str(k); s != "" {
			return s
		}
	}
	return ""
}

// Code returns a string attribute, and any that is or reads as an integer also as one.
func (m Map) Code(key string) (text string, number int64, isNumber bool) {
	v, _ := m.Get(key)
	number, isNumber = v.Int()
	return v.Str(), number, isNumber
}

// HasKey reports whether some attribute's name matches.
func (m Map) HasKey(match func(key string) bool) bool {
	for i := range m {
		if match(m[i].Key) {
			return true
		}
	}
	return false
}

// Bool returns a boolean attribute; ok is false where it is missing or of another type.
func (m Map) Bool(key string) (value, ok bool) {
	v, _ := m.Get(key)
	value, ok = v.Data.(bool)
	return value, ok
}

// Int returns an integer attribute, see Value.Int.
func (m Map) Int(key string) (int64, bool) {
	v, ok := m.Get(key)
	if !ok {
		return 0, false
	}
	return v.Int()
}
