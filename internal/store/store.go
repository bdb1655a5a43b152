// Package store is the contract of what ProdSentinel keeps: append-only signals, and failures,
// incidents, cases and analyses with their leases. Backends live below it (sqlite, postgres) and
// pass one conformance suite (storetest). The store is the truth; nothing here derives a verdict.
package store

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: no such record, incident or revision.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the store cannot commit now; the same call may succeed later.
	ErrUnavailable = errors.New("store unavailable")
	// ErrLostLease: another worker has taken the work over; the result was not saved.
	ErrLostLease = errors.New("lease lost")
	// ErrTooMuch: a search would read more than it may; a narrower one succeeds.
	ErrTooMuch = errors.New("the search takes too long: narrow its time range, or name a service or a trace")
	// ErrInUse: another process has the store, which only one may have at a time.
	ErrInUse = errors.New("in use by another process")
	// ErrInvalidCursor: the cursor was not made by this listing.
	ErrInvalidCursor = errors.New("invalid cursor")
)

// Store is implemented by every backend. All methods are safe for concurrent use. Every method
// but Append and Close may return ErrUnavailable (wrapped) when the backend cannot be reached.
// tenant is "" where tenancy is off.
//
// What a backend can do at a time is divided into shares, none of which can hold up the others: one
// for Append, one for work, one for pages and one for searches. Calls are work, and wait as long as
// their context lasts, unless the context was made by ForReader. A reader's calls are pages;
// SearchSignals, Services, and ListIncidents by service or text are searches, which may go through much
// of what is stored. Readers that wait take turns by peer. A reader's call that would have to wait
// behind too many others or for too long returns ErrBusy; a search that goes through too much,
// ErrTooMuch. The place of a call whose context ends is free at once.
type Store interface {
	Writer
	Failures
	Incidents
	Signals
	Sweeper
	Minutes
	Agents
	Notifications

	// Status counts what is stored; cheap enough to be polled every few seconds.
	Status(ctx context.Context) (Status, error)
	// Condition is the backend's, as its calls found it. It never waits.
	Condition() Condition
	// Close releases the backend after running calls have returned.
	io.Closer
}

// Writer appends signals.
type Writer interface {
	// Append commits all batches in one transaction, each with its error signals, and returns
	// one result per batch. It returns nil only after the batches are durable. A record the
	// backend refuses for its data is quarantined with its bytes and counted in the batch's
	// result; it never fails its neighbours. On error (ErrUnavailable or a cancelled context)
	// nothing is stored. Records whose identity is stored already may be stored again; reads
	// collapse them. A failure whose key gets a new error signal, or whose trace gets any new
	// record, is made waiting in the same transaction. Without batches it reports whether the store
	// can be written.
	Append(ctx context.Context, batches []Batch) ([]AppendResult, error)
	// Appenders is how many Appends side by side the backend gains from, at least 1.
	Appenders() int
}

// Batch is what one request brought. Identities are already set.
type Batch struct {
	Tenant string
	// Source is who sent it: its failures are claimed in turn with those of others.
	Source  string
	Spans   []*signal.Span
	Logs    []*signal.Log
	Points  []*signal.Point
	Errors  []ErrorSignal
	Changes []incident.Change
}

// ErrorSignal is one row of error_signals: a candidate, which classification may dismiss.
type ErrorSignal struct {
	Key     string // the failure's key, see failure.TraceKey and failure.UntracedKey
	Kind    string // span, event or log
	Ref     incident.Ref
	Time    signal.Nanos // event time
	Service string       // whose turn the failure is claimed in; not stored
}

// AppendResult is the outcome of one batch.
type AppendResult struct {
	Quarantined int
}

// FailureHint is what a failure event or the sweep knows of a failure. All but Tenant and Key is
// a hint; what is true is derived from stored signals.
type FailureHint struct {
	Tenant string
	Key    string
	// Urgent asks to classify a waiting failure now: it becomes due, whatever it was postponed
	// to, and is claimed with Urgent set.
	Urgent bool
}

