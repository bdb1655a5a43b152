// Package record turns signals into the columns of an SQL table and back, for every SQL backend:
// JSON for what is structured, OTLP bytes beside it for what columns cannot carry, and the cursors
// of listings. It knows no database and no statement.
package record

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Encoded has the columns of a record that are made by encoding. Raw is its OTLP bytes, set where
// the columns cannot carry the record.
type Encoded struct {
	Attributes []byte
	// More has the further JSON columns, nil for NULL: events and links of a span; the body of a
	// log record, which is text where it is a string; metadata, distribution and exemplars of a
	// data point.
	More [3][]byte
	Raw  []byte
	// Context is where a log record is found: what its own columns of trace and span have.
	Context failure.Context
}

// Encoder makes the columns of many records, with one buffer. It is for one goroutine, and for
// records that nobody changes meanwhile.
type Encoder struct {
	buf       []byte
	resources map[*signal.Resource]bool // whether JSON carries it
	scopes    map[*signal.Scope]bool
}

// NewEncoder makes an encoder. What it returned stays valid.
func NewEncoder() *Encoder {
	return &Encoder{resources: map[*signal.Resource]bool{}, scopes: map[*signal.Scope]bool{}}
}

// Span encodes a span.
func (e *Encoder) Span(s *signal.Span) (Encoded, error) {
	var out Encoded
	attributes, carried := e.attributes(s.Attributes)
	out.Attributes = attributes
	carried = carried && e.shared(s.Resource, s.Scope) && plain(s.Name, s.StatusMessage, s.TraceState) &&
		s.Start <= MaxTime && s.End <= MaxTime
	for i := range s.Events {
		carried = carried && plain(s.Events[i].Name)
	}
	for i := range s.Links {
		carried = carried && plain(s.Links[i].TraceState)
	}
	out.More[0] = JSONOf(s.Events)
	out.More[1] = JSONOf(s.Links)
	if carried {
		return out, nil
	}
	var err error
	out.Raw, err = signal.MarshalSpan(s)
	return out, err
}

// Log encodes a log record.
func (e *Encoder) Log(l *signal.Log) (Encoded, error) {
	out := Encoded{Context: failure.ContextOf(l)}
	attributes, carried := e.attributes(l.Attributes)
	out.Attributes = attributes
	carried = carried && e.shared(l.Resource, l.Scope) && plain(l.SeverityText, l.EventName) && out.Context == (failure.Context{Trace: l.TraceID, Span: l.SpanID}) &&
		l.Time <= MaxTime && l.ObservedTime <= MaxTime
	switch body := l.Body.Data.(type) {
	case nil:
	case string:
		out.More[0] = []byte(body)
		carried = carried && plain(body)
	default:
		var lossless bool
		out.More[0], lossless = signal.AppendPlainValue(nil, l.Body)
		carried = carried && lossless
	}
	if carried {
		return out, nil
	}
	var err error
	out.Raw, err = signal.MarshalLog(l)
	return out, err
}

// Point encodes a data point.
func (e *Encoder) Point(p *signal.Point) (Encoded, error) {
	var out Encoded
	attributes, carried := e.attributes(p.Attributes)
	out.Attributes = attributes
	carried = carried && e.shared(p.Resource, p.Scope) && plain(p.Name, p.Description, p.Unit) &&
		p.Start <= MaxTime && p.Time <= MaxTime
	if f, ok := p.Value.Data.(float64); ok {
		carried = carried && !math.IsNaN(f) && (f != 0 || !math.Signbit(f)) // not every database has both
	}
	if len(p.Metadata) > 0 {
		var lossless bool
		out.More[0], lossless = signal.AppendPlainJSON(nil, p.Metadata)
		carried = carried && lossless
	}
	if p.Distribution != nil {
		d, err := json.Marshal(p.Distribution) // refuses NaN and infinities
		out.More[1] = d
		carried = carried && err == nil
	}
	out.More[2] = JSONOf(p.Exemplars)
	if carried {
		return out, nil
	}
	var err error
	out.Raw, err = signal.MarshalPoint(p)
	return out, err
}

const (
	minBuffer = 8 << 10
	maxBuffer = 64 << 10
	// attributesRoom is more than most attributes take.
	attributesRoom = 2 << 10
)

// attributes appends to the common buffer; what was returned before stays valid. A full buffer is left
// for a new one, not copied to a bigger one.
func (e *Encoder) attributes(m signal.Map) (b []byte, carried bool) {
	if cap(e.buf)-len(e.buf) < attributesRoom {
		e.buf = make([]byte, 0, min(max(minBuffer, 2*cap(e.buf)), maxBuffer))
	}
	start := len(e.buf)
	e.buf, carried = signal.AppendPlainJSON(e.buf, m)
	return e.buf[start:len(e.buf):len(e.buf)], carried
}

// shared reports whether JSON carries a record's resource and scope.
func (e *Encoder) shared(r *signal.Resource, s *signal.Scope) bool {
	carried, known := e.resources[r]
	if !known {
		carried = r == nil || resourceCarried(r)
		e.resources[r] = carried
	}
	if !carried {
		return false
	}
	carried, known = e.scopes[s]
	if !known {
		carried = s == nil || scopeCarried(s)
		e.scopes[s] = carried
	}
	return carried
}

func resourceCarried(r *signal.Resource) bool {
	_, carried := signal.AppendPlainJSON(nil, r.Attributes)
	carried = carried && plain(r.SchemaURL)
	for _, entity := range r.Entities {
		carried = carried && plain(entity.Type, entity.SchemaURL) && plain(entity.IDKeys...) && plain(entity.DescriptionKeys...)
	}
	return carried
}

func scopeCarried(s *signal.Scope) bool {
	_, carried := signal.AppendPlainJSON(nil, s.Attributes)
	return carried && plain(s.Name, s.Version, s.SchemaURL)
}

// plain reports whether texts are valid UTF-8 without NUL, which every database carries.
func plain(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// JSONOf is the column of a list, nil for an empty one. Lists hold values of signal, which always have a JSON form.
func JSONOf[T any](list []T) []byte {
	if len(list) == 0 {
		return nil
	}
	b, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return b
}
