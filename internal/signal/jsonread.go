package signal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// ParsePlainJSON reads a JSON object with its order, duplicate keys and number types: what
// AppendPlainJSON wrote without loss comes back equal. A number with a point or an exponent, or
// beyond 64 bits, is a double, any other an int64. Strings that are not valid UTF-8 are kept
// byte by byte; half a surrogate pair becomes U+FFFD.
func ParsePlainJSON(b []byte) (Map, error) {
	v, err := ParsePlainValue(b)
	if err != nil {
		return nil, err
	}
	m, ok := v.Data.(Map)
	if !ok {
		return nil, errors.New("want a JSON object")
	}
	if len(m) == 0 {
		return nil, nil
	}
	return m, nil
}

// ParsePlainValue reads any JSON value as ParsePlainJSON reads an object.
func ParsePlainValue(b []byte) (Value, error) {
	r := jsonReader{src: b}
	return r.document()
}

// ReadLimits bound what is read of one JSON value; what is 0 has the bounds of ParsePlainJSON.
type ReadLimits struct {
	// Depth bounds how deep arrays and objects are nested, and Elements how many elements and members
	// all of them have.
	Depth, Elements int
}

// LimitError is returned for a value that exceeds limits.
type LimitError struct{ message string }

func (e *LimitError) Error() string { return e.message }

// ParsePlainWithin is ParsePlainValue with limits.
func ParsePlainWithin(b []byte, l ReadLimits) (Value, error) {
	r := jsonReader{src: b, limits: l}
	return r.document()
}

// ParsePlainPrefix reads the JSON value that b begins with, as ParsePlainJSON does, and returns
// what follows it.
func ParsePlainPrefix(b []byte) (v Value, rest []byte, err error) {
	r := jsonReader{src: b}
	v, err = r.value(0)
	return v, b[r.pos:], err
}

// SkipPlainValue returns what follows the JSON value that b begins with. It goes by brackets and quotes,
// without recursion, and checks nothing else.
func SkipPlainValue(b []byte) (rest []byte, err error) {
	open, begun := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '{', '[':
			open++
		case '}', ']', ',':
			if c != ',' {
				open--
			}
			if open < 0 || c == ',' && open == 0 { // the end of a number or a word
				return b[i:], nil
			}
			if open == 0 {
				return b[i+1:], nil
			}
		case '"':
			end := QuoteEnd(b[i+1:])
			if end < 0 {
				return nil, fmt.Errorf("JSON: string at byte %d has no end", i)
			}
			if i += end + 1; open == 0 {
				return b[i+1:], nil
			}
		case ' ', '\t', '\n', '\r':
			if begun && open == 0 {
				return b[i:], nil
			}
			continue
		}
		begun = true
	}
	if open > 0 || !begun {
		return nil, errors.New("JSON ends too early")
	}
	return nil, nil
}

// QuoteEnd returns where the quote is that ends the JSON string whose first character b begins with, or -1.
func QuoteEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	r := jsonReader{src: b, escapes: true}
	read, err := r.document()
	if err != nil {
		return err
	}
	*v = read
	return nil
}

// UnmarshalJSON reads what MarshalJSON wrote; null and an empty object become nil.
func (m *Map) UnmarshalJSON(b []byte) error {
	var v Value
	if err := v.UnmarshalJSON(b); err != nil {
		return err
	}
	switch d := v.Data.(type) {
	case nil:
		*m = nil
	case Map:
		if len(d) == 0 {
			d = nil
		}
		*m = d
	default:
		return errors.New("want a JSON object")
	}
	return nil
}

// jsonReader reads one JSON document. encoding/json is no help here: it loses the order of keys
// and the difference between 1 and 1.0, or costs several times as much token by token.
type jsonReader struct {
	src      []byte
	pos      int
	escapes  bool // $bytes, $double, $otlp
	limits   ReadLimits
	elements int // read so far
}