// Failure is one claimed failure.
type Failure struct {
	Tenant  string
	Key     string
	TraceID signal.TraceID // zero where the failure has no trace
	Source  int32          // who sent it, as a bucket
	// FirstError and LastError are receipt times of its first and newest error signal.
	FirstError, LastError time.Time
	// LastReceived is the receipt time of the newest record of its trace (of its error signals
	// where it has no trace).
	LastReceived time.Time
	// WaitingSince is the receipt time of the oldest record that no classification has seen:
	// FirstError at first, later that of the record which made the failure waiting again. The
	// wait for quiet is bounded from it.
	WaitingSince time.Time
	// Urgent tells that a user asked for it (FailureHint.Urgent); cleared by SaveClassifications.
	Urgent bool
	// Attempts counts leases that this failure had alone and that ran out without a result since its
	// last classification: its trace crashes or stalls workers.
	Attempts     int
	ErrorSignals int
	// Version changes whenever the failure is made waiting; SaveClassifications compares it.
	Version int64
	Lease   Lease
}

// Postponed is a claimed failure that is given up until a time.
type Postponed struct {
	Failure Failure
	Until   time.Time
}

// Lease is the right to work on one item until it expires. Owner names the claim that took it, and no
// other: work is saved under it as long as no other claim has taken the item over.
type Lease struct {
	Owner string
	Until time.Time // by the store's clock, when it was claimed
}

// FailureView is a failure as the API shows it.
type FailureView struct {
	Key            string                 `json:"key"`
	TraceID        signal.TraceID         `json:"trace_id,omitempty"`
	State          incident.FailureState  `json:"state"`
	Reason         incident.DismissReason `json:"reason,omitempty"`
	Outcome        incident.Outcome       `json:"outcome,omitempty"`
	EntryService   string                 `json:"entry_service,omitempty"`
	EntryOperation string                 `json:"entry_operation,omitempty"`
	FirstError     time.Time              `json:"first_error"` // event time
	LastError      time.Time              `json:"last_error"`  // event time
	ErrorSignals   int                    `json:"error_signals"`
	Incidents      []string               `json:"incidents,omitempty"`
}

// Failures is the queue of failing traces and what became of them.
type Failures interface {
	// UpsertFailures records failures as waiting. A hint whose key has no stored error signal is
	// not accepted (its index is missing from the result); one whose failure exists and has no
	// error signal newer than its classification changes nothing (beyond Urgent) and is accepted.
	UpsertFailures(ctx context.Context, hints []FailureHint) (accepted []int, err error)
	// ClaimFailures leases up to limit waiting failures that are due (not postponed, no live
	// lease) to owner for the given time: urgent ones first, then in turns by who sent them and by
	// service, half of them the newest and half the oldest of a turn, so that no flood keeps the
	// others or a new cause waiting. It may claim fewer than are due, but none only if none is. One
	// whose lease ran out is leased alone from then on, until it has a result: what stopped its worker
	// may have been a neighbour.
	ClaimFailures(ctx context.Context, owner string, lease time.Duration, limit int) ([]Failure, error)
	// RenewFailures lets the leases of claimed failures last for the given time from now on; those
	// that another claim has taken over, or that have ended, are left alone.
	RenewFailures(ctx context.Context, claimed []Failure, lease time.Duration) error
	// Postpone gives claimed failures up, each until its time: without an attempt. One that became
	// urgent since it was claimed stays due; one whose lease was lost is left alone.
	Postpone(ctx context.Context, given []Postponed) error
	// SaveClassifications stores the result of each claimed failure, opens or updates the
	// incidents of its roots, links them, and counts the triggers (incident.Wanted) of section 9
	// of the design by policy. A failure whose Version moved meanwhile stays waiting; its result
	// is stored all the same. One whose lease was lost is skipped. It returns the incidents that
	// changed.
	SaveClassifications(ctx context.Context, results []Classified, policy incident.Policy) ([]IncidentChange, error)
	// Reopen makes classified failures of traces waiting again that something explains which was received after
	// them, as long as late signals of theirs count: the newest 1,000 of each. It returns how many.
	Reopen(ctx context.Context, explained []Explained) (int, error)
	// Failure returns one failure by key, ErrNotFound if there is none.
	Failure(ctx context.Context, tenant, key string) (FailureView, error)
	// IncidentFailures lists the failures linked to an incident, newest first.
	IncidentFailures(ctx context.Context, tenant, incidentID string, page Page) (Listing[FailureView], error)
}

