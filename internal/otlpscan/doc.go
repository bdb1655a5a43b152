// Package otlpscan walks an OTLP request as it came, protobuf or JSON, before a decoder sees it, and
// holds it to limits. The decoders of OpenTelemetry recurse as deep as the input says and allocate for
// every message of it, even an empty one; this walk does neither.
//
// A record over a limit is cut to it, and says so in AttributeCut and in OTLP's own counts of what was
// dropped. Its neighbours stay byte for byte as they came. A request is refused only if it cannot be
// read, or if there is too much of it as a whole.
package otlpscan

import (
	"errors"
	"fmt"
)

// Limits bound one request. They must be positive.
type Limits struct {
	// Records bounds the spans, log records or metric points of a request, and by themselves its
	// resources, scopes and metrics.
	Records int
	// DecodedBytes bounds the memory that the request takes once it is decoded, as estimated.
	DecodedBytes int64
	// Depth bounds how deep arrays and maps within a value are nested; a plain value has depth 1.
	Depth int
	// Attributes bounds those of a span, event, link, log record, metric point, exemplar, resource or
	// scope.
	Attributes int
	// Elements bounds, over all values of a record, the elements of arrays and maps, and the buckets,
	// quantiles and exemplars of a metric point.
	Elements int
	// Events bounds the events of a span, and by themselves its links.
	Events int
	// ValueBytes bounds one text or binary value.
	ValueBytes int
}

// Signal is what a request carries.
type Signal int

// The signals of OTLP.
const (
	Traces Signal = iota
	Logs
	Metrics
)

// String returns the name of the signal in configurations and metrics.
func (s Signal) String() string { return [...]string{"traces", "logs", "metrics"}[s] }

// AttributeCut is the attribute of a record, resource or scope that was cut: the limits it exceeded,
// separated by commas.
const AttributeCut = "prodsentinel.cut"

// TooDeep is the text that replaces a value nested deeper than Limits.Depth.
const TooDeep = "[cut: nested too deep]"

// Result describes a request that was not refused.
type Result struct {
	// Body is the request as given, or a copy without what was cut.
	Body []byte
	// Records counts the spans, log records or metric points in Body.
	Records int
	// DecodedBytes estimates the memory that the decoded request takes.
	DecodedBytes int64
	// Cut counts, by exceeded limit, the records, resources and scopes that were cut. A record that
	// exceeds two limits counts under both.
	Cut [limitCount]int
	// Dropped counts records left out as a whole: metric points with too many buckets, and records
	// with more to cut than is worth it.
	Dropped int
}

// Limit names one of the limits of a record.
type Limit int

// The limits to which a record is cut, by the names of their configuration keys.
const (
	Depth Limit = iota
	Attributes
	Elements
	Events
	Links
	ValueBytes
	limitCount
)

// String returns the name that AttributeCut and metrics use.
func (l Limit) String() string {
	return [...]string{"nesting_depth", "attributes", "elements", "events", "links", "value_bytes"}[l]
}

// AllLimits lists the limits in the order in which AttributeCut names them.
func AllLimits() []Limit { return []Limit{Depth, Attributes, Elements, Events, Links, ValueBytes} }

// ErrMalformed is why a request cannot be read.
var ErrMalformed = errors.New("the request is not valid OTLP")

// TooLargeError is why a request is refused that could be read: there is too much of it.
type TooLargeError struct {
	What string // the limit's configuration key
	Max  int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the request is larger than %s allows (%d): send it in smaller parts", e.What, e.Max)
}
