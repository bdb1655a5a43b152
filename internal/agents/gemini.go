package agents

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"google.golang.org/genai"
)

// Google's own addresses are named here, so that no variable of the environment can redirect what
// is sent.
const (
	geminiURL       = "https://generativelanguage.googleapis.com/"
	vertexURL       = "https://aiplatform.googleapis.com/"
	vertexRegionURL = "https://%s-aiplatform.googleapis.com/"
	vertexMultiURL  = "https://aiplatform.%s.rep.googleapis.com/"
)

// model answers requests: Gemini over the network, or a transcript.
type model interface {
	generate(ctx context.Context, r *request) (*response, error)
}

// gemini asks Google's models, once for every call; retrying is retrier's.
type gemini struct {
	client   *genai.Client
	keep     scrubber
	patience time.Duration // for one answer
}

func newGemini(ctx context.Context, c Config) (*gemini, error) {
	keep := scrubber{string(c.APIKey)}
	cc := &genai.ClientConfig{
		APIKey:      string(c.APIKey),
		Backend:     genai.BackendGeminiAPI,
		HTTPClient:  newHTTPClient(),
		HTTPOptions: genai.HTTPOptions{BaseURL: baseURL(c)},
	}
	if c.Provider == ProviderVertex {
		cc.Backend, cc.Project, cc.Location = genai.BackendVertexAI, c.Project, c.Location
		if c.APIKey == "" {
			if err := cc.UseDefaultCredentials(); err != nil {
				return nil, fmt.Errorf("find the Google Cloud credentials that provider vertex needs: %w", keep.error(err))
			}
		}
	}
	client, err := genai.NewClient(ctx, cc)
	if err != nil {
		return nil, fmt.Errorf("make the client of provider %s: %w", c.Provider, keep.error(err))
	}
	return &gemini{client: client, keep: keep, patience: c.Timeout / 2}, nil
}

func baseURL(c Config) string {
	switch {
	case c.Endpoint != "":
		return c.Endpoint
	case c.Provider == ProviderGemini:
		return geminiURL
	case c.Location == "us" || c.Location == "eu":
		return fmt.Sprintf(vertexMultiURL, c.Location)
	case c.Location == "" || c.Location == "global":
		return vertexURL
	default:
		return fmt.Sprintf(vertexRegionURL, c.Location)
	}
}

func (g *gemini) generate(ctx context.Context, r *request) (*response, error) {
	attempt, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	attempt, reply := withReply(attempt)
	got, err := g.ask(attempt, r)
	if err != nil {
		return nil, faultOf(ctx, g.keep, err, reply)
	}
	return responseOf(got)
}

// ask makes the request. The client library panics over JSON whose types are not the protocol's.
func (g *gemini) ask(ctx context.Context, r *request) (got *genai.GenerateContentResponse, err error) {
	defer func() {
		if recover() != nil {
			err = errMalformed
		}
	}()
	return g.client.Models.GenerateContent(ctx, r.Model, contentsOf(r.Messages), configOf(r))
}

func configOf(r *request) *genai.GenerateContentConfig {
	c := &genai.GenerateContentConfig{
		SystemInstruction:     &genai.Content{Parts: []*genai.Part{{Text: r.System}}},
		Temperature:           genai.Ptr(float32(r.Temperature)),
		Seed:                  genai.Ptr(r.Seed),
		CandidateCount:        1,
		MaxOutputTokens:       r.MaxOutputTokens,
		AutomaticContinuation: genai.Ptr(false), // each continuation would be paid without asking the budget
	}
	if r.Schema != nil {
		c.ResponseMIMEType, c.ResponseJsonSchema = "application/json", r.Schema
	}
	if len(r.Tools) > 0 {
		var functions []*genai.FunctionDeclaration
		for _, t := range r.Tools {
			functions = append(functions, &genai.FunctionDeclaration{
				Name: t.Name, Description: t.Description, ParametersJsonSchema: t.Parameters,
			})
		}
		c.Tools = []*genai.Tool{{FunctionDeclarations: functions}}
		// Any: the answer is always a call, and its arguments follow the schema.
		c.ToolConfig = &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{
			Mode: genai.FunctionCallingConfigModeAny, AllowedFunctionNames: r.Allowed,
		}}
	}
	return c
}

