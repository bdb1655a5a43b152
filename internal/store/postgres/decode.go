package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// The columns of a record in the order in which it is decoded.
const (
	spanColumns = `id, received_at, raw, resource, scope, trace_id, span_id, parent_span_id, name, kind,
		start_time, end_time, status_code, status_message, attributes, events, links, trace_state, flags,
		dropped_attributes, dropped_events, dropped_links`
	logColumns = `id, received_at, raw, resource, scope, trace_id, span_id, log_time, observed_time, severity,
		severity_text, event_name, body, body_is_json, attributes, flags, dropped_attributes`
	pointColumns = `id, received_at, raw, resource, scope, name, description, unit, metadata, type, temporality,
		monotonic, attributes, start_time, point_time, flags, int_value, value, distribution, exemplars`
)

// decoder turns rows into records. Resources and scopes are shared by the records that name them,
// and are filled in when the rows have been read.
type decoder struct {
	resources map[pgtype.UUID]*signal.Resource
	scopes    map[pgtype.UUID]*signal.Scope
	// missing are those not filled in yet, and the days on which they were stored.
	missing struct {
		resources, scopes []pgtype.UUID
		days              []time.Time
	}
}

func newDecoder() *decoder {
	return &decoder{resources: map[pgtype.UUID]*signal.Resource{}, scopes: map[pgtype.UUID]*signal.Scope{}}
}

