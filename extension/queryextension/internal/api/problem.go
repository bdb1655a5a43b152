package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Problem is an error answer of RFC 9457.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Parameter names the parameter that is wrong, "" where none is.
	Parameter string `json:"parameter,omitempty"`
	// AnalysisState tells why an analysis is not there yet.
	AnalysisState string `json:"analysis_state,omitempty"`

	retryAfter int // seconds, 0 for none
	allow      string
}

// Error makes a Problem an error that handlers return.
func (p *Problem) Error() string { return p.Detail }

// Problemf makes a problem with the status's usual title.
func Problemf(status int, format string, args ...any) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: fmt.Sprintf(format, args...),
	}
}

// badParameter names the parameter and says what it must be.
func badParameter(name, format string, args ...any) *Problem {
	p := Problemf(http.StatusBadRequest, "parameter %s: %s", name, fmt.Sprintf(format, args...))
	p.Parameter = name
	return p
}

// maxRetryAfter is the most seconds that a reader is asked to wait where others are before it.
const maxRetryAfter = 5

// RetryBusy draws the seconds after which a reader is asked to retry, so that those refused together do not
// come again together.
func RetryBusy() int { return 1 + rand.IntN(maxRetryAfter) } //nolint:gosec // no secret

// problemOf turns any handler's error into the answer; internal is true where the cause is ours
// and belongs into the log instead.
func problemOf(err error) (p *Problem, internal bool) {
	switch {
	case errors.As(err, &p):
		return p, false
	case errors.Is(err, store.ErrInvalidCursor):
		return badParameter("cursor", "was not made by this listing; start again without it"), false
	case errors.Is(err, store.ErrNotFound):
		return Problemf(http.StatusNotFound, "no such record"), false
	case errors.Is(err, store.ErrTooMuch):
		return Problemf(http.StatusUnprocessableEntity, "%s", store.ErrTooMuch), false
	case errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnavailable):
		return Problemf(http.StatusInternalServerError, "what was asked for is damaged in the store and cannot be read; /query/status says more"), true
	case errors.Is(err, store.ErrBusy):
		p = Problemf(http.StatusServiceUnavailable, "too many requests of this kind are under way; try again a little later")
		p.retryAfter = RetryBusy()
		return p, false
	case errors.Is(err, store.ErrUnavailable),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = Problemf(http.StatusServiceUnavailable, "the store cannot be read now; try again")
		p.retryAfter = 1
		return p, true
	default:
		return Problemf(http.StatusInternalServerError, "the request failed; the collector's log says why"), true
	}
}

// WriteProblem answers with a problem.
func WriteProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("a problem cannot fail to be JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may be gone; nobody is left to tell
}