// Explained names failures that something explains which was received after them: those of incidents, other than that
// of Signature, which blame the service, or a server of that name, with an error at From or later and one at To or
// earlier, by event time.
type Explained struct {
	Tenant    string
	Service   string
	Signature string
	From, To  signal.Nanos
}

// Classified is a claimed failure with its classification.
type Classified struct {
	Failure        Failure
	Classification incident.Classification
	// Records is a digest of the identities of the records it was classified by. Where that is the one
	// of the classification before, nothing but repeated deliveries came, which are no late signals;
	// "" where it is not known.
	Records string
}

// IncidentChange tells what a classification did to an incident.
type IncidentChange struct {
	Tenant    string
	ID        string
	Triggered bool // an analysis is wanted
	Opened    bool // it is new
}

// Claim is an incident leased for analysis. Wanted is the value to save as done.
type Claim struct {
	Incident incident.Incident
	Wanted   int64
	Reason   string
	// AskAgents tells that a user asked since the last analysis; other reasons may weigh more.
	AskAgents bool
	Lease     Lease
	Attempts  int
}

// Incidents are grouped failures and their analyses.
type Incidents interface {
	// Incident returns one incident, with the rules by which it has near-duplicates; a merged one has MergedInto set.
	Incident(ctx context.Context, tenant, id string) (incident.Incident, error)
	// ListIncidents lists incidents without merged ones, newest last_seen first.
	ListIncidents(ctx context.Context, tenant string, f IncidentFilter, page Page) (Listing[incident.Incident], error)
	// ClaimIncidents leases up to limit incidents with done < wanted that are due: half of the calls
	// the newest first.
	ClaimIncidents(ctx context.Context, owner string, lease time.Duration, limit int) ([]Claim, error)
	// RenewIncident lets the lease of a claim last for the given time from now on. ErrLostLease if it
	// has ended or is another's.
	RenewIncident(ctx context.Context, c Claim, lease time.Duration) error
	// IncidentKeys returns the keys of up to limit failures of an incident, chosen reproducibly:
	// the earliest failure and then an even spread over time, by (first error, key). total counts
	// those that retention has dropped as well.
	IncidentKeys(ctx context.Context, tenant, id string, limit int) (keys []string, total int, err error)
	// SaveAnalysis stores case and analysis as the next revision, has the incident say what the
	// analysis says (but for its title, which is the root's), sets done to the claim's
	// wanted, and returns the revision. When case digest or observations equal the newest
	// revision's, only done is set and revision is that one's. ErrLostLease if the claim's lease
	// is another's.
	SaveAnalysis(ctx context.Context, c Claim, a AnalysisRecord) (revision int, err error)
	// FailAnalysis gives the claim up: retried at the given time, or for good (a dead letter)
	// where retryAt is zero. reason must hold no secret.
	FailAnalysis(ctx context.Context, c Claim, reason string, retryAt time.Time) error
	// ReleaseIncident gives the claim up as if it had not been made: it was no attempt, and is due again
	// at the given time, at once where that is zero. ErrLostLease if its lease is another's.
	ReleaseIncident(ctx context.Context, c Claim, until time.Time) error
	// RequestAnalysis counts a trigger asked for by a user, whom agents are to answer as well
	// (Claim.AskAgents).
	RequestAnalysis(ctx context.Context, tenant, id string) error
	// DeadLetters lists up to limit dead letters of each kind: analyses and then agents by when
	// their incidents were last seen, newest first; then failures, those first that wait longest.
	DeadLetters(ctx context.Context, tenant string, limit int) ([]DeadLetter, error)
	// RetryDeadLetters makes the dead letters of the given IDs (all of them where ids is empty) due
	// again with their attempts forgotten, and returns them as they were.
	RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []DeadLetter, err error)
	// MergeIncidents merges the younger of two incidents into the older, which takes the failures of
	// both roots from then on. The error says why they cannot be merged; ErrNotFound if one is
	// not there.
	MergeIncidents(ctx context.Context, tenant, one, other string) (incident.Merge, error)
	// SplitIncident takes a merged incident out of its survivor again, with the failures of its
	// root; whoever merged them. One that belonged to both stays with the survivor. The error
	// says why there is nothing to split; ErrNotFound if it is not there.
	SplitIncident(ctx context.Context, tenant, id string) (incident.Split, error)
	// OutdatedIncidents returns up to limit incidents of any tenant whose signature is of an earlier
	// version than the given one and whose failures may come again: open, regressed, resolved since
	// the given time, or merged by a user into one of these. The one opened first comes first.
	OutdatedIncidents(ctx context.Context, version int, since time.Time, limit int) ([]incident.Incident, error)
	// RenewSignature lets the signature that an incident has by a later version lead to it, beside the
	// one under which it was opened; where it leads to another incident, the younger of both is merged
	// into the older. An incident whose signature is of that version already is left alone. ErrNotFound
	// if it is not there.
	RenewSignature(ctx context.Context, tenant, id string, r incident.Renewal) ([]IncidentChange, error)
	// Analysis returns a revision, the newest for 0. Provisional and Now are computed on reading.
	Analysis(ctx context.Context, tenant, id string, revision int) (incident.Analysis, error)
	// Revisions lists an incident's analyses, newest first, without their bodies' candidates.
	Revisions(ctx context.Context, tenant, id string) ([]RevisionView, error)
	// Case returns the stored case of a digest.
	Case(ctx context.Context, tenant, digest string) ([]byte, error)
	// ResolveQuiet resolves open and regressed incidents whose newest failure was received
	// before the given time, and returns them. While failures wait to be classified, which may be
	// theirs, that time is earlier by as much as the oldest of them is old.
	ResolveQuiet(ctx context.Context, before time.Time) ([]IncidentChange, error)
}

