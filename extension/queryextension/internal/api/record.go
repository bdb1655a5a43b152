package api

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Record is one stored signal as readable JSON. Kind tells which of the fields it has.
type Record struct {
	Kind       store.SignalKind `json:"kind"`
	ID         signal.ID        `json:"id"`
	Ref        string           `json:"ref"`
	Service    string           `json:"service"`
	ReceivedAt Time             `json:"received_at,omitzero"`

	// Logs; Time also of metrics.
	Time         Time   `json:"time,omitzero"`
	ObservedTime Time   `json:"observed_time,omitzero"`
	Level        string `json:"level,omitempty"`
	Severity     int32  `json:"severity,omitempty"`
	SeverityText string `json:"severity_text,omitempty"`
	EventName    string `json:"event_name,omitempty"`
	Body         *Plain `json:"body,omitempty"`

	// Spans; Name and StartTime also of metrics, TraceID and SpanID also of logs.
	TraceID           string  `json:"trace_id,omitempty"`
	SpanID            string  `json:"span_id,omitempty"`
	ParentSpanID      string  `json:"parent_span_id,omitempty"`
	Name              string  `json:"name,omitempty"`
	SpanKind          string  `json:"span_kind,omitempty"`
	StartTime         Time    `json:"start_time,omitzero"`
	EndTime           Time    `json:"end_time,omitzero"`
	DurationNS        *int64  `json:"duration_ns,omitempty"`
	Status            *Status `json:"status,omitempty"`
	Events            []Event `json:"events,omitempty"`
	Links             []Link  `json:"links,omitempty"`
	TraceState        string  `json:"trace_state,omitempty"`
	DroppedEvents     uint32  `json:"dropped_events,omitempty"`
	DroppedLinks      uint32  `json:"dropped_links,omitempty"`
	Flags             uint32  `json:"flags,omitempty"`
	DroppedAttributes uint32  `json:"dropped_attributes,omitempty"`

	// Metrics.
	Type         signal.MetricType `json:"type,omitempty"`
	Unit         string            `json:"unit,omitempty"`
	Description  string            `json:"description,omitempty"`
	Temporality  string            `json:"temporality,omitempty"`
	Monotonic    bool              `json:"monotonic,omitempty"`
	Value        *Plain            `json:"value,omitempty"`
	Distribution *Distribution     `json:"distribution,omitempty"`
	Exemplars    []Exemplar        `json:"exemplars,omitempty"`
	Metadata     Attributes        `json:"metadata,omitempty"`

	Attributes Attributes `json:"attributes"`
	Resource   Attributes `json:"resource"`
	Scope      *Scope     `json:"scope,omitempty"`

	// Cut is set where the record takes more than an answer with many records has room for: its reference
	// resolves to all of it.
	Cut bool `json:"cut,omitempty"`
}

// Status is a span's status: unset, ok or error.
type Status struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
}

// Event is a span event.
type Event struct {
	Time       Time       `json:"time,omitzero"`
	Name       string     `json:"name"`
	Attributes Attributes `json:"attributes,omitempty"`
}

// Link is a link to another span.
type Link struct {
	TraceID    string     `json:"trace_id"`
	SpanID     string     `json:"span_id"`
	Attributes Attributes `json:"attributes,omitempty"`
}

// Scope is the instrumentation scope of a signal.
type Scope struct {
	Name       string     `json:"name,omitempty"`
	Version    string     `json:"version,omitempty"`
	Attributes Attributes `json:"attributes,omitempty"`
}

