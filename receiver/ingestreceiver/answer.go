package ingestreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/listener"
)

// maxListed bounds the rejections an answer lists.
const maxListed = 1000

// answer is what every request that could be read is told.
type answer struct {
	Accepted int         `json:"accepted"`
	Rejected []rejection `json:"rejected"`
	// Unlisted is the number of rejections beyond the listed ones.
	Unlisted int `json:"rejected_unlisted,omitempty"`
}

type rejection struct {
	Index int    `json:"index"`
	Field string `json:"field"`
	Error string `json:"error"`
}

func newAnswer() *answer { return &answer{Rejected: []rejection{}} }

func (a *answer) reject(index int, err fieldError) {
	if len(a.Rejected) >= maxListed {
		a.Unlisted++
		return
	}
	a.Rejected = append(a.Rejected, rejection{Index: index, Field: err.field, Error: err.reason})
}

func (a *answer) rejections() int { return len(a.Rejected) + a.Unlisted }

// writeOK answers that records were accepted.
func writeOK(w http.ResponseWriter, a *answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = json.NewEncoder(w).Encode(a)
}

// writeRefusal answers that no record was accepted.
func writeRefusal(w http.ResponseWriter, code int, detail string, a *answer) {
	a.Accepted = 0
	w.Header().Set("Content-Type", listener.ProblemContentType)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(struct {
		listener.Problem
		*answer
	}{listener.Problem{Title: http.StatusText(code), Status: code, Detail: detail}, a})
}

// writeUnreadable answers for a body that could not be read.
func writeUnreadable(w http.ResponseWriter, err error) {
	a := newAnswer()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, listener.ErrBusy):
		listener.SetRetryAfter(w)
		w.Header().Set("Connection", "close") // there may be more of the body
		writeRefusal(w, http.StatusTooManyRequests, err.Error()+"; send these again later", a)
	case errors.Is(err, listener.ErrSlow):
		w.Header().Set("Connection", "close")
		writeRefusal(w, http.StatusRequestTimeout, err.Error(), a)
	case errors.Is(err, errTooManyRecords), errors.Is(err, errTooMuch):
		writeRefusal(w, http.StatusRequestEntityTooLarge, err.Error(), a)
	case errors.As(err, &tooLarge):
		writeRefusal(w, http.StatusRequestEntityTooLarge, "the body is larger than max_request_body_size allows; send fewer records at once", a)
	default:
		writeRefusal(w, http.StatusBadRequest, "the body cannot be read: "+err.Error(), a)
	}
}

// writePushBack answers for records that the pipeline did not take. The error itself may name
// what callers need not know; it is logged.
func writePushBack(w http.ResponseWriter, err error, a *answer) {
	switch {
	case consumererror.IsPermanent(err):
		writeRefusal(w, http.StatusBadRequest, "the pipeline refuses these records; sending them again is of no use", a)
	case isOverload(err):
		listener.SetRetryAfter(w)
		writeRefusal(w, http.StatusTooManyRequests, "the pipeline is overloaded; send these records again later", a)
	default:
		listener.SetRetryAfter(w)
		writeRefusal(w, http.StatusServiceUnavailable, "the pipeline cannot take records now; send these again later", a)
	}
}

// isOverload tells a pipeline that is asked for too much from one that does not work.
func isOverload(err error) bool {
	var e *consumererror.Error
	if errors.As(err, &e) && consumererror.ToHTTPStatus(err) == http.StatusTooManyRequests {
		return true
	}
	return !errors.Is(err, context.DeadlineExceeded) && status.Code(err) == codes.ResourceExhausted
}
