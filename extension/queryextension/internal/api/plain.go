package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Attributes are written as a plain JSON object, in the order received. A key that was,
// wrongly, received twice appears a second time as "key#2". Bytes are base64, and the doubles
// that JSON does not know are the strings "NaN", "Infinity" and "-Infinity". What is nested deeper
// than maxNesting is a string that holds its JSON.
type Attributes signal.Map

// maxNesting keeps answers readable: a protobuf body may be nested without limit, but encoding/json
// takes 10,000 levels and other readers take less than 1,000.
const maxNesting = 500

// unlimited is the nesting of JSON within a string.
const unlimited = -1

// MarshalJSON writes the object.
func (a Attributes) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeMap(&b, signal.Map(a), maxNesting)
	return b.Bytes(), nil
}

// Plain is one value, written as Attributes writes it.
type Plain signal.Value

// IsZero reports whether the value is empty.
func (p Plain) IsZero() bool { return p.Data == nil }

// MarshalJSON writes the value.
func (p Plain) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeValue(&b, signal.Value(p), maxNesting)
	return b.Bytes(), nil
}

func writeMap(b *bytes.Buffer, m signal.Map, levels int) {
	seen := make(map[string]int, len(m))
	b.WriteByte('{')
	for i, kv := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		seen[kv.Key]++
		key := kv.Key
		if n := seen[kv.Key]; n > 1 {
			key += "#" + strconv.Itoa(n)
		}
		writeString(b, key)
		b.WriteByte(':')
		writeValue(b, kv.Value, levels-1)
	}
	b.WriteByte('}')
}

// writeValue writes a value with so many levels of arrays and objects, and deeper ones as a string.
func writeValue(b *bytes.Buffer, v signal.Value, levels int) {
	if levels == 0 && isNested(v) {
		var deeper bytes.Buffer
		writeValue(&deeper, v, unlimited)
		writeString(b, deeper.String())
		return
	}
	switch d := v.Data.(type) {
	case string:
		writeString(b, d)
	case bool:
		b.WriteString(strconv.FormatBool(d))
	case int64:
		b.WriteString(strconv.FormatInt(d, 10))
	case float64:
		writeDouble(b, d)
	case []byte:
		writeString(b, base64.StdEncoding.EncodeToString(d))
	case []signal.Value:
		writeList(b, d, levels)
	case signal.Map:
		writeMap(b, d, levels)
	default:
		b.WriteString("null")
	}
}

func writeList(b *bytes.Buffer, list []signal.Value, levels int) {
	b.WriteByte('[')
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		writeValue(b, e, levels-1)
	}
	b.WriteByte(']')
}

func isNested(v signal.Value) bool {
	switch v.Data.(type) {
	case []signal.Value, signal.Map:
		return true
	}
	return false
}

func writeString(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil {
		panic("a string cannot fail to be JSON: " + err.Error())
	}
	b.Write(quoted)
}

// writeDouble writes doubles always with a point or exponent, so that they stay doubles.
func writeDouble(b *bytes.Buffer, f float64) {
	switch {
	case math.IsNaN(f):
		b.WriteString(`"NaN"`)
	case math.IsInf(f, 1):
		b.WriteString(`"Infinity"`)
	case math.IsInf(f, -1):
		b.WriteString(`"-Infinity"`)
	default:
		s := strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		b.WriteString(s)
	}
}

// Double is a float64 written as writeDouble does.
type Double float64

// MarshalJSON writes the number, or the name of what JSON has no number for.
func (d Double) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeDouble(&b, float64(d))
	return b.Bytes(), nil
}

// Time is an OTLP time, written as RFC 3339 in UTC. The zero time means "not set".
type Time signal.Nanos

// IsZero reports whether the time is not set.
func (t Time) IsZero() bool { return t == 0 }

// MarshalJSON writes the time with the nanoseconds it has.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, signal.Nanos(t).Time().Format(time.RFC3339Nano)), nil
}
