package postgres

import (
	"encoding/json"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// row is a record of a request with what is made of it before a connection is needed.
type row[R any] struct {
	record.Encoded
	record   R
	request  int // index of its batch
	resource [16]byte
	scope    *[16]byte
}

// errorRow is an error signal of a request.
type errorRow struct {
	store.ErrorSignal              // with the time that counts, by dateErrors
	sent              signal.Nanos // the time as sent
	turn              ledger.Turn
	request           int
	ordinal           int32 // among equal ones of the request, by dateErrors
}

// changeRow is a change of a request.
type changeRow struct {
	*incident.Change
	request    int
	attributes []byte
}

// table is what an append brings into one table.
type table struct {
	name    string
	columns string
	rows    int
	encode  func(c *copyRow, i int)
	time    func(i int) int64 // event time of a row, 0 for none
	request func(i int) int   // index of the batch that brought a row
	// original is a row's record, kept where the database refuses the row.
	original func(i int) ([]byte, error)
}

func (t *table) copySQL() string {
	return "COPY " + t.name + " (" + t.columns + ") FROM STDIN (FORMAT binary)"
}

// tables lists what is appended, in the order in which tables are locked.
func (a *appending) tables() []table {
	var list []table
	for _, t := range []table{a.spanTable(), a.logTable(), a.pointTable(), a.errorTable(), a.changeTable()} {
		if t.rows > 0 {
			list = append(list, t)
		}
	}
	return list
}

// head has the columns that all tables of records begin with.
func (a *appending) head(c *copyRow, columns int16, request int, id signal.ID, time int64, service string) {
	c.begin(columns)
	c.text(a.tenants[request])
	c.uuid(id)
	c.bigint(a.received.column())
	c.bigint(time)
	c.text(service)
}

// tail has the columns that they end with.
func (r *row[R]) tail(c *copyRow) {
	c.uuid(r.resource)
	c.uuidOrNull(r.scope)
	c.bytes(r.Raw)
}

// eventTime is the time by which a record is found: the first credible one of its own, else that of its receipt.
func (a *appending) eventTime(times ...signal.Nanos) int64 {
	return record.Saturate(signal.EventTime(signal.Nanos(a.received.nanos()), times...)) //nolint:gosec // of this century
}

func (a *appending) spanTable() table {
	rows := a.spans
	time := func(i int) int64 { return a.eventTime(rows[i].record.Start) }
	return table{
		name: "spans", rows: len(rows), time: time,
		columns: `tenant, id, received_at, time, service, trace_id, span_id, parent_span_id, name, kind, start_time, end_time,
			status_code, status_message, peer, refused, attributes, events, links, trace_state, flags,
			dropped_attributes, dropped_events, dropped_links, resource, scope, raw`,
		request:  func(i int) int { return rows[i].request },
		original: func(i int) ([]byte, error) { return signal.MarshalSpan(rows[i].record) },
		encode: func(c *copyRow, i int) {
			r := &rows[i]
			s := r.record
			c.unclean = r.Raw != nil
			a.head(c, 27, r.request, s.ID, time(i), s.Service())
			c.traceID(s.TraceID)
			c.hex(s.SpanID[:], s.SpanID.IsZero())
			c.hex(s.ParentSpanID[:], s.ParentSpanID.IsZero())
			c.text(s.Name)
			c.integer(int32(s.Kind))
			c.bigint(record.Saturate(s.Start))
			c.bigint(record.Saturate(s.End))
			c.integer(int32(s.StatusCode))
			c.text(s.StatusMessage)
			c.textOrNull(record.Peer(s))
			c.boolean(record.Refuses(s))
			c.bytes(r.Attributes)
			c.bytes(r.More[0])
			c.bytes(r.More[1])
			c.text(s.TraceState)
			c.bigint(int64(s.Flags))
			c.bigint(int64(s.DroppedAttributes))
			c.bigint(int64(s.DroppedEvents))
			c.bigint(int64(s.DroppedLinks))
			r.tail(c)
		},
	}
}

func (a *appending) logTable() table {
	rows := a.logs
	time := func(i int) int64 { return a.eventTime(rows[i].record.Time, rows[i].record.ObservedTime) }
	return table{
		name: "logs", rows: len(rows), time: time,
		columns: `tenant, id, received_at, time, service, trace_id, span_id, log_time, observed_time, severity, severity_text,
			event_name, body, body_is_json, attributes, flags, dropped_attributes, resource, scope, raw`,
		request:  func(i int) int { return rows[i].request },
		original: func(i int) ([]byte, error) { return signal.MarshalLog(rows[i].record) },
		encode: func(c *copyRow, i int) {
			r := &rows[i]
			l := r.record
			c.unclean = r.Raw != nil
			a.head(c, 20, r.request, l.ID, time(i), l.Service())
			c.traceID(r.Context.Trace)
			c.hex(r.Context.Span[:], r.Context.Span.IsZero())
			c.bigint(record.Saturate(l.Time))
			c.bigint(record.Saturate(l.ObservedTime))
			c.integer(l.Severity)
			c.text(l.SeverityText)
			c.text(l.EventName)
			body, isText := l.Body.Data.(string)
			if isText {
				c.text(body)
			} else {
				c.bytes(r.More[0])
			}
			c.boolean(!isText && r.More[0] != nil)
			c.bytes(r.Attributes)
			c.bigint(int64(l.Flags))
			c.bigint(int64(l.DroppedAttributes))
			r.tail(c)
		},
	}
}

func (a *appending) pointTable() table {
	rows := a.points
	time := func(i int) int64 { return a.eventTime(rows[i].record.Time) }
	return table{
		name: "metric_points", rows: len(rows), time: time,
		columns: `tenant, id, received_at, time, service, name, description, unit, metadata, type, temporality, monotonic,
			attributes, start_time, point_time, flags, int_value, value, distribution, exemplars, resource, scope, raw`,
		request:  func(i int) int { return rows[i].request },
		original: func(i int) ([]byte, error) { return signal.MarshalPoint(rows[i].record) },
		encode: func(c *copyRow, i int) {
			r := &rows[i]
			p := r.record
			c.unclean = r.Raw != nil
			a.head(c, 23, r.request, p.ID, time(i), p.Service())
			c.text(p.Name)
			c.text(p.Description)
			c.text(p.Unit)
			c.bytes(r.More[0])
			c.text(string(p.Type))
			c.integer(p.Temporality)
			c.boolean(p.Monotonic)
			c.bytes(r.Attributes)
			c.bigint(record.Saturate(p.Start))
			c.bigint(record.Saturate(p.Time))
			c.bigint(int64(p.Flags))
			c.value(p.Value)
			c.bytes(r.More[1])
			c.bytes(r.More[2])
			r.tail(c)
		},
	}
}

func (a *appending) errorTable() table {
	rows := a.errors
	return table{
		name: "error_signals", rows: len(rows), // their xid is the database's
		columns:  "tenant, key, received_at, kind, ref, time, ordinal, turn",
		time:     func(i int) int64 { return a.eventTime(rows[i].Time) },
		request:  func(i int) int { return rows[i].request },
		original: func(i int) ([]byte, error) { return json.Marshal(rows[i].ErrorSignal) },
		encode: func(c *copyRow, i int) {
			r := &rows[i]
			c.unclean = true
			c.begin(8)
			c.text(a.tenants[r.request])
			c.text(r.Key)
			c.bigint(a.received.column())
			c.text(r.Kind)
			c.text(string(r.Ref))
			c.bigint(record.Saturate(r.Time))
			c.integer(r.ordinal)
			c.integer(int32(r.turn))
		},
	}
}

func (a *appending) changeTable() table {
	rows := a.changes
	return table{
		name: "changes", rows: len(rows),
		columns:  "tenant, id, received_at, time, service, kind, version, title, url, attributes",
		time:     func(i int) int64 { return a.eventTime(rows[i].Time) },
		request:  func(i int) int { return rows[i].request },
		original: func(i int) ([]byte, error) { return json.Marshal(rows[i].Change) },
		encode: func(c *copyRow, i int) {
			r := &rows[i]
			c.unclean = true
			c.begin(10)
			c.text(a.tenants[r.request])
			c.text(r.ID)
			c.bigint(a.received.column())
			c.bigint(a.eventTime(r.Time))
			for _, s := range []string{r.Service, r.Kind, r.Version, r.Title, r.URL} {
				c.text(s)
			}
			c.bytes(r.attributes)
		},
	}
}

func (c *copyRow) traceID(id signal.TraceID) {
	if id.IsZero() {
		c.null()
		return
	}
	c.uuid(id)
}

// value has the columns int_value and value.
func (c *copyRow) value(v signal.Value) {
	switch v := v.Data.(type) {
	case int64:
		c.bigint(v)
		c.double(float64(v))
	case float64:
		c.null()
		c.double(v)
	default:
		c.null()
		c.null()
	}
}
