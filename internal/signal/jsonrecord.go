package signal

import (
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"
)

// The JSON form of records is lossless. One whose text or numbers JSON cannot carry (invalid
// UTF-8 in a name, NaN in a histogram) is written as its OTLP bytes.

type (
	plainSpan  Span
	plainLog   Log
	plainPoint Point
)

// otlpRecord is a record that JSON cannot carry.
type otlpRecord struct {
	ID         ID     `json:"id"`
	ReceivedAt Nanos  `json:"received_at,omitempty"`
	OTLP       []byte `json:"otlp"`
}

// MarshalJSON writes the fields of the struct, or id, received_at and otlp.
func (s *Span) MarshalJSON() ([]byte, error) {
	if s.jsonCarries() {
		return json.Marshal((*plainSpan)(s))
	}
	b, err := MarshalSpan(s)
	if err != nil {
		return nil, err
	}
	return json.Marshal(otlpRecord{s.ID, s.ReceivedAt, b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Span) UnmarshalJSON(b []byte) error {
	read := struct {
		*plainSpan
		OTLP []byte `json:"otlp"`
	}{plainSpan: &plainSpan{}}
	if err := json.Unmarshal(b, &read); err != nil {
		return fmt.Errorf("span: %w", err)
	}
	if read.OTLP == nil {
		*s = Span(*read.plainSpan)
		return nil
	}
	span, err := UnmarshalSpan(read.OTLP)
	if err != nil {
		return err
	}
	span.ID, span.ReceivedAt = read.ID, read.ReceivedAt
	*s = *span
	return nil
}

// MarshalJSON writes the fields of the struct, or id, received_at and otlp.
func (l *Log) MarshalJSON() ([]byte, error) {
	if l.jsonCarries() {
		return json.Marshal((*plainLog)(l))
	}
	b, err := MarshalLog(l)
	if err != nil {
		return nil, err
	}
	return json.Marshal(otlpRecord{l.ID, l.ReceivedAt, b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Log) UnmarshalJSON(b []byte) error {
	read := struct {
		*plainLog
		OTLP []byte `json:"otlp"`
	}{plainLog: &plainLog{}}
	if err := json.Unmarshal(b, &read); err != nil {
		return fmt.Errorf("log record: %w", err)
	}
	if read.OTLP == nil {
		*l = Log(*read.plainLog)
		return nil
	}
	log, err := UnmarshalLog(read.OTLP)
	if err != nil {
		return err
	}
	log.ID, log.ReceivedAt = read.ID, read.ReceivedAt
	*l = *log
	return nil
}

// MarshalJSON writes the fields of the struct, or id, received_at and otlp.
func (p *Point) MarshalJSON() ([]byte, error) {
	if p.jsonCarries() {
		return json.Marshal((*plainPoint)(p))
	}
	b, err := MarshalPoint(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(otlpRecord{p.ID, p.ReceivedAt, b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Point) UnmarshalJSON(b []byte) error {
	read := struct {
		*plainPoint
		OTLP []byte `json:"otlp"`
	}{plainPoint: &plainPoint{}}
	if err := json.Unmarshal(b, &read); err != nil {
		return fmt.Errorf("data point: %w", err)
	}
	if read.OTLP == nil {
		*p = Point(*read.plainPoint)
		return nil
	}
	point, err := UnmarshalPoint(read.OTLP)
	if err != nil {
		return err
	}
	point.ID, point.ReceivedAt = read.ID, read.ReceivedAt
	*p = *point
	return nil
}

func (s *Span) jsonCarries() bool {
	for i := range s.Events {
		if !utf8.ValidString(s.Events[i].Name) {
			return false
		}
	}
	for i := range s.Links {
		if !utf8.ValidString(s.Links[i].TraceState) {
			return false
		}
	}
	return validTexts(s.Name, s.TraceState, s.StatusMessage) && s.Resource.jsonCarries() && s.Scope.jsonCarries()
}

func (l *Log) jsonCarries() bool {
	return validTexts(l.SeverityText, l.EventName) && l.Resource.jsonCarries() && l.Scope.jsonCarries()
}

func (p *Point) jsonCarries() bool {
	return validTexts(p.Name, p.Description, p.Unit) && p.Distribution.jsonCarries() &&
		p.Resource.jsonCarries() && p.Scope.jsonCarries()
}

func (r *Resource) jsonCarries() bool {
	if r == nil {
		return true
	}
	for _, e := range r.Entities {
		if !validTexts(e.Type, e.SchemaURL) || !validTexts(e.IDKeys...) || !validTexts(e.DescriptionKeys...) {
			return false
		}
	}
	return utf8.ValidString(r.SchemaURL)
}

func (s *Scope) jsonCarries() bool {
	return s == nil || validTexts(s.Name, s.Version, s.SchemaURL)
}

func (d *Distribution) jsonCarries() bool {
	if d == nil {
		return true
	}
	for _, f := range []*float64{d.Sum, d.Min, d.Max, &d.ZeroThreshold} {
		if f != nil && !finite(*f) {
			return false
		}
	}
	for _, q := range d.Quantiles {
		if !finite(q.Quantile) || !finite(q.Value) {
			return false
		}
	}
	for _, f := range d.Bounds {
		if !finite(f) {
			return false
		}
	}
	return true
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func validTexts(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return false
		}
	}
	return true
}
