package geminitest

import "encoding/json"

// Request is what generateContent receives.
type Request struct {
	Model    string `json:"-"` // from the path
	Vertex   bool   `json:"-"`
	Size     int    `json:"-"` // bytes of the body
	Attempts int    `json:"-"` // how often this very body was received, this time included

	Contents          []Content         `json:"contents"`
	SystemInstruction *Content          `json:"systemInstruction,omitempty"`
	GenerationConfig  *GenerationConfig `json:"generationConfig,omitempty"`
	Tools             []Tool            `json:"tools,omitempty"`
	ToolConfig        *ToolConfig       `json:"toolConfig,omitempty"`
}

// Content is one message.
type Content struct {
	Role  string `json:"role,omitempty"`
	Parts []Part `json:"parts"`
}

// Part is one of text, function call and function response.
type Part struct {
	Text             string            `json:"text,omitempty"`
	Thought          bool              `json:"thought,omitempty"`
	ThoughtSignature []byte            `json:"thoughtSignature,omitempty"`
	FunctionCall     *FunctionCall     `json:"functionCall,omitempty"`
	FunctionResponse *FunctionResponse `json:"functionResponse,omitempty"`
}

// FunctionCall is a call the model asks for.
type FunctionCall struct {
	ID   string         `json:"id,omitempty"`
	Name string         `json:"name"`
	Args map[string]any `json:"args,omitempty"`
}

// FunctionResponse answers a call.
type FunctionResponse struct {
	ID       string         `json:"id,omitempty"`
	Name     string         `json:"name"`
	Response map[string]any `json:"response"`
}

// Text is what the function answered, or why it did not.
func (f *FunctionResponse) Text() string {
	for _, key := range []string{"output", "error"} {
		if text, ok := f.Response[key].(string); ok {
			return text
		}
	}
	body, _ := json.Marshal(f.Response) // what was JSON is JSON again
	return string(body)
}

// GenerationConfig holds the settings of one answer.
type GenerationConfig struct {
	Temperature        *float64        `json:"temperature,omitempty"`
	Seed               *int32          `json:"seed,omitempty"`
	CandidateCount     int             `json:"candidateCount,omitempty"`
	MaxOutputTokens    int             `json:"maxOutputTokens,omitempty"`
	ResponseMIMEType   string          `json:"responseMimeType,omitempty"`
	ResponseJSONSchema json.RawMessage `json:"responseJsonSchema,omitempty"`
}

// Tool declares functions.
type Tool struct {
	FunctionDeclarations []FunctionDeclaration `json:"functionDeclarations"`
}

// FunctionDeclaration declares one function.
type FunctionDeclaration struct {
	Name                 string          `json:"name"`
	Description          string          `json:"description"`
	ParametersJSONSchema json.RawMessage `json:"parametersJsonSchema,omitempty"`
}

// ToolConfig says how functions may be called.
type ToolConfig struct {
	FunctionCallingConfig *FunctionCallingConfig `json:"functionCallingConfig,omitempty"`
}

// FunctionCallingConfig is the mode, and the names allowed in mode ANY.
type FunctionCallingConfig struct {
	Mode                 string   `json:"mode"`
	AllowedFunctionNames []string `json:"allowedFunctionNames,omitempty"`
}

// Functions returns the names of the functions that may be called now.
func (r *Request) Functions() []string {
	if c := r.ToolConfig; c != nil && c.FunctionCallingConfig != nil && len(c.FunctionCallingConfig.AllowedFunctionNames) > 0 {
		return c.FunctionCallingConfig.AllowedFunctionNames
	}
	var names []string
	for _, t := range r.Tools {
		for _, f := range t.FunctionDeclarations {
			names = append(names, f.Name)
		}
	}
	return names
}

// MayCall reports whether the function may be called now.
func (r *Request) MayCall(name string) bool {
	for _, n := range r.Functions() {
		if n == name {
			return true
		}
	}
	return false
}

// Turn counts the model's answers so far.
func (r *Request) Turn() int {
	n := 0
	for _, c := range r.Contents {
		if c.Role == "model" {
			n++
		}
	}
	return n
}

// Text is all that the user said, in order, with what functions answered.
func (r *Request) Text() string {
	var text []byte
	for _, c := range r.Contents {
		if c.Role == "model" {
			continue
		}
		for _, p := range c.Parts {
			text = append(append(text, p.Text...), '\n')
			if p.FunctionResponse != nil {
				text = append(append(text, p.FunctionResponse.Text()...), '\n')
			}
		}
	}
	return string(text)
}

// Last returns the responses to the calls of the turn before, in order.
func (r *Request) Last() []*FunctionResponse {
	var last []*FunctionResponse
	for _, p := range r.Contents[len(r.Contents)-1].Parts {
		if p.FunctionResponse != nil {
			last = append(last, p.FunctionResponse)
		}
	}
	return last
}

type response struct {
	Candidates     []candidate     `json:"candidates,omitempty"`
	PromptFeedback *promptFeedback `json:"promptFeedback,omitempty"`
	UsageMetadata  usage           `json:"usageMetadata"`
	ModelVersion   string          `json:"modelVersion"`
	ResponseID     string          `json:"responseId"`
}

type candidate struct {
	Content      *Content `json:"content,omitempty"`
	FinishReason string   `json:"finishReason"`
	Index        int      `json:"index"`
}

type promptFeedback struct {
	BlockReason string `json:"blockReason"`
}

type usage struct {
	PromptTokenCount        int `json:"promptTokenCount"`
	CachedContentTokenCount int `json:"cachedContentTokenCount,omitempty"`
	CandidatesTokenCount    int `json:"candidatesTokenCount,omitempty"`
	ThoughtsTokenCount      int `json:"thoughtsTokenCount,omitempty"`
	TotalTokenCount         int `json:"totalTokenCount"`
}
