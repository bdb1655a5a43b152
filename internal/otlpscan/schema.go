package otlpscan

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/cost"
)

// kind says what a field holds, as far as limits are concerned.
type kind uint8

const (
	other   kind = iota // a scalar or an ID: the decoder checks it
	text                // a string or bytes
	numbers             // a repeated scalar, packed or not
	nested              // a message
	dropped             // OTLP's count of attributes, events or links that were dropped
)

// role says which limit a nested message counts against.
type role uint8

const (
	plain role = iota
	group      // the records of one resource, or of one scope
	record
	owner // a resource, scope or metric: what is in it is cut as in a record
	attribute
	element
	event
	link
)

// field is one field of a message.
type field struct {
	kind     kind
	role     role
	repeated bool
	base64   bool     // in JSON
	width    int8     // of numbers: bytes of each at least
	limit    Limit    // of dropped: whose count it is
	message  *message // of nested
}

// message is a message of OTLP: its fields by protobuf number and by JSON name.
type message struct {
	size       int64 // memory that a decoded one takes without its texts, its place in the parent included
	fields     [17]field
	deprecated *field // with number 1000
	names      map[string]*field
	// attributes is the number of the attributes, and counts are those of the counts of what was
	// dropped, by what it was; 0 where there is none.
	attributes int
	counts     [limitCount]int
	countNames [limitCount]string
}

// def is a field with its number, and its JSON names separated by a space.
type def struct {
	number int
	names  string
	field  field
}

func newMessage(size int64, defs ...def) *message {
	m := &message{size: size}
	m.define(defs...)
	return m
}

func (m *message) define(defs ...def) {
	m.names = make(map[string]*field)
	for _, d := range defs {
		f := &d.field
		if d.number == deprecatedGroups {
			m.deprecated = f
		} else {
			m.fields[d.number] = d.field
			f = &m.fields[d.number]
		}
		for name := range strings.FieldsSeq(d.names) {
			m.names[name] = f
		}
		switch {
		case f.role == attribute:
			m.attributes = d.number
		case f.kind == dropped:
			m.counts[f.limit] = d.number
			m.countNames[f.limit], _, _ = strings.Cut(d.names, " ")
		}
	}
}

// field returns the field with the given number; one that is not known is of kind other.
func (m *message) field(number int32) *field {
	switch {
	case number < int32(len(m.fields)):
		return &m.fields[number]
	case number == deprecatedGroups && m.deprecated != nil:
		return m.deprecated
	}
	return &m.fields[0] // no field has the number 0
}

// deprecatedGroups is the number of a field of resources that holds scopes, as an old version had it.
const deprecatedGroups = 1000

// requests are the roots of the schema.
var requests = [...]*message{Traces: tracesRequest, Logs: logsRequest, Metrics: metricsRequest}

// Values are recursive, so that their fields are set in init.
var (
	anyValue   = &message{size: cost.Value.Decoded}
	arrayValue = &message{size: cost.Array.Decoded}
	kvlist     = &message{size: cost.List.Decoded}
	keyValue   = newMessage(cost.Attribute.Decoded,
		def{1, "key", field{kind: text}},
		def{2, "value", field{kind: nested, message: anyValue}},
	)
)

func init() {
	anyValue.define(
		def{1, "stringValue string_value", field{kind: text}},
		def{5, "arrayValue array_value", field{kind: nested, message: arrayValue}},
		def{6, "kvlistValue kvlist_value", field{kind: nested, message: kvlist}},
		def{7, "bytesValue bytes_value", field{kind: text, base64: true}},
	)
	arrayValue.define(def{1, "values", field{kind: nested, role: element, repeated: true, message: anyValue}})
	kvlist.define(def{1, "values", field{kind: nested, role: element, repeated: true, message: keyValue}})
}