// maxReadDepth bounds the recursion; it is that of encoding/json.
const maxReadDepth = 10000

func (r *jsonReader) document() (Value, error) {
	v, err := r.value(0)
	if err != nil {
		return Value{}, err
	}
	if r.space(); r.pos < len(r.src) {
		return Value{}, r.unexpected("after the value")
	}
	return v, nil
}

func (r *jsonReader) value(depth int) (Value, error) {
	if most := r.maxDepth(); depth > most {
		return Value{}, &LimitError{fmt.Sprintf("JSON nested deeper than %d", most)}
	}
	r.space()
	switch c := r.peek(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.list(depth)
	case c == '"':
		s, err := r.str()
		return Value{Data: s}, err
	case c == '-' || isDigit(c):
		return r.number()
	case r.literal("true"):
		return Value{Data: true}, nil
	case r.literal("false"):
		return Value{Data: false}, nil
	case r.literal("null"):
		return Value{}, nil
	}
	return Value{}, r.unexpected("where a value should be")
}

func (r *jsonReader) maxDepth() int {
	if r.limits.Depth > 0 {
		return r.limits.Depth
	}
	return maxReadDepth
}

// countElement counts an element or member that was read.
func (r *jsonReader) countElement() error {
	r.elements++
	if most := r.limits.Elements; most > 0 && r.elements > most {
		return &LimitError{fmt.Sprintf("JSON with more than %d elements", most)}
	}
	return nil
}

func (r *jsonReader) object(depth int) (Value, error) {
	r.pos++
	if r.space(); r.take('}') {
		return Value{Data: Map{}}, nil
	}
	m := make(Map, 0, 4)
	for {
		r.space()
		if r.peek() != '"' {
			return Value{}, r.unexpected("where a key should be")
		}
		key, err := r.str()
		if err != nil {
			return Value{}, err
		}
		if r.space(); !r.take(':') {
			return Value{}, r.unexpected("after a key")
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		if err := r.countElement(); err != nil {
			return Value{}, err
		}
		m = append(m, KeyValue{Key: key, Value: v})
		r.space()
		if r.take('}') {
			break
		}
		if !r.take(',') {
			return Value{}, r.unexpected("in an object")
		}
	}
	if r.escapes && looksEscaped(m) {
		return unescape(m[0].Key, m[0].Value)
	}
	return Value{Data: m}, nil
}

func (r *jsonReader) list(depth int) (Value, error) {
	list := []Value{}
	r.pos++
	if r.space(); r.take(']') {
		return Value{Data: list}, nil
	}
	for {
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		if err := r.countElement(); err != nil {
			return Value{}, err
		}
		list = append(list, v)
		r.space()
		if r.take(']') {
			return Value{Data: list}, nil
		}
		if !r.take(',') {
			return Value{}, r.unexpected("in an array")
		}
	}
}

func (r *jsonReader) number() (Value, error) {
	start, whole := r.pos, true
	r.take('-')
	if !r.take('0') && !r.digits() {
		return Value{}, r.unexpected("in a number")
	}
	if r.take('.') {
		whole = false
		if !r.digits() {
			return Value{}, r.unexpected("in a number")
		}
	}
	if r.take('e') || r.take('E') {
		whole = false
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits() {
			return Value{}, r.unexpected("in a number")
		}
	}
	text := string(r.src[start:r.pos])
	if whole {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Value{Data: i}, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Value{}, fmt.Errorf("JSON number at byte %d is out of range", start)
	}
	return Value{Data: f}, nil
}

func (r *jsonReader) digits() bool {
	start := r.pos
	for isDigit(r.peek()) {
		r.pos++
	}
	return r.pos > start
}

func (r *jsonReader) str() (string, error) {
	start := r.pos
	r.pos++
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == '"':
			r.pos++
			return string(r.src[start+1 : r.pos-1]), nil
		case c == '\\':
			return r.escapedStr(start)
		case c < ' ':
			return "", fmt.Errorf("JSON: control character in a string at byte %d", r.pos)
		}
		r.pos++
	}
	return "", fmt.Errorf("JSON: string at byte %d has no end", start)
}

