package sqlite

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// encoded is what of a record is made before the writer is needed. raw is set where the columns
// cannot carry the record.
type encoded struct {
	attributes []byte
	more       [3][]byte // further JSON columns, nil for NULL
	raw        []byte
}

// encoder makes JSON columns. One buffer serves many records.
type encoder struct {
	buf       []byte
	resources map[*signal.Resource]bool // whether JSON carries it
	scopes    map[*signal.Scope]bool
}

func newEncoder() *encoder {
	return &encoder{resources: map[*signal.Resource]bool{}, scopes: map[*signal.Scope]bool{}}
}

func (e *encoder) span(s *signal.Span) (encoded, error) {
	var out encoded
	attributes, carried := e.attributes(s.Attributes)
	out.attributes = attributes
	carried = carried && e.shared(s.Resource, s.Scope) && plain(s.Name, s.StatusMessage, s.TraceState) &&
		s.Start <= maxTime && s.End <= maxTime
	for i := range s.Events {
		carried = carried && plain(s.Events[i].Name)
	}
	for i := range s.Links {
		carried = carried && plain(s.Links[i].TraceState)
	}
	out.more[0] = jsonOf(s.Events)
	out.more[1] = jsonOf(s.Links)
	if carried {
		return out, nil
	}
	var err error
	out.raw, err = signal.MarshalSpan(s)
	return out, err
}

func (e *encoder) log(l *signal.Log) (encoded, error) {
	var out encoded
	attributes, carried := e.attributes(l.Attributes)
	out.attributes = attributes
	carried = carried && e.shared(l.Resource, l.Scope) && plain(l.SeverityText, l.EventName) &&
		l.Time <= maxTime && l.ObservedTime <= maxTime
	switch body := l.Body.Data.(type) {
	case nil:
	case string:
		out.more[0] = []byte(body)
		carried = carried && plain(body)
	default:
		var lossless bool
		out.more[0], lossless = signal.AppendPlainValue(nil, l.Body)
		carried = carried && lossless
	}
	if carried {
		return out, nil
	}
	var err error
	out.raw, err = signal.MarshalLog(l)
	return out, err
}

func (e *encoder) point(p *signal.Point) (encoded, error) {
	var out encoded
	attributes, carried := e.attributes(p.Attributes)
	out.attributes = attributes
	carried = carried && e.shared(p.Resource, p.Scope) && plain(p.Name, p.Description, p.Unit) &&
		p.Start <= maxTime && p.Time <= maxTime
	if f, ok := p.Value.Data.(float64); ok {
		carried = carried && !math.IsNaN(f) && (f != 0 || !math.Signbit(f)) // SQLite has neither
	}
	if len(p.Metadata) > 0 {
		var lossless bool
		out.more[0], lossless = signal.AppendPlainJSON(nil, p.Metadata)
		carried = carried && lossless
	}
	if p.Distribution != nil {
		d, err := json.Marshal(p.Distribution) // refuses NaN and infinities
		out.more[1] = d
		carried = carried && err == nil
	}
	out.more[2] = jsonOf(p.Exemplars)
	if carried {
		return out, nil
	}
	var err error
	out.raw, err = signal.MarshalPoint(p)
	return out, err
}

// attributes appends to the common buffer; what was returned before stays valid.
func (e *encoder) attributes(m signal.Map) (b []byte, carried bool) {
	start := len(e.buf)
	e.buf, carried = signal.AppendPlainJSON(e.buf, m)
	return e.buf[start:len(e.buf):len(e.buf)], carried
}

// shared tells whether JSON carries a record's resource and scope.
func (e *encoder) shared(r *signal.Resource, s *signal.Scope) bool {
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

// plain tells whether texts are valid UTF-8 without NUL, at which SQLite's functions stop.
func plain(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// jsonOf is nil for an empty list. Lists hold values of signal, which always have a JSON form.
func jsonOf[T any](list []T) []byte {
	if len(list) == 0 {
		return nil
	}
	b, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return b
}

// digest identifies a row of resources or scopes by its columns.
func digest(columns ...[]byte) []byte {
	h := sha256.New()
	for _, c := range columns {
		h.Write(binary.AppendUvarint(nil, uint64(len(c))))
		h.Write(c)
	}
	return h.Sum(nil)
}

// refuses tells whether a serving span answered that the caller may not ask.
func refuses(s *signal.Span) bool {
	if s.Kind != signal.KindServer && s.Kind != signal.KindConsumer {
		return false
	}
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if code, ok := s.Attributes.Int(key); ok {
			return code == 401 || code == 403 || code == 407
		}
	}
	for _, key := range []string{"rpc.response.status_code", "rpc.grpc.status_code"} {
		if code, ok := s.Attributes.Int(key); ok {
			return code == 7 || code == 16
		}
		if name := s.Attributes.Str(key); name != "" {
			return name == "PERMISSION_DENIED" || name == "UNAUTHENTICATED"
		}
	}
	return false
}

// hexID is the column of a trace or span ID: "" for none.
func hexID(id []byte, zero bool) string {
	if zero {
		return ""
	}
	return hex.EncodeToString(id)
}