var (
	attributesOf = func(number int, names string) def {
		return def{number, names, field{kind: nested, role: attribute, repeated: true, message: keyValue}}
	}
	countOf = func(number int, names string, l Limit) def {
		return def{number, names, field{kind: dropped, limit: l}}
	}
	textOf = func(number int, names string) def { return def{number, names, field{kind: text}} }

	entityRef = newMessage(96,
		textOf(1, "schemaUrl schema_url"), textOf(2, "type"),
		def{3, "idKeys id_keys", field{kind: text, role: element, repeated: true}},
		def{4, "descriptionKeys description_keys", field{kind: text, role: element, repeated: true}},
	)
	resource = newMessage(0,
		attributesOf(1, "attributes"), countOf(2, "droppedAttributesCount dropped_attributes_count", Attributes),
		def{3, "entityRefs entity_refs", field{kind: nested, role: element, repeated: true, message: entityRef}},
	)
	scope = newMessage(0,
		textOf(1, "name"), textOf(2, "version"),
		attributesOf(3, "attributes"), countOf(4, "droppedAttributesCount dropped_attributes_count", Attributes),
	)

	spanEvent = newMessage(cost.Event.Decoded,
		textOf(2, "name"),
		attributesOf(3, "attributes"), countOf(4, "droppedAttributesCount dropped_attributes_count", Attributes),
	)
	spanLink = newMessage(cost.Link.Decoded,
		textOf(3, "traceState trace_state"),
		attributesOf(4, "attributes"), countOf(5, "droppedAttributesCount dropped_attributes_count", Attributes),
	)
	spanStatus = newMessage(0, textOf(2, "message"))
	span       = newMessage(cost.Span.Decoded,
		textOf(3, "traceState trace_state"), textOf(5, "name"),
		attributesOf(9, "attributes"), countOf(10, "droppedAttributesCount dropped_attributes_count", Attributes),
		def{11, "events", field{kind: nested, role: event, repeated: true, message: spanEvent}},
		countOf(12, "droppedEventsCount dropped_events_count", Events),
		def{13, "links", field{kind: nested, role: link, repeated: true, message: spanLink}},
		countOf(14, "droppedLinksCount dropped_links_count", Links),
		def{15, "status", field{kind: nested, message: spanStatus}},
	)

	logRecord = newMessage(cost.LogRecord.Decoded,
		textOf(3, "severityText severity_text"),
		def{5, "body", field{kind: nested, message: anyValue}},
		attributesOf(6, "attributes"), countOf(7, "droppedAttributesCount dropped_attributes_count", Attributes),
		textOf(12, "eventName event_name"),
	)

	exemplar = newMessage(cost.Exemplar.Decoded, attributesOf(7, "filteredAttributes filtered_attributes"))
	buckets  = newMessage(0, def{2, "bucketCounts bucket_counts", field{kind: numbers, repeated: true, width: 1}})
	quantile = newMessage(cost.Quantile.Decoded)

	exemplarsOf = func(number int) def {
		return def{number, "exemplars", field{kind: nested, role: element, repeated: true, message: exemplar}}
	}
	numberPoint    = newMessage(cost.NumberPoint.Decoded, exemplarsOf(5), attributesOf(7, "attributes"))
	histogramPoint = newMessage(cost.HistogramPoint.Decoded,
		def{6, "bucketCounts bucket_counts", field{kind: numbers, repeated: true, width: 8}},
		def{7, "explicitBounds explicit_bounds", field{kind: numbers, repeated: true, width: 8}},
		exemplarsOf(8), attributesOf(9, "attributes"),
	)
	exponentialPoint = newMessage(cost.ExponentialPoint.Decoded,
		attributesOf(1, "attributes"),
		def{8, "positive", field{kind: nested, message: buckets}},
		def{9, "negative", field{kind: nested, message: buckets}},
		exemplarsOf(11),
	)
	summaryPoint = newMessage(cost.SummaryPoint.Decoded,
		def{6, "quantileValues quantile_values", field{kind: nested, role: element, repeated: true, message: quantile}},
		attributesOf(7, "attributes"),
	)

	dataOf = func(number int, names string, point *message) def {
		points := def{1, "dataPoints data_points", field{kind: nested, role: record, repeated: true, message: point}}
		return def{number, names, field{kind: nested, message: newMessage(cost.MetricData.Decoded, points)}}
	}
	metric = newMessage(cost.Metric.Decoded,
		textOf(1, "name"), textOf(2, "description"), textOf(3, "unit"),
		dataOf(5, "gauge", numberPoint),
		dataOf(7, "sum", numberPoint),
		dataOf(9, "histogram", histogramPoint),
		dataOf(10, "exponentialHistogram exponential_histogram", exponentialPoint),
		dataOf(11, "summary", summaryPoint),
		def{12, "metadata", field{kind: nested, role: element, repeated: true, message: keyValue}},
	)

	tracesRequest = requestOf("resourceSpans resource_spans", "scopeSpans scope_spans", "deprecatedScopeSpans deprecated_scope_spans",
		def{2, "spans", field{kind: nested, role: record, repeated: true, message: span}})
	logsRequest = requestOf("resourceLogs resource_logs", "scopeLogs scope_logs", "deprecatedScopeLogs deprecated_scope_logs",
		def{2, "logRecords log_records", field{kind: nested, role: record, repeated: true, message: logRecord}})
	metricsRequest = requestOf("resourceMetrics resource_metrics", "scopeMetrics scope_metrics", "deprecatedScopeMetrics deprecated_scope_metrics",
		def{2, "metrics", field{kind: nested, role: owner, repeated: true, message: metric}})
)

// requestOf returns the request whose resources and scopes have the given JSON names.
func requestOf(resources, scopes, deprecated string, records def) *message {
	groups := newMessage(cost.Scope.Decoded,
		def{1, "scope", field{kind: nested, role: owner, message: scope}},
		records,
		textOf(3, "schemaUrl schema_url"),
	)
	nestedGroups := field{kind: nested, role: group, repeated: true, message: groups}
	perResource := newMessage(cost.Resource.Decoded,
		def{1, "resource", field{kind: nested, role: owner, message: resource}},
		def{2, scopes, nestedGroups},
		textOf(3, "schemaUrl schema_url"),
		def{deprecatedGroups, deprecated, nestedGroups},
	)
	return newMessage(0, def{1, resources, field{kind: nested, role: group, repeated: true, message: perResource}})
}
