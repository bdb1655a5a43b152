package incident

import "time"

// RootSummary is the root cause as an incident's line shows it.
type RootSummary struct {
	Service   string   `json:"service"`
	Component string   `json:"component"`
	Operation string   `json:"operation,omitempty"`
	Category  Category `json:"category"`
	Kind      Kind     `json:"kind"`
}

// Incident is failures with the same root signature. FirstSeen and LastSeen are event time,
// OpenedAt and ResolvedAt receipt time.
type Incident struct {
	// ID is 32 lower-case hex digits, drawn when the incident opens; it never changes, even when
	// a revision finds another root and RootSignature follows it.
	ID             string         `json:"id"`
	Tenant         string         `json:"-"`
	Source         int32          `json:"-"` // who sent the failure that opened it, as a bucket
	RootSignature  string         `json:"-"`
	Title          string         `json:"title"` // names component and reason, in the words of one occurrence
	Status         Status         `json:"status"`
	Severity       Severity       `json:"severity"` // of what is known now; computed on reading
	Category       Category       `json:"category"`
	RootCause      RootSummary    `json:"root_cause"`
	SignatureParts SignatureParts `json:"signature_parts"`
	FirstSeen      time.Time      `json:"first_seen"`
	LastSeen       time.Time      `json:"last_seen"`
	OpenedAt       time.Time      `json:"opened_at"`
	ResolvedAt     *time.Time     `json:"resolved_at,omitempty"`
	LastFailureAt  time.Time      `json:"-"` // receipt time of the newest failure; resolve_after runs from it
	FailingTraces  int            `json:"failing_traces"`
	ErrorSignals   int            `json:"error_signals"`
	Errors         int            `json:"errors"`
	Services       []string       `json:"services"`
	Environments   []string       `json:"environments"`
	Versions       []string       `json:"-"`
	Ungrouped      bool           `json:"ungrouped,omitempty"` // a flood of new roots of one service
	Confidence     Confidence     `json:"confidence"`
	AnalysisState  AnalysisState  `json:"analysis_state"`
	Provisional    bool           `json:"provisional"` // computed on reading
	// Reported is the severity that the newest analysis gave it, which alone knows that it is critical.
	Reported Severity `json:"-"`
	// Routine is the share of its error where all of its newer failures are routine; nil where not. UnusualAt is
	// when the newest failure that is not was received.
	Routine   *Routine  `json:"routine,omitempty"`
	UnusualAt time.Time `json:"-"`

	// NearDuplicates are the rules by which it has failures of other messages, or had; only where one incident is read.
	NearDuplicates []NearDuplicates `json:"near_duplicates,omitempty"`

	// Wanted counts triggers, Done the ones a saved analysis had seen when it loaded its case.
	Wanted int64 `json:"-"`
	Done   int64 `json:"-"`
	// WantReason is the reason of the newest trigger that no analysis has taken up.
	WantReason string `json:"-"`
	// WantDue is when that trigger may be taken up at the earliest; zero for at once.
	WantDue time.Time `json:"-"`
	// LateRuns counts the triggers by late signals; each waits twice as long as the one before.
	LateRuns int `json:"-"`
	// AnalysedAt is when the newest analysis was saved; zero for never.
	AnalysedAt time.Time `json:"-"`
	// AnalysedTraces is FailingTraces at the last trigger by growth; the next comes at tenfold.
	AnalysedTraces int `json:"-"`
	Revision       int `json:"-"` // newest stored revision, 0 for none
	// MergedInto is the surviving incident's ID after a merge, else "".
	MergedInto string `json:"-"`
	// Joined tells that a user merged it: its root's failures go to the survivor.
	Joined bool `json:"-"`
	// Apart tells that a user took it out of another incident: failures of its root stay with it.
	Apart bool `json:"-"`
}

// AnalysisState is where an incident's analysis stands.
type AnalysisState string

// The analysis states.
const (
	AnalysisPending AnalysisState = "pending"
	AnalysisRunning AnalysisState = "running"
	AnalysisDone    AnalysisState = "done"
	AnalysisFailed  AnalysisState = "failed"
)