// Distribution is the data of a histogram, exponential histogram or summary point.
type Distribution struct {
	Count         uint64     `json:"count"`
	Sum           *Double    `json:"sum,omitempty"`
	Min           *Double    `json:"min,omitempty"`
	Max           *Double    `json:"max,omitempty"`
	Bounds        []Double   `json:"bounds,omitempty"`
	Buckets       []uint64   `json:"buckets,omitempty"`
	Scale         int32      `json:"scale,omitempty"`
	ZeroCount     uint64     `json:"zero_count,omitempty"`
	ZeroThreshold Double     `json:"zero_threshold,omitempty"`
	Positive      *Buckets   `json:"positive,omitempty"`
	Negative      *Buckets   `json:"negative,omitempty"`
	Quantiles     []Quantile `json:"quantiles,omitempty"`
}

// Buckets is one side of an exponential histogram.
type Buckets struct {
	Offset int32    `json:"offset"`
	Counts []uint64 `json:"counts"`
}

// Quantile is one quantile of a summary.
type Quantile struct {
	Quantile Double `json:"quantile"`
	Value    Double `json:"value"`
}

// Exemplar is an example measurement.
type Exemplar struct {
	Time       Time       `json:"time,omitzero"`
	Value      *Plain     `json:"value,omitempty"`
	TraceID    string     `json:"trace_id,omitempty"`
	SpanID     string     `json:"span_id,omitempty"`
	Attributes Attributes `json:"attributes,omitempty"`
}

// RecordOf renders one stored signal.
func RecordOf(r store.SignalRecord) Record {
	switch {
	case r.Span != nil:
		return spanRecord(r.Span)
	case r.Log != nil:
		return logRecord(r.Log)
	default:
		return pointRecord(r.Point)
	}
}

// recordsOf renders the records of an answer that has many.
func recordsOf(rs []store.SignalRecord) []Record {
	out := make([]Record, 0, len(rs))
	for _, r := range rs {
		out = append(out, RecordOf(r).capped())
	}
	return out
}

func spanRecord(s *signal.Span) Record {
	duration := int64(s.End - s.Start) //nolint:gosec // wraps to the negative duration meant
	r := Record{
		Kind: store.KindSpan, ID: s.ID, Service: s.Service(), ReceivedAt: Time(s.ReceivedAt),
		Ref:     "span:" + s.TraceID.String() + "/" + s.SpanID.String(),
		TraceID: s.TraceID.String(), SpanID: s.SpanID.String(), ParentSpanID: hexOrNone(s.ParentSpanID),
		Name: s.Name, SpanKind: SpanKindName(s.Kind), StartTime: Time(s.Start), EndTime: Time(s.End),
		Status:     &Status{Code: statusNames[s.StatusCode], Message: s.StatusMessage},
		TraceState: s.TraceState, Flags: s.Flags,
		DroppedAttributes: s.DroppedAttributes, DroppedEvents: s.DroppedEvents, DroppedLinks: s.DroppedLinks,
		Attributes: Attributes(s.Attributes), Resource: resourceOf(s.Resource), Scope: scopeOf(s.Scope),
	}
	if s.Start != 0 && s.End != 0 {
		r.DurationNS = &duration
	}
	for _, e := range s.Events {
		r.Events = append(r.Events, Event{Time: Time(e.Time), Name: e.Name, Attributes: Attributes(e.Attributes)})
	}
	for _, l := range s.Links {
		r.Links = append(r.Links, Link{
			TraceID: l.TraceID.String(), SpanID: l.SpanID.String(), Attributes: Attributes(l.Attributes),
		})
	}
	return r
}

func logRecord(l *signal.Log) Record {
	return Record{
		Kind: store.KindLog, ID: l.ID, Ref: "log:" + l.ID.String(), Service: l.Service(),
		ReceivedAt: Time(l.ReceivedAt), Time: Time(l.Time), ObservedTime: Time(l.ObservedTime),
		Level: LevelName(l.Severity), Severity: l.Severity, SeverityText: l.SeverityText,
		EventName: l.EventName, Body: plainOf(l.Body),
		TraceID: hexOrNone(l.TraceID), SpanID: hexOrNone(l.SpanID), Flags: l.Flags,
		DroppedAttributes: l.DroppedAttributes,
		Attributes:        Attributes(l.Attributes), Resource: resourceOf(l.Resource), Scope: scopeOf(l.Scope),
	}
}

