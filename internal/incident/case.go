package incident

import "github.com/prodsentinel/prodsentinel/internal/signal"

// Trace is one failing or healthy unit as loaded from the store: all spans and logs of a trace
// ID, or the logs of one failure without a trace (then ID is zero and Key names it). The order of
// Spans and Logs has no meaning.
type Trace struct {
	Key   string         `json:"key"` // the failure's key; the trace ID for healthy traces
	ID    signal.TraceID `json:"trace_id,omitempty"`
	Spans []*signal.Span `json:"spans,omitempty"`
	Logs  []*signal.Log  `json:"logs,omitempty"`
	// Signals, where set, are the error signals that configured conditions found; nil where the
	// default rules say what is one.
	Signals *ErrorSignals `json:"error_signals,omitempty"`
	// Truncated is the number of spans and logs left out beyond the loader's bound.
	Truncated int `json:"truncated,omitempty"`
}

// ErrorSignals are the error signals of one trace, by the identity of the records, sorted.
type ErrorSignals struct {
	Spans  []signal.ID `json:"spans,omitempty"`
	Events []SpanEvent `json:"events,omitempty"`
	Logs   []signal.ID `json:"logs,omitempty"`
}

// SpanEvent is an event of a span, by its place among the span's events.
type SpanEvent struct {
	Span  signal.ID `json:"span"`
	Index int       `json:"index"`
}

// Knowledge is what the store knows about services beyond the traces at hand, read once and kept
// in the case so that a verdict can be recomputed.
type Knowledge struct {
	// ServicesSeen has every service with a span in the store in the 30 min before onset.
	ServicesSeen []string `json:"services_seen,omitempty"`
	// ServicesEver has every service with any span in the store.
	ServicesEver []string `json:"services_ever,omitempty"`
	// ServicesLogged has every service with any log in the store, but no span.
	ServicesLogged []string `json:"services_logged,omitempty"`
	// AddressOwners maps a peer address (host or host:port as on the client span) to the service
	// whose server spans answered calls to it.
	AddressOwners map[string]string `json:"address_owners,omitempty"`
	// Calls has, per (caller, callee, operation), how often calls fail and recover in the
	// baseline.
	Calls []CallStats `json:"calls,omitempty"`
	// Shares have how many requests had the errors of the traces at hand before, and lately.
	Shares []ErrorShare `json:"shares,omitempty"`
	// RefusedCallers has, by CallStats.Called, the other callers refused in the same window.
	RefusedCallers map[string][]string `json:"refused_callers,omitempty"`
	// Thrown are exceptions of traces, by time. Only the classifier of an error without a trace asks for
	// them: what it takes for a copy is part of no case.
	Thrown []Thrown `json:"thrown,omitempty"`
	// Logged are logs without a trace that may belong to the traces at hand. Those that do are made part of
	// them, and so of their case.
	Logged []*signal.Log `json:"-"`
}

// Thrown is an exception that a failed span recorded.
type Thrown struct {
	Service     string       `json:"service"`
	Environment string       `json:"environment,omitempty"`
	Namespace   string       `json:"namespace,omitempty"`
	Cluster     string       `json:"cluster,omitempty"`
	At          signal.Nanos `json:"at"` // event time
	Type        string       `json:"type,omitempty"`
	Message     string       `json:"message,omitempty"`
	Stack       string       `json:"stack,omitempty"`
}

// Moment is a stretch of event time, both ends included, in which records of a service are looked for; or
// those of a machine, or of the failure of a key.
type Moment struct {
	Service  string
	Host     string
	Key      string
	From, To signal.Nanos
}

// CallStats counts calls from one service to another operation in the 30 min up to onset, and those of
// the last 10 of them, each from no more than 10,000 (0 where nobody counted).
type CallStats struct {
	Caller    string `json:"caller"`
	Callee    string `json:"callee"`
	Operation string `json:"operation"`
	Calls     int    `json:"calls"`
	Failed    int    `json:"failed"`

	RecentCalls  int `json:"recent_calls,omitempty"`
	RecentFailed int `json:"recent_failed,omitempty"`
}

// Called names the operation of the callee, whoever calls it.
func (c CallStats) Called() string { return c.Callee + "\x00" + c.Operation }

// EntryStats counts the traces of one entry operation in the 10 min window of section 9.
type EntryStats struct {
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Traces    int    `json:"traces"`
	Failed    int    `json:"failed"`
}

// Selection tells how a case was put together, so that a reader knows what was left out.
type Selection struct {
	FailingTotal int          `json:"failing_total"` // failing traces of the incident; Case.Failing holds at most case.failing_traces
	HealthyTotal int          `json:"healthy_total"`
	BaselineFrom signal.Nanos `json:"baseline_from,omitempty"`
	BaselineTo   signal.Nanos `json:"baseline_to,omitempty"`
	Rule         string       `json:"rule"` // one sentence
}

// Case is the immutable input of one analysis. Its JSON form, canonically ordered, is what the
// digest is taken of.
type Case struct {
	Tenant        string          `json:"tenant"`
	RootSignature string          `json:"root_signature"` // the incident's key
	Failing       []*Trace        `json:"failing"`
	Healthy       []*Trace        `json:"healthy,omitempty"`
	Metrics       []*signal.Point `json:"metrics,omitempty"`
	Changes       []Change        `json:"changes,omitempty"`
	// Similar are earlier incidents alike, most alike first; bounded by the loader.
	Similar   []SimilarIncident `json:"similar,omitempty"`
	Entries   []EntryStats      `json:"entries,omitempty"`
	Knowledge Knowledge         `json:"knowledge"`
	Selection Selection         `json:"selection"`
	// Window, where set, is what the case is about instead of an incident's failing traces: then Failing are
	// the traces that began in it and Healthy those of the baseline, whether they have errors or not.
	Window *Window `json:"window,omitempty"`
	// Logs are the logs of a case with a window that name no trace.
	Logs []*signal.Log `json:"logs,omitempty"`
}

// Window is a stretch of event time in which something was wrong that need not be an error: an alert, or requests
// that were answered late. Metric points and logs from From up to To are of the window, all others of the baseline.
type Window struct {
	From signal.Nanos `json:"from"`
	To   signal.Nanos `json:"to"`
	// Service is whose alert it was; "" where that is not known.
	Service string `json:"service,omitempty"`
	// OnsetUnknown is set where the window begins some time before what was wrong did.
	OnsetUnknown bool `json:"onset_unknown,omitempty"`
}

// Contains reports whether a time lies in the window.
func (w *Window) Contains(at signal.Nanos) bool { return w.From <= at && at < w.To }

// Change is a deploy, configuration change, flag or commit.
type Change struct {
	ID         string       `json:"id"`
	Time       signal.Nanos `json:"time"`
	ReceivedAt signal.Nanos `json:"received_at"`
	Service    string       `json:"service"`
	Kind       string       `json:"kind"`
	Version    string       `json:"version,omitempty"`
	Title      string       `json:"title,omitempty"`
	URL        string       `json:"url,omitempty"`
	Attributes signal.Map   `json:"attributes,omitempty"`
}

// SimilarIncident is what an earlier incident came to. It is what was concluded then, not
// evidence of what happens now.
type SimilarIncident struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Category Category    `json:"category"`
	Root     RootSummary `json:"root_cause"`
	// FirstSeen is event time. What changes while an incident lives is left out: it would make another
	// case of the same evidence.
	FirstSeen signal.Nanos `json:"first_seen"`
	// Statement is the root cause's statement in the last analysis; "" where it abstained.
	Statement string `json:"statement,omitempty"`
}
