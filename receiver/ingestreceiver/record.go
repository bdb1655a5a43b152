package ingestreceiver

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// attributesField holds the attributes of a record or event.
const attributesField = "attributes"

// fieldError says which field of a record is wrong, and what is wrong with it. Field is "" where
// it is the record as a whole.
type fieldError struct {
	field  string
	reason string
}

// record reads the fields of one JSON object. The first thing wrong is kept, and later reads
// return zero values; a record is good if finish says so at the end.
type record struct {
	path   string // of a nested object, with the dot: "exception."
	fields signal.Map
	known  []string
	failed *fieldError // of the outermost record
	root   *record

	limits  *otlpscan.Limits
	cut     otlpscan.LimitSet // of the outermost record: the limits it was cut to
	dropped uint32            // attributes of this one that were left out
}

func newRecord(v signal.Value, limits *otlpscan.Limits) *record {
	const mostFields = 12
	r := &record{known: make([]string, 0, mostFields), limits: limits}
	r.root = r
	m, ok := v.Data.(signal.Map)
	if !ok {
		r.fail("", "want a JSON object, got "+typeName(v))
	}
	r.fields = m
	return r
}

// finish refuses fields that nobody asked for and returns the first thing that was wrong.
func (r *record) finish() *fieldError {
	for i := range r.fields {
		if key := r.fields[i].Key; !slices.Contains(r.known, key) {
			r.fail(shorten(key), `unknown field; put it under "attributes"`)
		}
	}
	return r.root.failed
}

func (r *record) fail(field, reason string) {
	if r.root.failed == nil {
		r.root.failed = &fieldError{field: r.path + field, reason: reason}
	}
}

// take returns a field; null is as good as missing.
func (r *record) take(field string) (signal.Value, bool) {
	r.known = append(r.known, field)
	var found signal.Value
	times := 0
	for i := range r.fields {
		if r.fields[i].Key == field {
			found = r.fields[i].Value
			times++
		}
	}
	if times > 1 {
		r.fail(field, "given more than once")
	}
	return found, times == 1 && !found.IsZero()
}

// require returns a field that must be there.
func (r *record) require(field string) (signal.Value, bool) {
	v, ok := r.take(field)
	if !ok {
		r.fail(field, "missing")
	}
	return v, ok
}

func (r *record) optionalText(field string) string {
	v, ok := r.take(field)
	return r.text(field, v, ok)
}

func (r *record) requiredText(field string) string {
	v, ok := r.require(field)
	return r.text(field, v, ok)
}

// name is a text that may not be empty.
func (r *record) name(field string) string {
	s := r.requiredText(field)
	if s == "" {
		r.fail(field, "empty")
	}
	return s
}

func (r *record) text(field string, v signal.Value, ok bool) string {
	if !ok {
		return ""
	}
	s, isText := v.Data.(string)
	if !isText {
		r.fail(field, "want a string, got "+typeName(v))
	}
	return r.cutText(s)
}

// cutText keeps the beginning of a text, up to a whole character.
func (r *record) cutText(s string) string {
	most := r.limits.ValueBytes
	if len(s) <= most {
		return s
	}
	r.root.cut.Add(otlpscan.ValueBytes)
	for n := 1; n < utf8.UTFMax && most > 0 && !utf8.RuneStart(s[most]); n++ {
		most--
	}
	return s[:most]
}

// cutTexts cuts all texts in a value.
func (r *record) cutTexts(v signal.Value) signal.Value {
	switch d := v.Data.(type) {
	case string:
		v.Data = r.cutText(d)
	case []signal.Value:
		for i := range d {
			d[i] = r.cutTexts(d[i])
		}
	case signal.Map:
		for i := range d {
			d[i].Key, d[i].Value = r.cutText(d[i].Key), r.cutTexts(d[i].Value)
		}
	}
	return v
}

