package agents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Roles of a message.
const (
	roleUser  = "user"
	roleModel = "model"
)

// Message is one turn of a conversation, as sent or received.
type Message struct {
	Role  string `json:"role"` // user or model
	Parts []Part `json:"parts"`
}

// Part is text, a function call of the model, or the result of one.
type Part struct {
	Text    string `json:"text,omitempty"`
	Thought bool   `json:"thought,omitempty"` // the model's reasoning, not its answer
	// Signature is the provider's; it must go back with the part as it came.
	Signature []byte  `json:"signature,omitempty"`
	Call      *Call   `json:"call,omitempty"`
	Result    *Result `json:"result,omitempty"`
}

// Call is a function call the model asks for.
type Call struct {
	ID   string         `json:"id,omitempty"` // the provider's; "" where it gives none
	Name string         `json:"name"`
	Args map[string]any `json:"args,omitempty"`
}

// Result answers the call of the same ID and name.
type Result struct {
	ID     string         `json:"id,omitempty"`
	Name   string         `json:"name"`
	Output map[string]any `json:"output"`
}

// request is all that is sent to a model in one turn.
type request struct {
	Agent    string         `json:"agent"`
	Model    string         `json:"model"`
	System   string         `json:"system"`
	Messages []Message      `json:"messages"`
	Tools    []declaration  `json:"tools,omitempty"`
	Allowed  []string       `json:"allowed,omitempty"` // the only functions it may call; nil for all
	Schema   map[string]any `json:"schema,omitempty"`  // of the answer, where it is JSON text

	Temperature     float64 `json:"temperature"`
	Seed            int32   `json:"seed"`
	MaxOutputTokens int32   `json:"max_output_tokens"`
}

// declaration describes a function to the model.
type declaration struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Parameters  map[string]any `json:"parameters"` // JSON Schema of an object
}

// response is what a model answered.
type response struct {
	Message      Message `json:"message"`
	FinishReason string  `json:"finish_reason,omitempty"`
	ModelVersion string  `json:"model_version,omitempty"`
	ID           string  `json:"id,omitempty"`
	Usage        Usage   `json:"usage"`

	lost int64 // attempts before it whose answer was lost
}

// Usage counts the tokens of one request as the provider counts them.
type Usage struct {
	Input  int64 `json:"input"`            // the prompt, Cached included
	Cached int64 `json:"cached,omitempty"` // the part of Input that was cheaper
	Output int64 `json:"output"`           // the answer and the thoughts before it
}

func (u Usage) total() int64 { return u.Input + u.Output }

// text is the answer's text without thoughts.
func (m Message) text() string {
	var b strings.Builder
	for _, p := range m.Parts {
		if !p.Thought {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func (m Message) calls() []*Call {
	var calls []*Call
	for _, p := range m.Parts {
		if p.Call != nil {
			calls = append(calls, p.Call)
		}
	}
	return calls
}

func say(text string) Message { return Message{Role: roleUser, Parts: []Part{{Text: text}}} }

// digestOf is the lower-case hex SHA-256 of v's JSON; maps are sorted, so equal values have equal
// digests.
func digestOf(v any) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode for a digest: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}
