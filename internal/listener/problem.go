package listener

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// ProblemContentType is the media type of Problem.
const ProblemContentType = "application/problem+json"

// Problem is an error answer after RFC 9457. Detail says what the caller can do; it never holds
// a secret.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// WriteProblem answers with a Problem; its title is the status' text.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(Problem{Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil { // a struct of strings cannot fail
		body = []byte(`{}`)
	}
	h := w.Header()
	h.Set("Content-Type", ProblemContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// HandleError is for confighttp.WithErrorHandler: failed authentication and decompression
// answer as everything else does.
func HandleError(w http.ResponseWriter, _ *http.Request, message string, status int) {
	if status == http.StatusUnauthorized {
		message = "" // an authenticator's words are for its own log
	}
	WriteProblem(w, status, message)
}

// RetryDelay is how long a refused client is asked to wait: between one and four seconds, so that clients
// do not come back together.
func RetryDelay() time.Duration {
	return time.Second + time.Duration(rand.Int64N(int64(3*time.Second))) //nolint:gosec // not a secret
}

// SetRetryAfter asks the client to come back after RetryDelay, in whole seconds as HTTP has it.
func SetRetryAfter(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(RetryDelay().Seconds())))
}
