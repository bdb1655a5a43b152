package sqlite

import (
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// The columns of a record in the order in which it is decoded. The first is seq.
const (
	spanColumns = `seq, id, received_at, raw, resource, scope, trace_id, span_id, parent_span_id, name, kind,
		start_time, end_time, status_code, status_message, attributes, events, links, trace_state, flags,
		dropped_attributes, dropped_events, dropped_links`
	logColumns = `seq, id, received_at, raw, resource, scope, trace_id, span_id, log_time, observed_time, severity,
		severity_text, event_name, body, body_is_json, attributes, flags, dropped_attributes`
	pointColumns = `seq, id, received_at, raw, resource, scope, name, description, unit, metadata, type, temporality,
		monotonic, attributes, start_time, point_time, flags, value, distribution, exemplars`
)

// decoder turns rows of one day's tables into records, which share their resources and scopes.
type decoder struct {
	*view
	day       day
	resources map[int64]*signal.Resource
	scopes    map[int64]*signal.Scope
}

func (v *view) decoder(d day) *decoder {
	return &decoder{view: v, day: d, resources: map[int64]*signal.Resource{}, scopes: map[int64]*signal.Scope{}}
}

// head reads the columns up to scope. decoded is false where the record is in raw.
func (d *decoder) head(r *row) (h recordHead, err error) {
	h.seq = r.int()
	if h.id, err = signal.ParseID(r.text()); err != nil {
		return h, fmt.Errorf("record %d: id: %w", h.seq, err)
	}
	h.received = r.nanos()
	if h.otlp = slices.Clone(r.raw()); h.otlp != nil {
		return h, nil
	}
	if h.resource, err = d.resource(r.int()); err != nil {
		return h, err
	}
	if r.isNull() {
		r.skip()
		return h, nil
	}
	h.scope, err = d.scope(r.int())
	return h, err
}

// recordHead is what all records begin with. otlp is set where the record is read from its bytes.
type recordHead struct {
	seq      int64
	id       signal.ID
	received signal.Nanos
	otlp     []byte
	resource *signal.Resource
	scope    *signal.Scope
}

func (d *decoder) span(r *row) (*signal.Span, error) {
	h, err := d.head(r)
	if err != nil {
		return nil, err
	}
	if h.otlp != nil {
		s, err := record.UnmarshalSpan(h.otlp)
		if err == nil {
			s.ID, s.ReceivedAt = h.id, h.received
		}
		return s, err
	}
	s := &signal.Span{ID: h.id, ReceivedAt: h.received, Resource: h.resource, Scope: h.scope}
	var p parser
	s.TraceID, s.SpanID, s.ParentSpanID = p.trace(r), p.spanID(r), p.spanID(r)
	s.Name, s.Kind = r.text(), signal.SpanKind(r.int32())
	s.Start, s.End = r.nanos(), r.nanos()
	s.StatusCode, s.StatusMessage = signal.StatusCode(r.int32()), r.text()
	s.Attributes = p.attributes(r)
	p.json(r, &s.Events)
	p.json(r, &s.Links)
	s.TraceState, s.Flags = r.text(), r.uint32()
	s.DroppedAttributes, s.DroppedEvents, s.DroppedLinks = r.uint32(), r.uint32(), r.uint32()
	return s, p.failed("span", h)
}

func (d *decoder) log(r *row) (*signal.Log, error) {
	h, err := d.head(r)
	if err != nil {
		return nil, err
	}
	if h.otlp != nil {
		l, err := record.UnmarshalLog(h.otlp)
		if err == nil {
			l.ID, l.ReceivedAt = h.id, h.received
		}
		return l, err
	}
	l := &signal.Log{ID: h.id, ReceivedAt: h.received, Resource: h.resource, Scope: h.scope}
	var p parser
	l.TraceID, l.SpanID = p.trace(r), p.spanID(r)
	l.Time, l.ObservedTime = r.nanos(), r.nanos()
	l.Severity, l.SeverityText, l.EventName = r.int32(), r.text(), r.text()
	l.Body = p.Body(r.st.ColumnRawText(r.next()), r.bool())
	l.Attributes = p.attributes(r)
	l.Flags, l.DroppedAttributes = r.uint32(), r.uint32()
	return l, p.failed("log record", h)
}

func (d *decoder) point(r *row) (*signal.Point, error) {
	h, err := d.head(r)
	if err != nil {
		return nil, err
	}
	if h.otlp != nil {
		m, err := record.UnmarshalPoint(h.otlp)
		if err == nil {
			m.ID, m.ReceivedAt = h.id, h.received
		}
		return m, err
	}
	m := &signal.Point{ID: h.id, ReceivedAt: h.received, Resource: h.resource, Scope: h.scope}
	var p parser
	m.Name, m.Description, m.Unit = r.text(), r.text(), r.text()
	m.Metadata = p.attributes(r)
	m.Type, m.Temporality, m.Monotonic = signal.MetricType(r.text()), r.int32(), r.bool()
	m.Attributes = p.attributes(r)
	m.Start, m.Time, m.Flags = r.nanos(), r.nanos(), r.uint32()
	switch r.st.ColumnType(r.n) {
	case sqlite3.INTEGER:
		m.Value.Data = r.int()
	case sqlite3.FLOAT:
		m.Value.Data = r.st.ColumnFloat(r.next())
	default:
		r.skip()
	}
	if r.isNull() {
		r.skip()
	} else {
		m.Distribution = &signal.Distribution{}
		p.json(r, m.Distribution)
	}
	p.json(r, &m.Exemplars)
	return m, p.failed("data point", h)
}

// resource returns the row of the day's resources, shared by the records that have it.
func (d *decoder) resource(id int64) (*signal.Resource, error) {
	if r, ok := d.resources[id]; ok {
		return r, nil
	}
	res := &signal.Resource{}
	var p parser
	err := d.query("SELECT attributes, dropped_attributes, schema_url, entities FROM "+d.day.table(kindResources)+" WHERE id = ?", func(r *row) error {
		res.Attributes = p.attributes(r)
		res.DroppedAttributes, res.SchemaURL = r.uint32(), r.text()
		p.json(r, &res.Entities)
		return p.Err
	}, id)
	d.resources[id] = res
	return res, err
}

func (d *decoder) scope(id int64) (*signal.Scope, error) {
	if s, ok := d.scopes[id]; ok {
		return s, nil
	}
	sc := &signal.Scope{}
	var p parser
	err := d.query("SELECT name, version, attributes, dropped_attributes, schema_url FROM "+d.day.table(kindScopes)+" WHERE id = ?", func(r *row) error {
		sc.Name, sc.Version = r.text(), r.text()
		sc.Attributes = p.attributes(r)
		sc.DroppedAttributes, sc.SchemaURL = r.uint32(), r.text()
		return p.Err
	}, id)
	d.scopes[id] = sc
	return sc, err
}

// parser reads columns that need parsing and keeps the first error.
type parser struct{ record.Parser }

func (p *parser) trace(r *row) signal.TraceID  { return p.TraceID(r.st.ColumnRawText(r.next())) }
func (p *parser) spanID(r *row) signal.SpanID  { return p.SpanID(r.st.ColumnRawText(r.next())) }
func (p *parser) attributes(r *row) signal.Map { return p.Attributes(r.st.ColumnRawText(r.next())) }
func (p *parser) json(r *row, into any)        { p.JSON(r.st.ColumnRawText(r.next()), into) }

func (p *parser) failed(what string, h recordHead) error { return p.Failed(what, h.id) }