// read calls each with the record of every row of a query for a kind's columns, those of extra
// before them. The records are complete when it returns.
func (d *decoder) read(ctx context.Context, tx pgx.Tx, k *kind, each func(store.SignalRecord), extra []any, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := k.decode(d, rows, extra)
		if err != nil {
			return err
		}
		each(r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return d.fill(ctx, tx)
}

// head is what all records begin with. raw is set where the record is read from its bytes.
type head struct {
	id       signal.ID
	received time.Time
	raw      pgtype.DriverBytes
	resource pgtype.UUID
	scope    pgtype.UUID
}

// scan reads a row: extra columns, the head, and the others.
func (h *head) scan(rows pgx.Rows, extra []any, others ...any) error {
	return rows.Scan(slices.Concat(extra, []any{(*[16]byte)(&h.id), &h.received, &h.raw, &h.resource, &h.scope}, others)...)
}

func (h *head) receivedAt() signal.Nanos { return signal.NanosOf(h.received) }

func (d *decoder) span(rows pgx.Rows, extra []any) (r store.SignalRecord, err error) {
	var h head
	var trace pgtype.UUID
	var id, parent, attributes, events, links pgtype.DriverBytes
	s := &signal.Span{}
	if err := h.scan(rows, extra, &trace, &id, &parent, &s.Name, (*int32)(&s.Kind),
		(*uint64)(&s.Start), (*uint64)(&s.End), (*int32)(&s.StatusCode), &s.StatusMessage, &attributes, &events, &links, &s.TraceState, &s.Flags,
		&s.DroppedAttributes, &s.DroppedEvents, &s.DroppedLinks); err != nil {
		return r, err
	}
	var p record.Parser
	if h.raw != nil {
		s, err = record.UnmarshalSpan(h.raw)
		p.Keep(err)
	} else {
		s.Resource, s.Scope = d.resource(&h), d.scope(&h)
		s.TraceID, s.SpanID, s.ParentSpanID = trace.Bytes, p.SpanID(id), p.SpanID(parent)
		s.Attributes = p.Attributes(attributes)
		p.JSON(events, &s.Events)
		p.JSON(links, &s.Links)
	}
	if err := p.Failed("span", h.id); err != nil {
		return r, err
	}
	s.ID, s.ReceivedAt = h.id, h.receivedAt()
	return store.SignalRecord{Span: s}, nil
}

func (d *decoder) log(rows pgx.Rows, extra []any) (r store.SignalRecord, err error) {
	var h head
	var trace pgtype.UUID
	var span, body, attributes pgtype.DriverBytes
	var structured bool
	l := &signal.Log{}
	if err := h.scan(rows, extra, &trace, &span, (*uint64)(&l.Time), (*uint64)(&l.ObservedTime), &l.Severity,
		&l.SeverityText, &l.EventName, &body, &structured, &attributes, &l.Flags, &l.DroppedAttributes); err != nil {
		return r, err
	}
	var p record.Parser
	if h.raw != nil {
		l, err = record.UnmarshalLog(h.raw)
		p.Keep(err)
	} else {
		l.Resource, l.Scope = d.resource(&h), d.scope(&h)
		l.TraceID, l.SpanID = trace.Bytes, p.SpanID(span)
		l.Body = p.Body(body, structured)
		l.Attributes = p.Attributes(attributes)
	}
	if err := p.Failed("log record", h.id); err != nil {
		return r, err
	}
	l.ID, l.ReceivedAt = h.id, h.receivedAt()
	return store.SignalRecord{Log: l}, nil
}

func (d *decoder) point(rows pgx.Rows, extra []any) (r store.SignalRecord, err error) {
	var h head
	var metadata, attributes, distribution, exemplars pgtype.DriverBytes
	var integer *int64
	var double *float64
	m := &signal.Point{}
	if err := h.scan(rows, extra, &m.Name, &m.Description, &m.Unit, &metadata, (*string)(&m.Type), &m.Temporality,
		&m.Monotonic, &attributes, (*uint64)(&m.Start), (*uint64)(&m.Time), &m.Flags, &integer, &double, &distribution, &exemplars); err != nil {
		return r, err
	}
	var p record.Parser
	if h.raw != nil {
		m, err = record.UnmarshalPoint(h.raw)
		p.Keep(err)
	} else {
		m.Resource, m.Scope = d.resource(&h), d.scope(&h)
		m.Metadata, m.Attributes = p.Attributes(metadata), p.Attributes(attributes)
		switch {
		case integer != nil:
			m.Value.Data = *integer
		case double != nil:
			m.Value.Data = *double
		}
		p.JSON(distribution, &m.Distribution)
		p.JSON(exemplars, &m.Exemplars)
	}
	if err := p.Failed("data point", h.id); err != nil {
		return r, err
	}
	m.ID, m.ReceivedAt = h.id, h.receivedAt()
	return store.SignalRecord{Point: m}, nil
}

func (d *decoder) resource(h *head) *signal.Resource {
	r, ok := d.resources[h.resource]
	if !ok {
		r = &signal.Resource{}
		d.resources[h.resource] = r
		d.missing.resources = append(d.missing.resources, h.resource)
		d.missed(h)
	}
	return r
}

// scope is nil where the record has none.
func (d *decoder) scope(h *head) *signal.Scope {
	if !h.scope.Valid {
		return nil
	}
	s, ok := d.scopes[h.scope]
	if !ok {
		s = &signal.Scope{}
		d.scopes[h.scope] = s
		d.missing.scopes = append(d.missing.scopes, h.scope)
		d.missed(h)
	}
	return s
}

func (d *decoder) missed(h *head) {
	if day := h.received.UTC().Truncate(24 * time.Hour); !slices.Contains(d.missing.days, day) {
		d.missing.days = append(d.missing.days, day)
	}
}

// fill reads the resources and scopes that records were found to have.
func (d *decoder) fill(ctx context.Context, tx pgx.Tx) error {
	missing := d.missing
	d.missing.resources, d.missing.scopes, d.missing.days = nil, nil, nil
	if err := d.fillResources(ctx, tx, missing.resources, missing.days); err != nil {
		return err
	}
	return d.fillScopes(ctx, tx, missing.scopes, missing.days)
}

func (d *decoder) fillResources(ctx context.Context, tx pgx.Tx, ids []pgtype.UUID, days []time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT id, attributes, dropped_attributes, schema_url, entities
		FROM resources WHERE id = ANY($1) AND day = ANY($2::date[])`, ids, days)
	if err != nil {
		return err
	}
	var p record.Parser
	var id pgtype.UUID
	var read signal.Resource
	var attributes, entities pgtype.DriverBytes
	_, err = pgx.ForEachRow(rows, []any{&id, &attributes, &read.DroppedAttributes, &read.SchemaURL, &entities}, func() error {
		read.Attributes, read.Entities = p.Attributes(attributes), nil
		p.JSON(entities, &read.Entities)
		*d.resources[id] = read
		return p.Failed("resource", id.Bytes)
	})
	return err
}

func (d *decoder) fillScopes(ctx context.Context, tx pgx.Tx, ids []pgtype.UUID, days []time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT id, name, version, attributes, dropped_attributes, schema_url
		FROM scopes WHERE id = ANY($1) AND day = ANY($2::date[])`, ids, days)
	if err != nil {
		return err
	}
	var p record.Parser
	var id pgtype.UUID
	var read signal.Scope
	var attributes pgtype.DriverBytes
	_, err = pgx.ForEachRow(rows, []any{&id, &read.Name, &read.Version, &attributes, &read.DroppedAttributes, &read.SchemaURL}, func() error {
		read.Attributes = p.Attributes(attributes)
		*d.scopes[id] = read
		return p.Failed("scope", id.Bytes)
	})
	return err
}