// AnalysisRecord is an analysis and the case it was made from.
type AnalysisRecord struct {
	Analysis           incident.Analysis // Revision, Supersedes, CreatedAt are set by the store
	Case               []byte            // canonical JSON, stored compressed under Analysis.InputDigest
	ObservationsDigest string
	// Agents is what agents have to do with it: pending puts the revision on their queue, any other
	// state is only shown, and the incident's confidence is the one that stands after them; nil while
	// they are off. Where there is nothing new to store, the newest revision is put on their queue if
	// they were not to look at it; one of which they failed, or that has what they said of an earlier
	// one, only if a user asks. Analysis.Agents is not used.
	Agents *incident.Agents
}

// RevisionView is one line of an incident's history.
type RevisionView struct {
	Revision      int              `json:"revision"`
	Supersedes    int              `json:"supersedes,omitempty"`
	Reason        string           `json:"reason"`
	Verdict       incident.Verdict `json:"verdict"`
	Statement     string           `json:"statement"`
	EngineVersion string           `json:"engine_version"`
	InputDigest   string           `json:"input_digest"`
	CreatedAt     time.Time        `json:"created_at"`
}

// IncidentFilter narrows a listing; zero values do not. From and To bound last_seen and
// first_seen (event time).
type IncidentFilter struct {
	Status   incident.Status
	Severity incident.Severity
	Service  string
	Category incident.Category
	Query    string // case-insensitive substring of title, service or component
	Routine  *bool  // only routine errors, or only others
	From, To time.Time
}

// Page is keyset paging: at most Limit items (the backend caps it at 1000) after Cursor.
type Page struct {
	Limit  int
	Cursor string
}