func contentsOf(messages []Message) []*genai.Content {
	contents := make([]*genai.Content, len(messages))
	for i, m := range messages {
		contents[i] = &genai.Content{Role: m.Role}
		for _, p := range m.Parts {
			part := &genai.Part{Text: p.Text, Thought: p.Thought, ThoughtSignature: p.Signature}
			if p.Call != nil {
				part.FunctionCall = &genai.FunctionCall{ID: p.Call.ID, Name: p.Call.Name, Args: p.Call.Args}
			}
			if p.Result != nil {
				part.FunctionResponse = &genai.FunctionResponse{ID: p.Result.ID, Name: p.Result.Name, Response: p.Result.Output}
			}
			contents[i].Parts = append(contents[i].Parts, part)
		}
	}
	return contents
}

// responseOf reads an answer. Together with a failure it returns what was paid for.
func responseOf(got *genai.GenerateContentResponse) (*response, error) {
	r := &response{ModelVersion: got.ModelVersion, ID: got.ResponseID, Message: Message{Role: roleModel}}
	if u := got.UsageMetadata; u != nil {
		r.Usage = Usage{
			Input:  count(u.PromptTokenCount) + count(u.ToolUsePromptTokenCount),
			Output: count(u.CandidatesTokenCount) + count(u.ThoughtsTokenCount),
		}
		r.Usage.Cached = min(count(u.CachedContentTokenCount), r.Usage.Input)
	}
	if f := got.PromptFeedback; f != nil && f.BlockReason != "" && len(got.Candidates) == 0 {
		return r, fail(failBlocked, "The model's safety filter refused the question.", errors.New(string(f.BlockReason)))
	}
	if len(got.Candidates) == 0 || got.Candidates[0] == nil {
		return r, fail(failEmpty, reasonEmpty, nil)
	}
	c := got.Candidates[0]
	r.FinishReason = string(c.FinishReason)
	if c.Content != nil {
		for _, p := range c.Content.Parts {
			r.Message.Parts = append(r.Message.Parts, partOf(p)...)
		}
	}
	return r, finished(c.FinishReason, r.Message)
}

// count keeps a provider's mistake out of the sums.
func count(tokens int32) int64 { return int64(max(tokens, 0)) }

const reasonEmpty = "The model answered nothing."

// finished says whether an answer that ended for the given reason can be used. A malformed call is
// for the conversation to correct.
func finished(why genai.FinishReason, m Message) error {
	switch why {
	case genai.FinishReasonMalformedFunctionCall, genai.FinishReasonUnexpectedToolCall:
		return nil
	case genai.FinishReasonStop, genai.FinishReasonUnspecified, "":
		if len(m.Parts) == 0 {
			return fail(failEmpty, reasonEmpty, nil)
		}
		return nil
	case genai.FinishReasonMaxTokens:
		return fail(failTruncated, "The model's answer was longer than agents.max_output_tokens allows.", nil)
	default:
		return fail(failBlocked, "The model's filter stopped the answer.", errors.New(string(why)))
	}
}

func partOf(p *genai.Part) []Part {
	if p == nil {
		return nil
	}
	part := Part{Text: p.Text, Thought: p.Thought, Signature: p.ThoughtSignature}
	if f := p.FunctionCall; f != nil {
		part.Call = &Call{ID: f.ID, Name: f.Name, Args: maps.Clone(f.Args)}
	}
	if part.Text == "" && part.Call == nil && part.Signature == nil {
		return nil // a kind of part that was not asked for
	}
	return []Part{part}
}

// newHTTPClient bounds what is read and follows no redirect: the key would go along.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	return &http.Client{
		Transport:     boundedTransport{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// close lets go of idle connections.
func (g *gemini) close() { g.client.ClientConfig().HTTPClient.CloseIdleConnections() }