// mark adds to attributes that the record was cut, if it was.
func (r *record) mark(attributes signal.Map) signal.Map {
	if r.root.cut == 0 {
		return attributes
	}
	return append(attributes, signal.KeyValue{Key: otlpscan.AttributeCut, Value: signal.Value{Data: r.root.cut.String()}})
}

// time is 0 where the field is missing.
func (r *record) time(field string) signal.Nanos {
	v, ok := r.take(field)
	return r.readTime(field, v, ok)
}

func (r *record) requiredTime(field string) signal.Nanos {
	v, ok := r.require(field)
	return r.readTime(field, v, ok)
}

func (r *record) readTime(field string, v signal.Value, ok bool) signal.Nanos {
	if !ok {
		return 0
	}
	t, err := parseTime(v)
	if err != nil {
		r.fail(field, err.Error())
	}
	return t
}

// number is an int64 or float64.
func (r *record) number(field string) signal.Value {
	v, ok := r.require(field)
	if !ok {
		return signal.Value{}
	}
	switch v.Data.(type) {
	case int64, float64:
		return v
	}
	r.fail(field, "want a number, got "+typeName(v))
	return signal.Value{}
}

// attributes are kept as they are: order, types and all, up to the limits.
func (r *record) attributes(field string) signal.Map {
	v, ok := r.take(field)
	if !ok {
		return nil
	}
	m, ok := v.Data.(signal.Map)
	if !ok {
		r.fail(field, "want an object, got "+typeName(v))
	}
	if len(m) == 0 {
		return nil
	}
	if most := r.limits.Attributes; len(m) > most {
		r.root.cut.Add(otlpscan.Attributes)
		if field == attributesField {
			r.dropped = uint32(len(m) - most) //nolint:gosec // a body has fewer
		}
		m = m[:most]
	}
	r.cutTexts(signal.Value{Data: m})
	return m
}

// object is a nested record, without fields where it is missing. Its errors are this record's.
func (r *record) object(field string) *record {
	return r.nested(field, r.attributes(field))
}

func (r *record) nested(field string, m signal.Map) *record {
	return &record{path: r.path + field + ".", fields: m, root: r.root, limits: r.limits}
}

func (r *record) optionalTraceID(field string) signal.TraceID {
	v, ok := r.take(field)
	return readID(r, field, v, ok, signal.ParseTraceID)
}

func (r *record) requiredTraceID(field string) signal.TraceID {
	v, ok := r.require(field)
	return readID(r, field, v, ok, signal.ParseTraceID)
}

func (r *record) optionalSpanID(field string) signal.SpanID {
	v, ok := r.take(field)
	return readID(r, field, v, ok, signal.ParseSpanID)
}

func (r *record) requiredSpanID(field string) signal.SpanID {
	v, ok := r.require(field)
	return readID(r, field, v, ok, signal.ParseSpanID)
}

// readID refuses the all-zero ID: OTLP means "none" by it, and null or leaving it out says so.
func readID[T interface{ IsZero() bool }](r *record, field string, v signal.Value, ok bool, parse func(string) (T, error)) (id T) {
	if !ok {
		return id
	}
	id, err := parse(r.text(field, v, ok))
	switch {
	case err != nil:
		r.fail(field, err.Error())
	case id.IsZero():
		r.fail(field, "all zero; leave it out where there is none")
	}
	return id
}

// typeName is what JSON calls the type of v.
func typeName(v signal.Value) string {
	switch v.Data.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64, float64:
		return "a number"
	case []signal.Value:
		return "an array"
	case signal.Map:
		return "an object"
	}
	return "null"
}

// shorten keeps what was sent from filling the answer.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// decimal writes a number as the shortest digits that read as it.
func decimal(v signal.Value) (string, error) {
	switch d := v.Data.(type) {
	case int64:
		return strconv.FormatInt(d, 10), nil
	case float64:
		if math.Abs(d) < 1e21 {
			return strconv.FormatFloat(d, 'f', -1, 64), nil
		}
	}
	return "", errors.New("out of range")
}