// escapedStr goes on where str met the first backslash.
func (r *jsonReader) escapedStr(start int) (string, error) {
	text := append(make([]byte, 0, r.pos-start+32), r.src[start+1:r.pos]...)
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		r.pos++
		switch {
		case c == '"':
			return string(text), nil
		case c < ' ':
			return "", fmt.Errorf("JSON: control character in a string at byte %d", r.pos-1)
		case c != '\\':
			text = append(text, c)
		default:
			var ok bool
			if text, ok = r.escape(text); !ok {
				return "", fmt.Errorf("JSON: bad escape in a string at byte %d", r.pos-1)
			}
		}
	}
	return "", fmt.Errorf("JSON: string at byte %d has no end", start)
}

// escape appends what the escape sequence after a backslash stands for.
func (r *jsonReader) escape(text []byte) ([]byte, bool) {
	if r.pos == len(r.src) {
		return text, false
	}
	c := r.src[r.pos]
	r.pos++
	switch c {
	case '"', '\\', '/':
		return append(text, c), true
	case 'b':
		return append(text, '\b'), true
	case 'f':
		return append(text, '\f'), true
	case 'n':
		return append(text, '\n'), true
	case 'r':
		return append(text, '\r'), true
	case 't':
		return append(text, '\t'), true
	case 'u':
		first, ok := r.hex4(r.pos)
		if !ok {
			return text, false
		}
		r.pos += 4
		if utf16.IsSurrogate(first) && r.pos+1 < len(r.src) && r.src[r.pos] == '\\' && r.src[r.pos+1] == 'u' {
			if second, ok := r.hex4(r.pos + 2); ok {
				if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
					r.pos += 6
					return utf8.AppendRune(text, pair), true
				}
			}
		}
		return utf8.AppendRune(text, first), true
	}
	return text, false
}

func (r *jsonReader) hex4(at int) (rune, bool) {
	if at+4 > len(r.src) {
		return 0, false
	}
	var n rune
	for _, c := range r.src[at : at+4] {
		switch {
		case isDigit(c):
			n = n<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// unescape reads the value of an object whose one key begins with a dollar sign.
func unescape(kind string, v Value) (Value, error) {
	text, ok := v.Data.(string)
	if !ok {
		return Value{}, fmt.Errorf("%s: want a string", kind)
	}
	if kind == escapeDouble {
		switch text {
		case "NaN":
			return Value{Data: math.NaN()}, nil
		case "Infinity":
			return Value{Data: math.Inf(1)}, nil
		case "-Infinity":
			return Value{Data: math.Inf(-1)}, nil
		}
		return Value{}, fmt.Errorf("%s: unknown %q", kind, text)
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", kind, err)
	}
	switch kind {
	case escapeBytes:
		return Value{Data: b}, nil
	case escapeOTLP:
		l, err := UnmarshalLog(b)
		if err != nil {
			return Value{}, fmt.Errorf("%s: %w", kind, err)
		}
		return l.Body, nil
	}
	return Value{}, fmt.Errorf("unknown escape %q", kind)
}

func (r *jsonReader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek returns 0 at the end.
func (r *jsonReader) peek() byte {
	if r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

func (r *jsonReader) take(c byte) bool {
	if r.pos < len(r.src) && r.src[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

func (r *jsonReader) literal(word string) bool {
	if len(r.src)-r.pos >= len(word) && string(r.src[r.pos:r.pos+len(word)]) == word {
		r.pos += len(word)
		return true
	}
	return false
}

func (r *jsonReader) unexpected(where string) error {
	if r.pos >= len(r.src) {
		return errors.New("JSON ends too early")
	}
	return fmt.Errorf("JSON: unexpected %q at byte %d %s", r.src[r.pos], r.pos, where)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
