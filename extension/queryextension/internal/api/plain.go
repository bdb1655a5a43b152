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
// that JSON does not know are the strings "NaN", "Infinity" and "-Infinity".
type Attributes signal.Map

// MarshalJSON writes the object.
func (a Attributes) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeMap(&b, signal.Map(a))
	return b.Bytes(), nil
}

// Plain is one value, written as Attributes writes it.
type Plain signal.Value

// IsZero tells whether the value is empty.
func (p Plain) IsZero() bool { return p.Data == nil }

// MarshalJSON writes the value.
func (p Plain) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeValue(&b, signal.Value(p))
	return b.Bytes(), nil
}

func writeMap(b *bytes.Buffer, m signal.Map) {
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
		writeValue(b, kv.Value)
	}
	b.WriteByte('}')
}

func writeValue(b *bytes.Buffer, v signal.Value) {
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
		b.WriteByte('[')
		for i, e := range d {
			if i > 0 {
				b.WriteByte(',')
			}
			writeValue(b, e)
		}
		b.WriteByte(']')
	case signal.Map:
		writeMap(b, d)
	default:
		b.WriteString("null")
	}
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

// IsZero tells whether the time is not set.
func (t Time) IsZero() bool { return t == 0 }

// MarshalJSON writes the time with the nanoseconds it has.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, signal.Nanos(t).Time().Format(time.RFC3339Nano)), nil
}
