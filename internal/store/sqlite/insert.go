package sqlite

import (
	"encoding/hex"
	"encoding/json"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// common is what every record has; its columns come first and last.
type common struct {
	resource int64
	scope    *int64
}

// common stores what a record shares with others. Where the database refuses that, the record keeps it
// in its OTLP bytes, from which it is read.
func (w *appending) common(r *signal.Resource, s *signal.Scope, e *record.Encoded, marshal func() ([]byte, error)) (c common, err error) {
	if c.resource, err = w.resource(r); err != nil {
		return c, err
	}
	if s != nil {
		scope, err := w.scope(s)
		if err != nil {
			return c, err
		}
		c.scope = &scope
	}
	if e.Raw == nil && (c.resource == 0 || c.scope != nil && *c.scope == 0) {
		e.Raw, err = marshal()
	}
	return c, err
}

func (c common) bind(b *binder, raw []byte) {
	b.int(c.resource)
	if c.scope == nil {
		b.null()
	} else {
		b.int(*c.scope)
	}
	b.blob(raw)
}

// begin binds the columns that all kinds begin with.
func (w *appending) begin(sql string, id signal.ID, time int64, service string) (*binder, error) {
	st, err := w.prepare(sql)
	if err != nil {
		return nil, err
	}
	b := &binder{st: st}
	b.int(w.nextSeq())
	b.text(w.tenant)
	b.text(id.String())
	b.int(w.received)
	b.int(time)
	b.text(service)
	return b, nil
}

func (w *appending) span(s *signal.Span, e *record.Encoded) error {
	otlp := func() ([]byte, error) { return signal.MarshalSpan(s) }
	c, err := w.common(s.Resource, s.Scope, e, otlp)
	if err != nil {
		return err
	}
	time := w.eventTime(s.Start)
	b, err := w.begin(w.spanSQL, s.ID, time, s.Service())
	if err != nil {
		return err
	}
	trace := hexID(s.TraceID[:], s.TraceID.IsZero())
	b.text(trace)
	b.text(hexID(s.SpanID[:], s.SpanID.IsZero()))
	b.text(hexID(s.ParentSpanID[:], s.ParentSpanID.IsZero()))
	b.text(s.Name)
	b.int(int64(s.Kind))
	b.int(record.Saturate(s.Start))
	b.int(record.Saturate(s.End))
	b.int(int64(s.StatusCode))
	b.text(s.StatusMessage)
	if peer := record.Peer(s); peer != "" {
		b.text(peer)
	} else {
		b.null()
	}
	if record.Refuses(s) {
		b.int(1)
	} else {
		b.null()
	}
	b.json(e.Attributes)
	b.json(e.More[0])
	b.json(e.More[1])
	b.text(s.TraceState)
	b.int(int64(s.Flags))
	b.int(int64(s.DroppedAttributes))
	b.int(int64(s.DroppedEvents))
	b.int(int64(s.DroppedLinks))
	c.bind(b, e.Raw)
	if trace != "" {
		w.records[tenantKey{w.tenant, trace}] = true
	}
	return w.insert(kindSpans, b, time, otlp)
}

func (w *appending) log(l *signal.Log, e *record.Encoded) error {
	otlp := func() ([]byte, error) { return signal.MarshalLog(l) }
	c, err := w.common(l.Resource, l.Scope, e, otlp)
	if err != nil {
		return err
	}
	time := w.eventTime(l.Time, l.ObservedTime)
	b, err := w.begin(w.logSQL, l.ID, time, l.Service())
	if err != nil {
		return err
	}
	in := e.Context
	trace := hexID(in.Trace[:], in.Trace.IsZero())
	b.text(trace)
	b.text(hexID(in.Span[:], in.Span.IsZero()))
	b.int(record.Saturate(l.Time))
	b.int(record.Saturate(l.ObservedTime))
	b.int(int64(l.Severity))
	b.text(l.SeverityText)
	b.text(l.EventName)
	_, text := l.Body.Data.(string)
	b.json(e.More[0])
	b.bool(!text && e.More[0] != nil)
	b.json(e.Attributes)
	b.int(int64(l.Flags))
	b.int(int64(l.DroppedAttributes))
	c.bind(b, e.Raw)
	if trace != "" {
		w.records[tenantKey{w.tenant, trace}] = true
	}
	return w.insert(kindLogs, b, time, otlp)
}

func (w *appending) point(p *signal.Point, e *record.Encoded) error {
	otlp := func() ([]byte, error) { return signal.MarshalPoint(p) }
	c, err := w.common(p.Resource, p.Scope, e, otlp)
	if err != nil {
		return err
	}
	time := w.eventTime(p.Time)
	b, err := w.begin(w.pointSQL, p.ID, time, p.Service())
	if err != nil {
		return err
	}
	b.text(p.Name)
	b.text(p.Description)
	b.text(p.Unit)
	b.json(e.More[0])
	b.text(string(p.Type))
	b.int(int64(p.Temporality))
	b.bool(p.Monotonic)
	b.json(e.Attributes)
	b.int(record.Saturate(p.Start))
	b.int(record.Saturate(p.Time))
	b.int(int64(p.Flags))
	switch v := p.Value.Data.(type) {
	case int64:
		b.int(v)
	case float64:
		b.real(v)
	default:
		b.null()
	}
	b.json(e.More[1])
	b.json(e.More[2])
	c.bind(b, e.Raw)
	return w.insert(kindPoints, b, time, otlp)
}

// errorSignals inserts the error signals of one request, equal ones numbered.
func (w *appending) errorSignals(signals []store.ErrorSignal) error {
	seen := map[store.ErrorSignal]int64{}
	for _, e := range signals {
		if !e.Time.IsCredible(signal.Nanos(w.received)) { //nolint:gosec // of this century
			e.Time = 0
		}
		st, err := w.prepare(w.errSQL)
		if err != nil {
			return err
		}
		b := &binder{st: st}
		b.int(w.nextSeq())
		b.text(w.tenant)
		b.text(e.Key)
		b.int(w.received)
		b.text(e.Kind)
		b.text(string(e.Ref))
		b.int(record.Saturate(e.Time))
		b.int(seen[e])
		b.int(int64(w.turns.Of(w.source, e.Service)))
		if err := w.insert(kindErrorSignals, b, w.eventTime(e.Time), func() ([]byte, error) { return json.Marshal(e) }); err != nil {
			return err
		}
		seen[e]++
		w.errors[tenantKey{w.tenant, e.Key}] = true
	}
	return nil
}

func (w *appending) change(ch *incident.Change) error {
	attributes, err := ch.Attributes.MarshalJSON()
	if err != nil {
		return err
	}
	st, err := w.prepare(w.changeSQL)
	if err != nil {
		return err
	}
	b, time := &binder{st: st}, w.eventTime(ch.Time)
	for _, column := range []any{w.nextSeq(), w.tenant, ch.ID, w.received, time, ch.Service, ch.Kind, ch.Version, ch.Title, ch.URL, string(attributes)} {
		b.any(column)
	}
	return w.insert(kindChanges, b, time, func() ([]byte, error) { return json.Marshal(ch) })
}

// eventTime is the first credible one of times, else the time of receipt.
func (w *appending) eventTime(times ...signal.Nanos) int64 {
	return record.Saturate(signal.EventTime(signal.Nanos(w.received), times...)) //nolint:gosec // of this century
}

// hexID is the column of a trace or span ID: "" for none.
func hexID(id []byte, zero bool) string {
	if zero {
		return ""
	}
	return hex.EncodeToString(id)
}
