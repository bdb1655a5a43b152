package signal

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// SpanKind has OTLP's numbers.
type SpanKind int32

// The span kinds of OTLP.
const (
	KindUnspecified SpanKind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// StatusCode has OTLP's numbers.
type StatusCode int32

// The status codes of OTLP.
const (
	StatusUnset StatusCode = iota
	StatusOK
	StatusError
)

// Severity thresholds of the OpenTelemetry log data model.
const (
	SeverityWarn  int32 = 13
	SeverityError int32 = 17
	SeverityFatal int32 = 21
)

// Span is one received span. Resource and Scope are shared between records of one delivery and
// are never changed.
type Span struct {
	ID         ID        `json:"id"`
	ReceivedAt Nanos     `json:"received_at,omitempty"`
	Resource   *Resource `json:"resource"`
	Scope      *Scope    `json:"scope,omitempty"`

	TraceID           TraceID    `json:"trace_id"`
	SpanID            SpanID     `json:"span_id"`
	ParentSpanID      SpanID     `json:"parent_span_id,omitempty"`
	TraceState        string     `json:"trace_state,omitempty"`
	Flags             uint32     `json:"flags,omitempty"`
	Name              string     `json:"name"`
	Kind              SpanKind   `json:"kind,omitempty"`
	Start             Nanos      `json:"start"`
	End               Nanos      `json:"end"`
	StatusCode        StatusCode `json:"status_code,omitempty"`
	StatusMessage     string     `json:"status_message,omitempty"`
	Attributes        Map        `json:"attributes,omitempty"`
	DroppedAttributes uint32     `json:"dropped_attributes,omitempty"`
	Events            []Event    `json:"events,omitempty"`
	DroppedEvents     uint32     `json:"dropped_events,omitempty"`
	Links             []Link     `json:"links,omitempty"`
	DroppedLinks      uint32     `json:"dropped_links,omitempty"`
}

// Event is a span event; exceptions are events named "exception".
type Event struct {
	Time              Nanos  `json:"time"`
	Name              string `json:"name"`
	Attributes        Map    `json:"attributes,omitempty"`
	DroppedAttributes uint32 `json:"dropped_attributes,omitempty"`
}

// Link points to another span, mostly of another trace.
type Link struct {
	TraceID           TraceID `json:"trace_id"`
	SpanID            SpanID  `json:"span_id"`
	TraceState        string  `json:"trace_state,omitempty"`
	Flags             uint32  `json:"flags,omitempty"`
	Attributes        Map     `json:"attributes,omitempty"`
	DroppedAttributes uint32  `json:"dropped_attributes,omitempty"`
}

// Service is the service that recorded the span.
func (s *Span) Service() string { return s.Resource.Service() }

// Log is one received log record. Body is a Value (see Map).
type Log struct {
	ID         ID        `json:"id"`
	ReceivedAt Nanos     `json:"received_at,omitempty"`
	Resource   *Resource `json:"resource"`
	Scope      *Scope    `json:"scope,omitempty"`

	TraceID           TraceID `json:"trace_id,omitempty"`
	SpanID            SpanID  `json:"span_id,omitempty"`
	Flags             uint32  `json:"flags,omitempty"`
	Time              Nanos   `json:"time,omitempty"`
	ObservedTime      Nanos   `json:"observed_time,omitempty"`
	Severity          int32   `json:"severity,omitempty"`
	SeverityText      string  `json:"severity_text,omitempty"`
	EventName         string  `json:"event_name,omitempty"`
	Body              Value   `json:"body,omitzero"`
	Attributes        Map     `json:"attributes,omitempty"`
	DroppedAttributes uint32  `json:"dropped_attributes,omitempty"`
}

// Service is the service that wrote the record, else the one that it is about.
func (l *Log) Service() string {
	if s := l.Resource.Service(); s != semconv.UnknownService {
		return s
	}
	return SubjectOf(l.Attributes, l.Body, l.Resource.Host())
}

// SubjectOf is the service that a log record is about of whose resource none is known.
func SubjectOf(attributes Map, body Value, host string) string {
	if e, ok := PlatformEventOf(body); ok && e.Subject != "" {
		return Name(e.Subject)
	}
	if s, ok := SegmentOf(body); ok {
		return Name(s.Name)
	}
	fields, structured := body.Data.(Map)
	if !structured {
		fields = attributes
	}
	if s := semconv.Subject(fields, body.Str(), host); s != "" {
		return Name(s)
	}
	if s := semconv.Service(attributes); s != "" {
		return Name(s)
	}
	return semconv.UnknownService
}

// PlatformEventOf reads a body that is an event of Kubernetes or Docker: an object, JSON, or a line as Docker
// prints it.
func PlatformEventOf(body Value) (e semconv.PlatformEvent, ok bool) {
	if fields, structured := body.Data.(Map); structured {
		return semconv.PlatformEventOf(fields)
	}
	text := body.Str()
	if !slices.ContainsFunc(semconv.EventMarks, func(mark string) bool { return strings.Contains(text, mark) }) {
		return semconv.PlatformEvent{}, false
	}
	if !strings.HasPrefix(text, "{") {
		return semconv.PlatformEventInLine(text)
	}
	parsed, err := ParsePlainValue([]byte(text))
	fields, structured := parsed.Data.(Map)
	if err != nil || !structured {
		return semconv.PlatformEvent{}, false
	}
	return semconv.PlatformEventOf(fields)
}

// EventTime is the record's own time, else when it was observed, else when it was received.
func (l *Log) EventTime() Nanos {
	switch {
	case l.Time != 0:
		return l.Time
	case l.ObservedTime != 0:
		return l.ObservedTime
	default:
		return l.ReceivedAt
	}
}

// MetricType has OTLP's names.
type MetricType string

// The metric types of OTLP.
const (
	MetricGauge                MetricType = "gauge"
	MetricSum                  MetricType = "sum"
	MetricHistogram            MetricType = "histogram"
	MetricExponentialHistogram MetricType = "exponential_histogram"
	MetricSummary              MetricType = "summary"
)

// Point is one metric data point together with its metric's description.
type Point struct {
	ID         ID        `json:"id"`
	ReceivedAt Nanos     `json:"received_at,omitempty"`
	Resource   *Resource `json:"resource"`
	Scope      *Scope    `json:"scope,omitempty"`

	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Unit        string     `json:"unit,omitempty"`
	Metadata    Map        `json:"metadata,omitempty"`
	Type        MetricType `json:"type"`
	Temporality int32      `json:"temporality,omitempty"` // OTLP's number; sums and histograms
	Monotonic   bool       `json:"monotonic,omitempty"`

	Attributes Map    `json:"attributes,omitempty"`
	Start      Nanos  `json:"start,omitempty"`
	Time       Nanos  `json:"time"`
	Flags      uint32 `json:"flags,omitempty"`

	// Value is the point of a gauge or sum: int64, float64, or empty where the point has none.
	Value Value `json:"value,omitzero"`
	// Distribution is the point of the other types.
	Distribution *Distribution `json:"distribution,omitempty"`
	Exemplars    []Exemplar    `json:"exemplars,omitempty"`
}

// Service is the service that recorded the point.
func (p *Point) Service() string { return p.Resource.Service() }

// Distribution is the data of a histogram, exponential histogram or summary point.
type Distribution struct {
	Count         uint64     `json:"count"`
	Sum           *float64   `json:"sum,omitempty"`
	Min           *float64   `json:"min,omitempty"`
	Max           *float64   `json:"max,omitempty"`
	Bounds        []float64  `json:"bounds,omitempty"`
	Buckets       []uint64   `json:"buckets,omitempty"`
	Scale         int32      `json:"scale,omitempty"`
	ZeroCount     uint64     `json:"zero_count,omitempty"`
	ZeroThreshold float64    `json:"zero_threshold,omitempty"`
	Positive      Buckets    `json:"positive,omitzero"`
	Negative      Buckets    `json:"negative,omitzero"`
	Quantiles     []Quantile `json:"quantiles,omitempty"`
}

// Buckets is one side of an exponential histogram.
type Buckets struct {
	Offset int32    `json:"offset,omitempty"`
	Counts []uint64 `json:"counts,omitempty"`
}

// IsZero reports whether the side is empty.
func (b Buckets) IsZero() bool { return b.Offset == 0 && len(b.Counts) == 0 }

// Quantile is one quantile of a summary.
type Quantile struct {
	Quantile float64 `json:"quantile"`
	Value    float64 `json:"value"`
}

// Exemplar is an example measurement; Value is int64 or float64.
type Exemplar struct {
	Time       Nanos   `json:"time"`
	Value      Value   `json:"value,omitzero"`
	TraceID    TraceID `json:"trace_id,omitempty"`
	SpanID     SpanID  `json:"span_id,omitempty"`
	Attributes Map     `json:"attributes,omitempty"`
}
