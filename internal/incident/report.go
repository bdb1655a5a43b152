package incident

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Confidence is a share of one in millionths, so that no float arithmetic touches it. In JSON it
// is a decimal between 0 and 1.
type Confidence int32

// Certain is full confidence.
const Certain Confidence = 1_000_000

// MarshalJSON writes the shortest decimal, e.g. 0.85.
func (c Confidence) MarshalJSON() ([]byte, error) {
	if c < 0 || c > Certain {
		return nil, fmt.Errorf("confidence %d is not within 0 and %d millionths", c, Certain)
	}
	if c == Certain {
		return []byte("1"), nil
	}
	digits := strings.TrimRight(fmt.Sprintf("%06d", c), "0")
	if digits == "" {
		return []byte("0"), nil
	}
	return []byte("0." + digits), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Confidence) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f < 0 || f > 1 {
		return fmt.Errorf("confidence %q is not a number within 0 and 1", b)
	}
	*c = Confidence(math.Round(f * float64(Certain)))
	return nil
}

// CodeRegion is a place in source code, from a stack frame of the evidence.
type CodeRegion struct {
	Function string `json:"function,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Evidence Ref    `json:"evidence"`
}

// Code holds the code regions of a root cause, nearest the throw first.
type Code struct {
	Region []CodeRegion `json:"region"`
}

// RootCause is the component and reason that started the failures.
type RootCause struct {
	Kind       Kind       `json:"kind"`
	Service    string     `json:"service"`
	Component  string     `json:"component"`
	Operation  string     `json:"operation,omitempty"`
	Category   Category   `json:"category"`
	Trigger    Trigger    `json:"trigger"`
	Code       *Code      `json:"code,omitempty"`
	Statement  string     `json:"statement"`
	Evidence   []Ref      `json:"evidence"`
	Confidence Confidence `json:"confidence"`
	// CappedBy has the caps of section 10 that hold the confidence down, lowest first.
	CappedBy []Cap `json:"capped_by,omitempty"`
}

// Cap bounds a confidence. Reason is a clause that finishes "at most 80 %: …".
type Cap struct {
	At     Confidence `json:"at"`
	Reason string     `json:"reason"`
}

// CriticalFailure is where the failure hurt the caller first.
type CriticalFailure struct {
	Service   string `json:"service"`
	Operation string `json:"operation,omitempty"`
	Statement string `json:"statement"`
	Evidence  []Ref  `json:"evidence"`
}

// Impact says who was affected. Counts beyond the case are the incident's business.
type Impact struct {
	FailingTraces   int      `json:"failing_traces"`
	Outcome         Outcome  `json:"outcome"`
	Services        []string `json:"services"`
	EntryOperations []string `json:"entry_operations"`
}

// Step is one hop of propagation from cause towards the entry.
type Step struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Evidence []Ref  `json:"evidence"`
}

// Candidate is a possible root cause. Score is in millionths.
type Candidate struct {
	Kind      Kind        `json:"kind"`
	Service   string      `json:"service"`
	Component string      `json:"component"`
	Operation string      `json:"operation,omitempty"`
	Category  Category    `json:"category"`
	Score     Confidence  `json:"score"`
	For       []Statement `json:"for"`
	Against   []Statement `json:"against,omitempty"`
}

// Statement is a sentence and the records that prove it.
type Statement struct {
	Statement string `json:"statement"`
	Evidence  []Ref  `json:"evidence"`
}

// Finding is a statement in a report. Author is "rules" or "agent".
type Finding struct {
	ID        string `json:"id"` // "f1", "f2", … in report order
	Statement string `json:"statement"`
	Evidence  []Ref  `json:"evidence"`
	Author    string `json:"author"`
}

// SuspectedChange is a change near the onset and what speaks for and against it.
type SuspectedChange struct {
	ID      string      `json:"id"`
	Verdict string      `json:"verdict"`
	For     []Statement `json:"for,omitempty"`
	Against []Statement `json:"against,omitempty"`
}

// Gap is something the analysis could not see. Kind is a stable word such as missing_parent,
// ghost_span, clock_skew, truncated, no_telemetry, duplicate_span, parent_cycle.
type Gap struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

// Narrative is the report in prose, rendered from findings by our code (author "rules").
type Narrative struct {
	Author    string   `json:"author"`
	Markdown  string   `json:"markdown"`
	NextSteps []string `json:"next_steps"`
}

// GapSampled is the kind of the gap that it is not known how many requests went well.
const GapSampled = "sampled"

// GapNoBaseline is the kind of the gap that it is not known yet whether an error is routine.
const GapNoBaseline = "no_baseline"

// Conflict lists records that share one evidence reference.
type Conflict struct {
	Ref    Ref      `json:"ref"`
	Others []string `json:"others"` // identities of the records the reference does not mean
}

// Report is what the engine derives from a case; the same case gives the same bytes.
type Report struct {
	Verdict          Verdict           `json:"verdict"`
	RootCause        *RootCause        `json:"root_cause,omitempty"` // nil when abstained
	CriticalFailure  *CriticalFailure  `json:"critical_failure,omitempty"`
	Impact           Impact            `json:"impact"`
	Errors           int               `json:"errors"`        // error groups nothing explains
	ErrorSignals     int               `json:"error_signals"` // of the case's failing traces
	Severity         Severity          `json:"severity"`
	Routine          *Routine          `json:"routine,omitempty"` // the share of the error where it is routine
	Propagation      []Step            `json:"propagation"`
	Candidates       []Candidate       `json:"candidates"`
	Findings         []Finding         `json:"findings"`
	SuspectedChanges []SuspectedChange `json:"suspected_changes"`
	Gaps             []Gap             `json:"gaps"`
	Conflicts        []Conflict        `json:"conflicts,omitempty"`
	Narrative        Narrative         `json:"narrative"`
}

// Observation is a measured fact about one component in a case. Name is a stable word such as
// errored, slow, refused, recovered, unreachable.
type Observation struct {
	Component string `json:"component"`
	Name      string `json:"name"`
	Value     int64  `json:"value,omitempty"` // unit by Name; counts or nanoseconds
	Evidence  []Ref  `json:"evidence"`
}

// Result is a report with the observations it was drawn from.
type Result struct {
	Report       Report        `json:"report"`
	Observations []Observation `json:"observations"`
}

// Now is what is known of an incident when it is read, whatever its reports say.
type Now struct {
	Severity      Severity `json:"severity"`
	FailingTraces int      `json:"failing_traces"`
	ErrorSignals  int      `json:"error_signals"`
	Errors        int      `json:"errors"`
	Routine       *Routine `json:"routine,omitempty"`
}

// Now sums up what is known of an incident that was just read.
func (in *Incident) Now() *Now {
	return &Now{Severity: in.Severity, FailingTraces: in.FailingTraces, ErrorSignals: in.ErrorSignals, Errors: in.Errors, Routine: in.Routine}
}

// Analysis is one stored run over a case: the report in its envelope.
type Analysis struct {
	IncidentID    string    `json:"incident_id"`
	Revision      int       `json:"revision"`
	Supersedes    int       `json:"supersedes,omitempty"`
	Reason        string    `json:"reason"` // what asked for it: opened, regressed, left_baseline, routine, grew, new_scope, same_cause, near_duplicates, late_signals, requested
	EngineVersion string    `json:"engine_version"`
	InputDigest   string    `json:"input_digest"`
	CreatedAt     time.Time `json:"created_at"`
	Provisional   bool      `json:"provisional"`
	// Now is what is known of the incident on reading, where the report says what was known at its revision. Like
	// Provisional it is not stored.
	Now *Now `json:"now,omitempty"`
	Report
	Agents *Agents `json:"agents,omitempty"`
}