func pointRecord(p *signal.Point) Record {
	r := Record{
		Kind: store.KindMetric, ID: p.ID, Ref: "metric:" + p.ID.String(), Service: p.Service(),
		ReceivedAt: Time(p.ReceivedAt), Time: Time(p.Time), StartTime: Time(p.Start), Name: p.Name,
		Type: p.Type, Unit: p.Unit, Description: p.Description,
		Temporality: temporalityNames[p.Temporality], Monotonic: p.Monotonic, Flags: p.Flags,
		Value: plainOf(p.Value), Distribution: distributionOf(p.Distribution),
		Metadata:   Attributes(p.Metadata),
		Attributes: Attributes(p.Attributes), Resource: resourceOf(p.Resource), Scope: scopeOf(p.Scope),
	}
	for _, e := range p.Exemplars {
		r.Exemplars = append(r.Exemplars, Exemplar{
			Time: Time(e.Time), Value: plainOf(e.Value), TraceID: hexOrNone(e.TraceID),
			SpanID: hexOrNone(e.SpanID), Attributes: Attributes(e.Attributes),
		})
	}
	return r
}

func distributionOf(d *signal.Distribution) *Distribution {
	if d == nil {
		return nil
	}
	out := &Distribution{
		Count: d.Count, Sum: (*Double)(d.Sum), Min: (*Double)(d.Min), Max: (*Double)(d.Max),
		Buckets: d.Buckets, Scale: d.Scale, ZeroCount: d.ZeroCount, ZeroThreshold: Double(d.ZeroThreshold),
		Positive: bucketsOf(d.Positive), Negative: bucketsOf(d.Negative),
	}
	for _, b := range d.Bounds {
		out.Bounds = append(out.Bounds, Double(b))
	}
	for _, q := range d.Quantiles {
		out.Quantiles = append(out.Quantiles, Quantile{Quantile: Double(q.Quantile), Value: Double(q.Value)})
	}
	return out
}

func bucketsOf(b signal.Buckets) *Buckets {
	if b.IsZero() {
		return nil
	}
	return &Buckets{Offset: b.Offset, Counts: b.Counts}
}

func resourceOf(r *signal.Resource) Attributes {
	if r == nil {
		return nil
	}
	return Attributes(r.Attributes)
}

func scopeOf(s *signal.Scope) *Scope {
	if s == nil || (s.Name == "" && s.Version == "" && len(s.Attributes) == 0) {
		return nil
	}
	return &Scope{Name: s.Name, Version: s.Version, Attributes: Attributes(s.Attributes)}
}

func plainOf(v signal.Value) *Plain {
	if v.IsZero() {
		return nil
	}
	p := Plain(v)
	return &p
}

func hexOrNone(id interface {
	IsZero() bool
	String() string
}) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

var statusNames = map[signal.StatusCode]string{
	signal.StatusUnset: "unset", signal.StatusOK: "ok", signal.StatusError: "error",
}

var temporalityNames = map[int32]string{1: "delta", 2: "cumulative"}

var spanKindNames = map[signal.SpanKind]string{
	signal.KindInternal: "internal", signal.KindServer: "server", signal.KindClient: "client",
	signal.KindProducer: "producer", signal.KindConsumer: "consumer",
}

// SpanKindName is the lower-case name of a span kind, "" where it is unspecified.
func SpanKindName(k signal.SpanKind) string { return spanKindNames[k] }

// Levels are the names of the log severities, least first; each stands for four numbers.
var Levels = []string{"trace", "debug", "info", "warn", "error", "fatal"}

// LevelName is the upper-case name of a severity number, "" where it is unspecified.
func LevelName(severity int32) string {
	if severity < 1 || severity > 24 {
		return ""
	}
	return strings.ToUpper(Levels[(severity-1)/4])
}
