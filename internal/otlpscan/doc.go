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
	"strings"
)

// Limits bound one request. They must be positive.
type Limits struct {
	// Records bounds the spans, log records or metric points of a request, and by three times as many its
	// resources, scopes and metrics.
	Records int `mapstructure:"records"`
	// DecodedBytes bounds the memory that the request takes once it is decoded, as estimated.
	DecodedBytes int64 `mapstructure:"decoded_bytes"`
	// RecordLimits bound each record.
	RecordLimits `mapstructure:",squash"`
}

// RecordLimits bound one record. They must be positive.
type RecordLimits struct {
	// Depth bounds how deep arrays and maps within a value are nested; a plain value has depth 1.
	Depth int `mapstructure:"nesting_depth"`
	// Attributes bounds those of a span, event, link, log record, metric point, exemplar, resource or
	// scope.
	Attributes int `mapstructure:"attributes"`
	// Elements bounds, over all values of a record, the elements of arrays and maps, and the buckets,
	// quantiles and exemplars of a metric point.
	Elements int `mapstructure:"elements"`
	// Events bounds the events of a span, and by themselves its links.
	Events int `mapstructure:"events"`
	// ValueBytes bounds one text or binary value.
	ValueBytes int `mapstructure:"value_bytes"`
}

// DefaultLimits returns limits that the largest honest telemetry known does not reach; the README of the
// request limiter says what that is.
func DefaultLimits() Limits {
	return Limits{
		Records:      250_000,
		DecodedBytes: 128 << 20,
		RecordLimits: RecordLimits{Depth: 64, Attributes: 1024, Elements: 100_000, Events: 10_000, ValueBytes: 1 << 20},
	}
}

// MaxDepth is the largest Depth: far below what exhausts the stack of a decoder.
const MaxDepth = 1000

// Check returns what is wrong with the limits, by their configuration keys.
func (l *Limits) Check() error {
	var errs []error
	if l.DecodedBytes <= 0 {
		errs = append(errs, errors.New("decoded_bytes: must be more than 0"))
	}
	return errors.Join(append(errs, CheckPositive("records", l.Records), l.RecordLimits.Check())...)
}

// Check returns what is wrong with the limits, by their configuration keys.
func (l *RecordLimits) Check() error {
	errs := []error{
		CheckPositive("nesting_depth", l.Depth), CheckPositive("attributes", l.Attributes), CheckPositive("elements", l.Elements),
		CheckPositive("events", l.Events), CheckPositive("value_bytes", l.ValueBytes),
	}
	if l.Depth > MaxDepth {
		errs = append(errs, fmt.Errorf("nesting_depth: must be at most %d, is %d", MaxDepth, l.Depth))
	}
	return errors.Join(errs...)
}

// CheckPositive returns an error that names the key if n is not positive.
func CheckPositive(key string, n int) error {
	if n <= 0 {
		return fmt.Errorf("%s: must be more than 0", key)
	}
	return nil
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

// LimitSet is a set of limits of records.
type LimitSet uint8

// Add puts a limit into the set.
func (s *LimitSet) Add(l Limit) { *s |= 1 << l }

// Has reports whether a limit is in the set.
func (s LimitSet) Has(l Limit) bool { return s&(1<<l) != 0 }

// String is the value of AttributeCut: the names, separated by commas.
func (s LimitSet) String() string {
	var names []string
	for _, l := range AllLimits() {
		if s.Has(l) {
			names = append(names, l.String())
		}
	}
	return strings.Join(names, ",")
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
