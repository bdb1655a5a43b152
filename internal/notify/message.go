package notify

import (
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/links"
)

// Kind says what a message is about.
type Kind string

// The kinds of messages.
const (
	KindOpened   Kind = "opened"   // a new incident, or one that came back
	KindUpdated  Kind = "updated"  // its severity or root cause changed
	KindResolved Kind = "resolved" // nothing of it fails any more
	KindGrouped  Kind = "grouped"  // many new incidents at once
	KindSettled  Kind = "settled"  // all incidents of a group are resolved
)

// Ends reports whether the message ends its thread.
func (k Kind) Ends() bool { return k == KindResolved || k == KindSettled }

// Message is what a receiver is sent. Its texts are redacted.
type Message struct {
	// ID is the same whenever the same state is sent to the same receiver again.
	ID string
	// Thread is the same for all messages of an incident's occurrence, or of a group.
	Thread string
	Kind   Kind
	Time   time.Time
	// Severity is the worst of the incidents.
	Severity incident.Severity
	// Incident is set unless the message is of a group.
	Incident *Summary
	// Group has the first of the incidents of a group that begin or end now, worst first, and Total how many do.
	Group []Summary
	Total int
	// Link leads to the incident, or to the list of incidents; "" where no external URL is configured.
	Link string
}

// Summary is an incident as people are told of it.
type Summary struct {
	ID           string            `json:"id"`
	Tenant       string            `json:"tenant,omitempty"`
	Title        string            `json:"title"`
	Status       incident.Status   `json:"status"`
	Outcome      string            `json:"outcome,omitempty"` // merged or withdrawn, where it ended so
	Severity     incident.Severity `json:"severity"`
	Category     incident.Category `json:"category"`
	Service      string            `json:"service"`
	Component    string            `json:"component"`
	Environments []string          `json:"environments,omitempty"`
	// Cause is what broke and why; Verdict reports whether it is a certain cause, Confidence how sure, in percent.
	Cause      string `json:"cause"`
	Verdict    bool   `json:"verdict"`
	Confidence int    `json:"confidence_percent"`
	// Analysed is false while there is no report.
	Analysed bool `json:"analysed"`
	// Unreadable reports that there is a report that cannot be read.
	Unreadable bool      `json:"unreadable,omitempty"`
	Impact     Impact    `json:"impact"`
	Since      time.Time `json:"since"` // event time of the first error
	LastSeen   time.Time `json:"last_seen"`
	// Changes are what changed before it, likeliest first.
	Changes  []string     `json:"changes,omitempty"`
	NextStep string       `json:"next_step,omitempty"`
	Link     string       `json:"link,omitempty"`
	Links    []links.Link `json:"links,omitempty"`
	// Evidence names the first record that proves the cause.
	Evidence string `json:"evidence,omitempty"`
}

// Impact says who is hurt: Failed of Requests of an entry operation, in the last minutes of the incident.
type Impact struct {
	FailingTraces int      `json:"failing_traces"`
	Service       string   `json:"service,omitempty"`
	Operation     string   `json:"operation,omitempty"`
	Failed        int      `json:"failed,omitempty"`
	Requests      int      `json:"requests,omitempty"`
	Services      []string `json:"services,omitempty"` // on the failed paths
}
