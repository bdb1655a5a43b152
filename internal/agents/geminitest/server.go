package geminitest

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// ModelVersion is the version a script reports; what answers under it is shown as a script.
const ModelVersion = "scripted"

// Model answers requests. It may be called concurrently.
type Model func(*Request) Reply

// Server is an http.Handler of the protocol.
type Server struct {
	key   string // the API key to expect, "" for any credentials
	model Model

	mu         sync.Mutex
	requests   []*Request
	violations []string
	bodies     map[[sha256.Size]byte]int
}

// New serves a model to those who have the key; "" admits every key.
func New(key string, m Model) *Server {
	return &Server{key: key, model: m, bodies: make(map[[sha256.Size]byte]int)}
}

// Requests returns what was asked and understood so far.
func (s *Server) Requests() []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Request(nil), s.requests...)
}

// Violations returns why requests were refused that the real service would refuse; a test that
// expects none asserts that it is empty.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

const maxRequest = 32 << 20

var paths = regexp.MustCompile(`^/v1beta/models/([\w.-]+):generateContent$` +
	`|^/v1beta1/(?:projects/[\w-]+/locations/[\w-]+/)?publishers/google/models/([\w.-]+):generateContent$`)

// ServeHTTP answers POST {model}:generateContent.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r, status, err := s.read(hr)
	if err != nil {
		s.mu.Lock()
		s.violations = append(s.violations, err.Error())
		s.mu.Unlock()
		writeError(w, Reply{status: status, code: "INVALID_ARGUMENT", message: err.Error()})
		return
	}
	s.answer(w, hr, r, s.model(r))
}

func (s *Server) read(hr *http.Request) (r *Request, status int, err error) {
	path := paths.FindStringSubmatch(hr.URL.Path)
	switch {
	case path == nil:
		return nil, http.StatusNotFound, fmt.Errorf("path %s is none of the API", hr.URL.Path)
	case hr.Method != http.MethodPost:
		return nil, http.StatusMethodNotAllowed, fmt.Errorf("method %s", hr.Method)
	case hr.URL.RawQuery != "":
		return nil, http.StatusBadRequest, fmt.Errorf("query %q: keys belong in a header", hr.URL.RawQuery)
	case !strings.HasPrefix(hr.Header.Get("Content-Type"), "application/json"):
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("content type %q", hr.Header.Get("Content-Type"))
	}
	r = &Request{Model: path[1] + path[2], Vertex: path[2] != ""}
	if err := s.authenticate(hr, r.Vertex); err != nil {
		return nil, http.StatusUnauthorized, err
	}
	body, err := io.ReadAll(io.LimitReader(hr.Body, maxRequest))
	if err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("read the body: %w", err)
	}
	r.Size = len(body)
	if err := decode(body, r); err != nil {
		return nil, http.StatusBadRequest, err
	}
	s.record(r, body)
	return r, 0, nil
}

func (s *Server) authenticate(hr *http.Request, vertex bool) error {
	key, bearer := hr.Header.Get("X-Goog-Api-Key"), strings.TrimPrefix(hr.Header.Get("Authorization"), "Bearer ")
	switch {
	case key == "" && (!vertex || bearer == ""):
		return errors.New("no credentials: neither x-goog-api-key nor, for Vertex, a bearer token")
	case key != "" && s.key != "" && key != s.key:
		return errors.New("the API key is not the expected one")
	case key == "" && bearer != Token:
		return errors.New("the bearer token is not the issued one")
	}
	return nil
}

func (s *Server) record(r *Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(body)
	s.bodies[sum]++
	r.Attempts = s.bodies[sum]
	s.requests = append(s.requests, r)
}

func (s *Server) answer(w http.ResponseWriter, hr *http.Request, r *Request, reply Reply) {
	switch {
	case reply.hang:
		<-hr.Context().Done()
	case reply.status != 0:
		writeError(w, reply)
	case reply.raw != "":
		write(w, http.StatusOK, []byte(reply.raw))
	case reply.huge > 0:
		write(w, http.StatusOK, []byte(`{"candidates":[{"content":{"role":"model","parts":[{"text":"`+strings.Repeat("x", reply.huge)+`"}]}}]}`))
	default:
		body, err := json.Marshal(responseTo(r, reply))
		if err != nil {
			panic("geminitest: a script's reply is not JSON: " + err.Error())
		}
		write(w, http.StatusOK, body)
	}
}

func responseTo(r *Request, reply Reply) response {
	u := usage{PromptTokenCount: r.Size / bytesPerToken, ThoughtsTokenCount: reply.Thoughts}
	resp := response{ModelVersion: ModelVersion, ResponseID: "script-" + strconv.Itoa(r.Turn()+1)}
	switch {
	case reply.blocked != "":
		resp.PromptFeedback = &promptFeedback{BlockReason: reply.blocked}
	case !reply.empty:
		c := candidate{FinishReason: reply.FinishReason}
		if c.FinishReason == "" {
			c.FinishReason = "STOP"
		}
		if len(reply.Parts) > 0 {
			c.Content = &Content{Role: "model", Parts: sign(r.Turn(), reply.Parts)}
			body, _ := json.Marshal(c.Content) // parts of ours
			u.CandidatesTokenCount = len(body) / bytesPerToken
		}
		resp.Candidates = []candidate{c}
	}
	u.TotalTokenCount = u.PromptTokenCount + u.CandidatesTokenCount + u.ThoughtsTokenCount
	resp.UsageMetadata = u
	return resp
}

// bytesPerToken is the usual rule of thumb.
const bytesPerToken = 4

// sign gives every call an ID and a thought signature, which must come back with it.
func sign(turn int, parts []Part) []Part {
	signed := make([]Part, len(parts))
	for i, p := range parts {
		if p.FunctionCall != nil {
			call := *p.FunctionCall
			if call.ID == "" {
				call.ID = fmt.Sprintf("call-%d-%d", turn+1, i+1)
			}
			p.FunctionCall, p.ThoughtSignature = &call, signatureOf(call.ID)
		}
		signed[i] = p
	}
	return signed
}

func signatureOf(callID string) []byte {
	sum := sha256.Sum256([]byte("signature of " + callID))
	return sum[:8]
}

type apiError struct {
	Code    int              `json:"code"`
	Message string           `json:"message"`
	Status  string           `json:"status"`
	Details []map[string]any `json:"details,omitempty"`
}

func writeError(w http.ResponseWriter, r Reply) {
	e := apiError{Code: r.status, Message: r.message, Status: r.code}
	if r.reason != "" {
		e.Details = append(e.Details, map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": r.reason, "domain": "googleapis.com"})
	}
	if r.delay > 0 {
		e.Details = append(e.Details, map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": fmt.Sprintf("%gs", r.delay.Seconds())})
	}
	if r.retryAft != "" {
		w.Header().Set("Retry-After", r.retryAft)
	}
	body, err := json.Marshal(map[string]apiError{"error": e})
	if err != nil {
		panic("geminitest: an error is not JSON: " + err.Error())
	}
	write(w, r.status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left needs no answer
}
