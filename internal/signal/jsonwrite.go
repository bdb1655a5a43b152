package signal

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep values may nest in JSON; deeper ones are carried as OTLP bytes.
const maxDepth = 512

// Escapes of the lossless JSON form: an object whose only key is one of these is not a map. A
// map that could be taken for one is escaped itself.
const (
	escapeBytes  = "$bytes"  // base64
	escapeDouble = "$double" // NaN, Infinity, -Infinity
	escapeOTLP   = "$otlp"   // base64 of MarshalLog of a record with the value as body
)

// MarshalJSON is lossless and canonical: the same value always has the same bytes, and
// UnmarshalJSON restores it with its types and order. Most values are plain JSON (a double
// always has a point or an exponent, an int64 never); what JSON cannot carry is an object with
// one key: $bytes, $double or $otlp.
func (v Value) MarshalJSON() ([]byte, error) {
	w := jsonWriter{}
	w.value(v, 0)
	return w.dst, w.err
}

// MarshalJSON writes an object in the order received, as Value.MarshalJSON does.
func (m Map) MarshalJSON() ([]byte, error) {
	w := jsonWriter{}
	w.object(m, 0)
	return w.dst, w.err
}

// AppendPlainJSON appends m as a JSON object for plain SQL: doubles always with a point or an
// exponent, integers never. Where JSON cannot carry m (NUL, invalid UTF-8, bytes, NaN and
// infinities, duplicate keys, nesting beyond 512) lossless is false and the object holds the
// nearest readable form; otherwise ParsePlainJSON restores m exactly.
func AppendPlainJSON(dst []byte, m Map) (out []byte, lossless bool) {
	w := jsonWriter{dst: dst, plain: true}
	w.object(m, 0)
	return w.dst, !w.lossy
}

// AppendPlainValue appends one value, for instance a log body, as AppendPlainJSON does.
func AppendPlainValue(dst []byte, v Value) (out []byte, lossless bool) {
	w := jsonWriter{dst: dst, plain: true}
	w.value(v, 0)
	return w.dst, !w.lossy
}

// jsonWriter writes values either with escapes (lossless) or plain, noting what was lost.
type jsonWriter struct {
	dst   []byte
	plain bool
	lossy bool
	err   error
}

func (w *jsonWriter) value(v Value, depth int) {
	switch d := v.Data.(type) {
	case string:
		if !w.plain && !utf8.ValidString(d) {
			w.otlp(v)
			return
		}
		w.text(d)
	case bool:
		w.dst = strconv.AppendBool(w.dst, d)
	case int64:
		w.dst = strconv.AppendInt(w.dst, d, 10)
	case float64:
		w.double(d)
	case []byte:
		w.escaped(escapeBytes, base64.StdEncoding.EncodeToString(d))
	case []Value:
		w.list(d, depth)
	case Map:
		w.object(d, depth)
	default:
		w.dst = append(w.dst, "null"...)
	}
}

func (w *jsonWriter) double(f float64) {
	switch {
	case math.IsNaN(f):
		// Every NaN that is not the usual one is carried by its bits.
		if !w.plain && math.Float64bits(f) != math.Float64bits(math.NaN()) {
			w.otlp(Value{Data: f})
			return
		}
		w.escaped(escapeDouble, "NaN")
	case math.IsInf(f, 1):
		w.escaped(escapeDouble, "Infinity")
	case math.IsInf(f, -1):
		w.escaped(escapeDouble, "-Infinity")
	default:
		w.dst = appendJSONDouble(w.dst, f)
	}
}

func (w *jsonWriter) list(list []Value, depth int) {
	if depth >= maxDepth {
		w.tooDeep(Value{Data: list})
		return
	}
	w.dst = append(w.dst, '[')
	for i, item := range list {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.value(item, depth+1)
	}
	w.dst = append(w.dst, ']')
}

func (w *jsonWriter) object(m Map, depth int) {
	if depth >= maxDepth {
		w.tooDeep(Value{Data: m})
		return
	}
	kept := m
	if hasDuplicates(m) {
		kept = withoutDuplicates(m)
	}
	if !w.plain && (len(kept) < len(m) || looksEscaped(m) || !validKeys(m)) {
		w.otlp(Value{Data: m})
		return
	}
	w.lossy = w.lossy || len(kept) < len(m)
	w.dst = append(w.dst, '{')
	for i := range kept {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.text(kept[i].Key)
		w.dst = append(w.dst, ':')
		w.value(kept[i].Value, depth+1)
	}
	w.dst = append(w.dst, '}')
}

// text writes a JSON string; s must be valid UTF-8 unless the form is plain.
func (w *jsonWriter) text(s string) {
	if w.plain && !plainText(s) {
		w.lossy = true
		s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\ufffd"), "\ufffd")
	}
	w.dst = appendJSONString(w.dst, s)
}

// escaped writes {"kind":"text"}, or, plain, only the text.
func (w *jsonWriter) escaped(kind, text string) {
	if w.plain {
		w.lossy = true
		w.dst = appendJSONString(w.dst, text)
		return
	}
	w.dst = appendJSONString(append(w.dst, '{'), kind)
	w.dst = append(appendJSONString(append(w.dst, ':'), text), '}')
}

func (w *jsonWriter) otlp(v Value) {
	b, err := MarshalLog(&Log{Body: v})
	if err != nil {
		w.err = err
	}
	w.escaped(escapeOTLP, base64.StdEncoding.EncodeToString(b))
}

func (w *jsonWriter) tooDeep(v Value) {
	if !w.plain {
		w.otlp(v)
		return
	}
	w.lossy = true
	w.dst = append(w.dst, "null"...)
}

// looksEscaped reports whether a reader could take m for an escape.
func looksEscaped(m Map) bool {
	return len(m) == 1 && len(m[0].Key) > 0 && m[0].Key[0] == '$'
}

func validKeys(m Map) bool {
	for i := range m {
		if !utf8.ValidString(m[i].Key) {
			return false
		}
	}
	return true
}

func hasDuplicates(m Map) bool {
	const few = 32
	if len(m) > few {
		return len(withoutDuplicates(m)) < len(m)
	}
	for i := range m {
		for j := range m[:i] {
			if m[i].Key == m[j].Key {
				return true
			}
		}
	}
	return false
}

// withoutDuplicates keeps the first attribute of each key.
func withoutDuplicates(m Map) Map {
	seen := make(map[string]struct{}, len(m))
	kept := make(Map, 0, len(m))
	for i := range m {
		if _, ok := seen[m[i].Key]; !ok {
			seen[m[i].Key] = struct{}{}
			kept = append(kept, m[i])
		}
	}
	return kept
}

// plainText reports whether SQL text and JSON both carry s.
func plainText(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

// appendJSONDouble never reads as an integer.
func appendJSONDouble(dst []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// appendJSONString quotes s, which must be valid UTF-8.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}
