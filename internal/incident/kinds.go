// Package incident is the shared vocabulary of analysis: the case that goes in, the
// classification, observations, candidates and report that come out, and the incident they
// belong to. It is pure data with pure functions; it does no I/O and decides no root cause.
package incident

// Kind says what sort of thing started a failure.
type Kind string

// The kinds of docs/verdict.md section 4. KindUnknown stands where the verdict is abstained.
const (
	KindResource   Kind = "resource"
	KindDependency Kind = "dependency"
	KindEdge       Kind = "edge"
	KindSlow       Kind = "slow"
	KindCode       Kind = "code"
	KindUnknown    Kind = "unknown"
)

// Category is the reason of a root cause, the most specific that evidence supports.
type Category string

// All categories of docs/verdict.md section 7.
const (
	CategoryTimeout                 Category = "timeout"
	CategoryDependencyUnavailable   Category = "dependency_unavailable"
	CategoryConnectionPoolExhausted Category = "connection_pool_exhausted"
	CategoryDatabaseLock            Category = "database_lock"
	CategoryDatabaseError           Category = "database_error"
	CategoryResourceCPU             Category = "resource_cpu"
	CategoryResourceMemory          Category = "resource_memory"
	CategoryResourceDisk            Category = "resource_disk"
	CategoryNetwork                 Category = "network"
	CategoryCodeException           Category = "code_exception"
	CategoryBadData                 Category = "bad_data"
	CategoryAuthentication          Category = "authentication"
	CategoryAuthorization           Category = "authorization"
	CategoryRateLimited             Category = "rate_limited"
	CategoryCertificate             Category = "certificate"
	CategoryDNS                     Category = "dns"
	CategoryCapacity                Category = "capacity"
	CategoryUnknown                 Category = "unknown"
)

// Class is the part of a root signature that says how the identity failed (section 8).
type Class string

// The classes of docs/verdict.md section 8.
const (
	ClassUnavailable Class = "unavailable"
	ClassTimeout     Class = "timeout"
	ClassData        Class = "data"
	ClassResource    Class = "resource"
	ClassRefused     Class = "refused"
	ClassException   Class = "exception"
	ClassSlow        Class = "slow"
)

// Trigger says what set a root cause off; a field of its own, not a category.
type Trigger string

// The triggers of docs/verdict.md section 7.
const (
	TriggerChange    Trigger = "change"
	TriggerTraffic   Trigger = "traffic"
	TriggerExternal  Trigger = "external"
	TriggerNoneFound Trigger = "none_found"
)

// Outcome says what a failing trace meant to its caller (section 9).
type Outcome string

// The outcomes of a trace. Recovered traces are dismissed.
const (
	OutcomeFailed    Outcome = "failed"
	OutcomeDegraded  Outcome = "degraded"
	OutcomeUnknown   Outcome = "unknown"
	OutcomeRecovered Outcome = "recovered"
)

// Severity of an incident (section 9).
type Severity string

// The severities, highest first.
const (
	SeverityCritical Severity = "critical"
	SeverityHigh     Severity = "high"
	SeverityMedium   Severity = "medium"
	SeverityLow      Severity = "low"
)

// FailureState is the state of a failure.
type FailureState string

// The states of a failure.
const (
	FailureWaiting    FailureState = "waiting"
	FailureClassified FailureState = "classified"
	FailureDismissed  FailureState = "dismissed"
)

// DismissReason says why a failure is none.
type DismissReason string

// The reasons for which classification dismisses a failure (section 2, 9).
const (
	DismissClientError DismissReason = "client_error" // only 4xx that are the caller's business
	DismissRecovered   DismissReason = "recovered"
	DismissUserLeft    DismissReason = "user_left"
	DismissRoutine     DismissReason = "routine" // an error that was there before, in a request that failed of something else
	// DismissTraced is the reason where each record of an error without a trace is a copy of one with a trace
	// (section 12).
	DismissTraced  DismissReason = "reported_with_trace"
	DismissNoError DismissReason = "no_error" // nothing in the stored trace is an error by the rules
)

// Status is the state of an incident.
type Status string

// The states of an incident.
const (
	StatusOpen      Status = "open"
	StatusResolved  Status = "resolved"
	StatusRegressed Status = "regressed"
)

// Verdict of a report.
type Verdict string

// The verdicts.
const (
	VerdictRootCause Verdict = "root_cause"
	VerdictAbstained Verdict = "abstained"
)

// Ref names one stored record: span:<trace_id>/<span_id>, log:<log_id>, metric:<point_id>,
// change:<id>.
type Ref string
