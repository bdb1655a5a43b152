package record

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Parser reads columns that need parsing and keeps the first error. It keeps none of the bytes.
type Parser struct{ Err error }

// TraceID reads a column of hex; empty for the zero ID.
func (p *Parser) TraceID(b []byte) (id signal.TraceID) {
	p.Keep(id.UnmarshalText(b))
	return id
}

// SpanID reads a column of hex; empty for the zero ID.
func (p *Parser) SpanID(b []byte) (id signal.SpanID) {
	p.Keep(id.UnmarshalText(b))
	return id
}

// Attributes reads a JSON object as AppendPlainJSON wrote it; nil for NULL.
func (p *Parser) Attributes(b []byte) signal.Map {
	if len(b) == 0 {
		return nil
	}
	m, err := signal.ParsePlainJSON(b)
	p.Keep(err)
	return m
}

// JSON reads a JSON column into a value, which NULL leaves as it is.
func (p *Parser) JSON(b []byte, into any) {
	if b != nil {
		p.Keep(json.Unmarshal(b, into))
	}
}

// Body reads the body of a log record: nil for none.
func (p *Parser) Body(b []byte, isJSON bool) (body signal.Value) {
	switch {
	case b == nil:
		return body
	case isJSON:
		var err error
		body, err = signal.ParsePlainValue(b)
		p.Keep(err)
		return body
	default:
		return signal.Value{Data: string(b)}
	}
}

// Keep notes an error.
func (p *Parser) Keep(err error) {
	if p.Err == nil {
		p.Err = err
	}
}

// Failed is what went wrong with a stored record; nil where nothing did.
func (p *Parser) Failed(what string, id signal.ID) error {
	if p.Err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("stored %s %s cannot be read", what, id), p.Err)
}
