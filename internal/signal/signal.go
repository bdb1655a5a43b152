// Package signal holds spans, log records and metric points as the product sees them.
//
// It knows OpenTelemetry's pdata and of this project only semconv, which says what attributes mean. A value read back
// from a store equals the value that was received; nothing here interprets or repairs it.
package signal

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// ID is the identity of a stored signal: 128 bits of SHA-256 over tenant, resource, scope and
// record, plus the ordinal among equal records of one request. Equal deliveries have equal IDs.
type ID [16]byte

// TraceID is a W3C trace ID. The zero value means "no trace".
type TraceID [16]byte

// SpanID is a W3C span ID. The zero value means "no span".
type SpanID [8]byte

// String returns 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the identity has not been computed.
func (id ID) IsZero() bool { return id == ID{} }

// String returns 32 lower-case hex digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// IsZero reports whether there is no trace.
func (t TraceID) IsZero() bool { return t == TraceID{} }

// String returns 16 lower-case hex digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether there is no span.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// ParseID reads 32 hex digits of either case.
func ParseID(s string) (id ID, err error) { err = parseHex(id[:], s); return id, err }

// ParseTraceID reads 32 hex digits of either case.
func ParseTraceID(s string) (t TraceID, err error) { err = parseHex(t[:], s); return t, err }

// ParseSpanID reads 16 hex digits of either case.
func ParseSpanID(s string) (id SpanID, err error) { err = parseHex(id[:], s); return id, err }

func parseHex(dst []byte, s string) error {
	if len(s) != 2*len(dst) {
		return fmt.Errorf("want %d hex digits, got %d characters", 2*len(dst), len(s))
	}
	if _, err := hex.Decode(dst, []byte(s)); err != nil {
		return fmt.Errorf("want %d hex digits: %w", 2*len(dst), err)
	}
	return nil
}

// MarshalText makes the ID a hex string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// MarshalText makes the ID a hex string in JSON; a zero ID is empty.
func (t TraceID) MarshalText() ([]byte, error) { return hexText(t[:], t.IsZero()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *TraceID) UnmarshalText(b []byte) error { return parseText(t[:], b) }

// MarshalText makes the ID a hex string in JSON; a zero ID is empty.
func (s SpanID) MarshalText() ([]byte, error) { return hexText(s[:], s.IsZero()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *SpanID) UnmarshalText(b []byte) error { return parseText(s[:], b) }

func hexText(id []byte, zero bool) []byte {
	if zero {
		return []byte{}
	}
	return hex.AppendEncode(nil, id)
}

func parseText(dst, b []byte) error {
	if len(b) == 0 {
		clear(dst)
		return nil
	}
	return parseHex(dst, string(b))
}

// Nanos is a time as OTLP carries it: unsigned nanoseconds since the Unix epoch, 0 for "not set".
type Nanos uint64

// Time returns the instant in UTC.
func (n Nanos) Time() time.Time {
	return time.Unix(int64(n/1e9), int64(n%1e9)).UTC() //nolint:gosec // n/1e9 fits an int64
}

// NanosOf returns t; times before 1970 become 0.
func NanosOf(t time.Time) Nanos {
	if n := t.UnixNano(); n > 0 {
		return Nanos(n)
	}
	return 0
}

// Resource is what produced a signal.
type Resource struct {
	Attributes        Map         `json:"attributes,omitempty"`
	DroppedAttributes uint32      `json:"dropped_attributes,omitempty"`
	SchemaURL         string      `json:"schema_url,omitempty"`
	Entities          []EntityRef `json:"entities,omitempty"`
}

// EntityRef names an entity that a resource is about; its keys are those of resource attributes.
type EntityRef struct {
	Type            string   `json:"type"`
	SchemaURL       string   `json:"schema_url,omitempty"`
	IDKeys          []string `json:"id_keys,omitempty"`
	DescriptionKeys []string `json:"description_keys,omitempty"`
}

// Scope is the instrumentation scope of a signal.
type Scope struct {
	Name              string `json:"name,omitempty"`
	Version           string `json:"version,omitempty"`
	Attributes        Map    `json:"attributes,omitempty"`
	DroppedAttributes uint32 `json:"dropped_attributes,omitempty"`
	SchemaURL         string `json:"schema_url,omitempty"`
}

// maxName bounds, in bytes, a name by which the product refers to something.
const maxName = 256

// Name is a name, or its beginning where somebody put a whole text into it.
func Name(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "…"
}

// Service is the name of the resource's service, bounded by Name, or "unknown_service" as the
// OpenTelemetry specification has it.
func (r *Resource) Service() string {
	if r != nil {
		if s := semconv.Service(r.Attributes); s != "" {
			return Name(s)
		}
	}
	return semconv.UnknownService
}

// Host is the machine that the resource runs on.
func (r *Resource) Host() string {
	if r == nil {
		return ""
	}
	return Name(semconv.Host(r.Attributes))
}

// Version is the version of the resource's service.
func (r *Resource) Version() string {
	if r == nil {
		return ""
	}
	return Name(semconv.ServiceVersion(r.Attributes))
}

// Language is the language that the service is instrumented in, as the SDK names it.
func (r *Resource) Language() string {
	if r == nil {
		return ""
	}
	return Name(semconv.Language(r.Attributes))
}

// Namespace tells services of one name apart, "" where the resource has none.
func (r *Resource) Namespace() string {
	if r == nil {
		return ""
	}
	return Name(semconv.ServiceNamespace(r.Attributes))
}

// Cluster is the cluster that the resource's service is deployed to.
func (r *Resource) Cluster() string {
	if r == nil {
		return ""
	}
	return Name(semconv.Cluster(r.Attributes))
}

// Environment is where the resource's service is deployed.
func (r *Resource) Environment() string {
	if r == nil {
		return ""
	}
	return Name(semconv.Environment(r.Attributes))
}
