package agents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// transcriptFormat is the version of the transcript's layout. Format 1 did not hold what the incident
// was called then, and held source code as it is.
const transcriptFormat = 2

// Transcript is the whole conversation of one analysis, as it was: enough to audit it, and to have
// it again without the model.
type Transcript struct {
	Format       int    `json:"format"`
	ReuseKey     string `json:"reuse_key"`
	CaseDigest   string `json:"case_digest"`
	ReportDigest string `json:"report_digest"`
	Prompts      int    `json:"prompts"` // version of our instructions
	// Title and Severity are what the incident had when agents were asked.
	Title    string            `json:"title"`
	Severity incident.Severity `json:"severity"`

	Provider Provider `json:"provider"`
	Settings Settings `json:"settings"`

	Conversations []Conversation `json:"conversations"`
	// Redacted maps the placeholders to what they stand for in the case. It never left the process;
	// with the transcript it stays where the case is.
	Redacted       map[string]string `json:"redacted,omitempty"`
	DurationMillis int64             `json:"duration_ms"`
}

// Settings are what of the configuration changes what a model is told or may do.
type Settings struct {
	Models          map[string]string     `json:"models"` // by agent
	Temperature     float64               `json:"temperature"`
	Seed            int32                 `json:"seed"`
	MaxTurns        int                   `json:"max_turns"`
	MaxOutputTokens int32                 `json:"max_output_tokens"`
	SourceRoots     map[string]SourceRoot `json:"source_roots,omitempty"`
	Redaction       redact.Config         `json:"redaction"`
}

// Conversation is what one agent and its model said to each other.
type Conversation struct {
	Agent  string        `json:"agent"`
	Model  string        `json:"model"`
	System string        `json:"system"`
	Tools  []declaration `json:"tools,omitempty"`
	Turns  []Turn        `json:"turns"`
}

// Turn is one request and its answer.
type Turn struct {
	// Request is the digest of the whole request; Sent are its messages that the turn before
	// did not have.
	Request string    `json:"request"`
	Sent    []Message `json:"sent"`
	// Allowed are the only functions that could be called; empty for all.
	Allowed  []string       `json:"allowed,omitempty"`
	Response *response      `json:"response,omitempty"`
	Failure  *recordedFault `json:"failure,omitempty"`
	Calls    []ToolCall     `json:"calls,omitempty"`

	Spend          Spend `json:"spend"`
	PriceKnown     bool  `json:"price_known"`
	DurationMillis int64 `json:"duration_ms"`
}

// ToolCall is one function that the model called, and its output.
type ToolCall struct {
	Call
	Output map[string]any `json:"output"`
	// Source is what was read of a source file, redacted. Refusal is why nothing was.
	Source  *excerpt `json:"source,omitempty"`
	Refusal string   `json:"refusal,omitempty"`
	// Repeated tells that the same call was answered before, and was not made again.
	Repeated bool `json:"repeated,omitempty"`
}

type recordedFault struct {
	Kind   faultKind `json:"kind"`
	Reason string    `json:"reason"`
}

// Encode is the canonical JSON of a transcript, with its digest.
func (t *Transcript) Encode() (body []byte, digest string, err error) {
	body, err = json.Marshal(t)
	if err != nil {
		return nil, "", fmt.Errorf("encode the transcript: %w", err)
	}
	sum := sha256.Sum256(body)
	return body, hex.EncodeToString(sum[:]), nil
}

// OpenTranscript reads what Encode wrote.
func OpenTranscript(body []byte) (*Transcript, error) {
	var t Transcript
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, fmt.Errorf("read the transcript: %w", err)
	}
	if t.Format != transcriptFormat {
		return nil, fmt.Errorf("the transcript has format %d, and this program reads format %d: replay it with the version of prodsentinel that made it", t.Format, transcriptFormat)
	}
	return &t, nil
}

// conversation returns what an agent said; nil if it never did.
func (t *Transcript) conversation(agent string) *Conversation {
	for i := range t.Conversations {
		if t.Conversations[i].Agent == agent {
			return &t.Conversations[i]
		}
	}
	return nil
}