// Listing is one page; NextCursor is "" at the end.
type Listing[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

// SignalKind selects a kind of signal.
type SignalKind string

// The kinds of signals.
const (
	KindLog    SignalKind = "log"
	KindSpan   SignalKind = "span"
	KindMetric SignalKind = "metric"
)

// SignalFilter narrows a search of one kind; zero values do not.
type SignalFilter struct {
	Kind        SignalKind
	Service     string
	TraceID     signal.TraceID
	MinSeverity int32             // logs; for spans, SeverityError or above means status Error
	Query       string            // case-insensitive substring of body, span name or metric name
	Attributes  map[string]string // attribute (record, else resource) equal as text
	From, To    time.Time         // event time, half open
}

// SignalRecord is one record of a search or of evidence; exactly one pointer is set. Searches
// give no changes.
type SignalRecord struct {
	Span   *signal.Span
	Log    *signal.Log
	Point  *signal.Point
	Change *incident.Change
}

// Signals reads stored signals. Records of equal identity are returned once; of several, the one
// received first.
type Signals interface {
	// SearchSignals lists records newest first (event time, else time of receipt; ties by ID).
	SearchSignals(ctx context.Context, tenant string, f SignalFilter, page Page) (Listing[SignalRecord], error)
	// Traces loads the spans and logs of the given failures or traces by key (failure.TraceKey,
	// failure.UntracedKey): at most limit records each, the rest counted in Truncated. Order of
	// the result is that of keys; unknown keys give empty traces.
	Traces(ctx context.Context, tenant string, keys []string, limit int) ([]*incident.Trace, error)
	// Evidence returns the records a reference names, the meant one (smallest identity) first.
	Evidence(ctx context.Context, tenant string, ref incident.Ref) ([]SignalRecord, error)
	// Changes lists changes newest first, of one service or all; a zero time leaves its side open.
	Changes(ctx context.Context, tenant, service string, from, to time.Time, page Page) (Listing[incident.Change], error)
	// Knowledge answers what the rules ask beyond the traces at hand, for services and addresses
	// occurring in them, up to each query's onset (event time): one answer for each query, in their order.
	Knowledge(ctx context.Context, tenant string, queries []KnowledgeQuery) ([]incident.Knowledge, error)
	// HealthyTraces returns the keys of up to limit traces of the same entry operation without
	// error signals in [from, to) of event time, newest first, and how many there were (counted
	// up to 10,000).
	HealthyTraces(ctx context.Context, tenant, service, operation string, from, to time.Time, limit int) (keys []string, total int, err error)
	// EntryStats counts traces of an entry operation and the failed among them in [from, to) of
	// event time.
	EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (incident.EntryStats, error)
	// Points yields the metric points of the services in [from, to) of event time.
	Points(ctx context.Context, tenant string, services []string, from, to time.Time, limit int) iter.Seq2[*signal.Point, error]
	// Services returns the service map of [from, to) of event time; a zero time leaves its side open.
	Services(ctx context.Context, tenant string, from, to time.Time) (ServiceMap, error)
}

// KnowledgeQuery names what the classifier meets in a trace.
type KnowledgeQuery struct {
	Onset     signal.Nanos
	Services  []string             // peers named by peer.service or host names
	Addresses []string             // host or host:port of exit calls
	Calls     []incident.CallStats // caller, callee, operation to count; counts ignored
	Refusals  []incident.CallStats // caller, callee, operation: who else was refused
	// Moments are when exceptions are looked for, of failed spans that started no more than a minute before:
	// the newest 128 spans of each. Onset does not matter.
	Moments []incident.Moment
	// Logged are when error logs without a trace are looked for: the newest 128 records of each moment's
	// service or machine, or the newest 128 error signals of its key. Onset does not matter.
	Logged []incident.Moment
}

// ServiceMap is services and the calls between them.
type ServiceMap struct {
	Services []ServiceStats `json:"services"`
	Calls    []EdgeStats    `json:"calls"`
}

// ServiceStats sums a service's entry spans (server, consumer). Latencies are nanoseconds.
type ServiceStats struct {
	Service    string  `json:"service"`
	Spans      int     `json:"spans"`
	Errors     int     `json:"errors"`
	ErrorShare float64 `json:"error_share"`
	P50        int64   `json:"latency_p50_ns"`
	P99        int64   `json:"latency_p99_ns"`
}

// EdgeStats sums the calls between two services.
type EdgeStats struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Calls  int    `json:"calls"`
	Errors int    `json:"errors"`
}

// Sweeper finds what was lost on the way.
type Sweeper interface {
	// Orphans upserts failures for error signals received before the given time that have none,
	// beyond a stored watermark which it moves only past rows older than any open append, and
	// returns how many.
	Orphans(ctx context.Context, before time.Time, limit int) (int, error)
	// Retain drops what is older than the policy says or beyond its sizes, a little at a time, so that
	// others go on meanwhile. Incidents keep their counts, and their newest analysis with its case, as
	// long as they live. What cannot be dropped does not keep the rest from it.
	Retain(ctx context.Context, r Retention, now time.Time) (Retained, error)
}

