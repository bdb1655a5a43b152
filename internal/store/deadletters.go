package store

import "cmp"

// MaxAttempts is how often the lease of a failure may run out before it is a dead letter: set aside,
// and tried only from time to time.
const MaxAttempts = 5

// DeadLetterKind says what was given up.
type DeadLetterKind string

// The kinds of dead letters.
const (
	DeadAnalysis DeadLetterKind = "analysis" // of an incident
	DeadAgents   DeadLetterKind = "agents"   // who were to look at an incident's newest analysis
	DeadFailure  DeadLetterKind = "failure"  // which could not be classified
	// DeadDelivery is a message about an incident that a receiver refuses.
	DeadDelivery DeadLetterKind = "delivery"
)

// DeadLetter is work that was given up and kept.
type DeadLetter struct {
	Kind       DeadLetterKind `json:"kind"`
	IncidentID string         `json:"incident_id,omitempty"` // of an analysis, of agents and of a delivery
	FailureKey string         `json:"failure_key,omitempty"` // of a failure
	Receiver   string         `json:"receiver,omitempty"`    // of a delivery
	Attempts   int            `json:"attempts"`
	Problem    string         `json:"problem"` // why the last attempt failed
}

// ID names the dead letter for RetryDeadLetters: its incident's ID or its failure's key.
func (d DeadLetter) ID() string { return cmp.Or(d.IncidentID, d.FailureKey) }
