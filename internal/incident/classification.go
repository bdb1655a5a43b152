package incident

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Root is what a primary origin resolves to: what failed, how, and the key of its incident.
type Root struct {
	// Signature is the lower-case hex hash of Parts; the key of the incident within its tenant.
	Signature string         `json:"signature"`
	Parts     SignatureParts `json:"parts"`
	Kind      Kind           `json:"kind"`
	Service   string         `json:"service"`
	Component string         `json:"component"`
	Operation string         `json:"operation"`
	Category  Category       `json:"category"`
	Abstained bool           `json:"abstained,omitempty"`
	// Title is one line that names component and reason, without IDs.
	Title string `json:"title"`
	// Joins are keys of incidents that show as much of this failure's cause or more, the most telling first, and Takes
	// are keys of those that show less: a dependency's timeout joins its unavailability, and a wait of which a trace
	// shows nothing the one of which another shows where it went (section 8). An open incident with such a key and an
	// overlapping onset takes the failure, whichever was seen first; one of Takes goes on with this root.
	Joins []string `json:"joins,omitempty"`
	Takes []string `json:"takes,omitempty"`
	// KnownAs are keys by which the incident is found beside its signature, as long as it has this root.
	KnownAs []string `json:"known_as,omitempty"`
	// Variants are what the root may have in common with near-duplicates of it.
	Variants []Variant `json:"variants,omitempty"`
	// Origin is the evidence of the origin's error group.
	Origin []Ref        `json:"origin"`
	Onset  signal.Nanos `json:"onset"` // event time of the origin's first error
	// Errors and ErrorSignals count the error groups this origin explains (itself included) and
	// the error signals in them.
	Errors       int `json:"errors"`
	ErrorSignals int `json:"error_signals"`
	// Severity is what this failure alone makes of it; "" where only the outcome tells.
	Severity Severity `json:"severity,omitempty"`
	// Routine is the share of the error where it was there before; nil where it was not, or nothing is known.
	Routine *Routine `json:"routine,omitempty"`
}

// SharesCause reports whether a key of one of two roots leads to the other, or both are near-duplicates.
func (r Root) SharesCause(other Root) bool {
	return r.leadsTo(other) || other.leadsTo(r) || slices.ContainsFunc(r.Variants, func(v Variant) bool {
		return slices.Contains(other.variantSignatures(), v.Signature)
	})
}

func (r Root) variantSignatures() (signatures []string) {
	for _, v := range r.Variants {
		signatures = append(signatures, v.Signature)
	}
	return signatures
}

func (r Root) leadsTo(other Root) bool {
	leads := func(key string) bool { return slices.Contains(r.Joins, key) || slices.Contains(r.Takes, key) }
	return leads(other.Signature) || slices.ContainsFunc(other.KnownAs, leads)
}

// SignatureParts are the parts a root signature is the hash of, kept to show why failures were
// grouped.
type SignatureParts struct {
	Version     int      `json:"version"` // of the signature algorithm
	Environment string   `json:"environment"`
	Cluster     string   `json:"cluster,omitempty"`
	Kind        Kind     `json:"kind"`
	Identity    []string `json:"identity"`
	Class       Class    `json:"class"`
	// Strategy names what contributed the exception or message part: "frames", "exception_message",
	// "message", "operation", or "" where Identity needs none.
	Strategy string `json:"strategy,omitempty"`
}

// Classification is what the classifier derives from one failure.
type Classification struct {
	Key     string         `json:"key"`
	State   FailureState   `json:"state"` // classified or dismissed
	Reason  DismissReason  `json:"reason,omitempty"`
	TraceID signal.TraceID `json:"trace_id,omitempty"`
	// Roots has one entry per primary origin, in report order; several origins with one
	// signature are one entry. Empty when dismissed.
	Roots          []Root       `json:"roots,omitempty"`
	Outcome        Outcome      `json:"outcome"`
	EntryService   string       `json:"entry_service,omitempty"`
	EntryOperation string       `json:"entry_operation,omitempty"`
	Services       []string     `json:"services,omitempty"`     // sorted: those on the failed paths
	Environments   []string     `json:"environments,omitempty"` // sorted
	Versions       []string     `json:"versions,omitempty"`     // sorted "service@version" on the failed paths
	FirstError     signal.Nanos `json:"first_error"`
	LastError      signal.Nanos `json:"last_error"`
	// MissingParent tells that a span on a failed path names a parent that was not received.
	MissingParent bool `json:"missing_parent,omitempty"`
}