// Minutes are counts by minute of receipt: requests of entry operations, which are traces by the first span without
// a parent, and those with an error of a root signature. A request that is received again counts when it came
// first. Of one tenant and minute a bounded number of operations and of errors are counted, those with most.
type Minutes interface {
	// CountRequests counts the requests received since the beginning of the minute of the given time anew.
	// While another process counts, it leaves it to that one. Counting again gives the same.
	CountRequests(ctx context.Context, since time.Time) error
	// CountFailing is CountRequests for traces with an error, by the receipt of their first: those that are
	// classified and belong to incidents.
	CountFailing(ctx context.Context, since time.Time) error
	// Shares answers each query with what is counted in the rules.ShareBaseline and rules.ShareWindows before
	// its time, without the windows before the first request.
	Shares(ctx context.Context, tenant string, queries []ShareQuery) ([]incident.ErrorShare, error)
}

// ShareQuery names an entry operation and an error.
type ShareQuery struct {
	Service, Operation string
	Signature          string
	Until              time.Time // time of receipt; its minute is not whole yet and does not count
}

// Retention is how long and how much is kept, by time of receipt; 0 keeps for ever.
type Retention struct {
	// Signals is how long signals are kept, and with them quarantined records and failures without
	// an incident; by whole days.
	Signals time.Duration
	// Incidents is how long incidents are kept after their resolution, and superseded analyses and
	// failures of the others.
	Incidents time.Duration
	// SignalBytes bounds what signals take on disk, with their indexes: the oldest days are
	// dropped until they take less, but never today's and yesterday's; 0 for no bound.
	SignalBytes int64
	// IncidentBytes bounds what incidents take, estimated: until they take less, the oldest resolved
	// ones are dropped, then superseded analyses, then the oldest failures of incidents that have
	// many; 0 for no bound.
	IncidentBytes int64
}

// Retained is what Retain did, and what is left.
type Retained struct {
	// Dropped counts days and rows.
	Dropped int
	// Postponed counts days to be dropped that somebody is reading; the next Retain tries again.
	Postponed int
	// SignalBytes and IncidentBytes are what is left, where it is bounded.
	SignalBytes, IncidentBytes int64
}

// Status is what GET /query/status shows of the store.
type Status struct {
	Backend           string           `json:"backend"`
	SchemaVersion     int64            `json:"schema_version"`
	Spans             int64            `json:"spans"`
	Logs              int64            `json:"logs"`
	MetricPoints      int64            `json:"metric_points"`
	ErrorSignals      int64            `json:"error_signals"`
	Quarantined       int64            `json:"quarantined"`
	FailuresByState   map[string]int64 `json:"failures_by_state"`
	IncidentsByStatus map[string]int64 `json:"incidents_by_status"`
	RoutineByStatus   map[string]int64 `json:"routine_by_status"`        // those of them that are routine errors
	AnalysesPending   int64            `json:"analyses_pending"`         // incidents with done < wanted
	AnalysesFailed    int64            `json:"analyses_failed"`          // dead letters
	AgentsPending     int64            `json:"agents_pending"`           // analyses that agents are still to look at
	AgentsFailed      int64            `json:"agents_failed"`            // newest analyses that agents gave up on: dead letters
	FailuresSetAside  int64            `json:"failures_set_aside"`       // dead letters
	OldestWaiting     *time.Time       `json:"oldest_waiting,omitempty"` // receipt time of the oldest waiting failure
	SizeBytes         int64            `json:"size_bytes"`
	// Tables has the size on disk of each kind of record with its indexes, in bytes: spans, logs,
	// metric_points, error_signals, incidents (with failures, analyses, cases and what agents said), other;
	// nil where the backend cannot tell without reading everything.
	Tables map[string]int64 `json:"table_bytes,omitempty"`
	// OldestSignal is the day (UTC midnight) of the oldest signals kept.
	OldestSignal *time.Time `json:"oldest_signal,omitempty"`
	// MaxAttempts is the most attempts that a waiting failure or wanted analysis has had.
	MaxAttempts int `json:"max_attempts"`
}
