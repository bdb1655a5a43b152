package agents

import (
	"context"
	"errors"
	"time"
)

// faultKind tells faults apart for telemetry and for the circuit breaker.
type faultKind string

const (
	failRateLimited faultKind = "rate_limited"
	failUnavailable faultKind = "unavailable"
	failTimeout     faultKind = "timeout"
	failDenied      faultKind = "denied"
	failNotFound    faultKind = "not_found"
	failRefused     faultKind = "refused" // the provider finds fault with the request
	failBlocked     faultKind = "blocked"
	failEmpty       faultKind = "empty"
	failTruncated   faultKind = "truncated"
	failTooLarge    faultKind = "too_large"
	failBudget      faultKind = "budget"
	failBreaker     faultKind = "breaker"
	failInvalid     faultKind = "invalid_answer"
	failReplay      faultKind = "replay"
	failInternal    faultKind = "internal"
)

// fault is why a conversation ended without a conclusion. Reason is a plain sentence for the
// page; it holds no secret and no text of the provider that could.
type fault struct {
	Kind   faultKind
	Reason string
	cause  error
	lost   int64         // attempts whose answer was lost, which the provider may have counted
	again  time.Duration // after which another attempt may come further; 0 where nobody said
}

func (f *fault) Error() string {
	if f.cause == nil {
		return f.Reason
	}
	return f.Reason + " (" + f.cause.Error() + ")"
}

func (f *fault) Unwrap() error { return f.cause }

func fail(kind faultKind, reason string, cause error) *fault {
	return &fault{Kind: kind, Reason: reason, cause: cause}
}

// lostAnswer says that the provider may have answered, and counted it.
func (f *fault) lostAnswer() *fault {
	f.lost = 1
	return f
}

// asFault makes one of any error.
func asFault(err error) *fault {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return fail(failInternal, "The investigation was interrupted.", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fail(failTimeout, reasonDeadline, err)
	default:
		return fail(failInternal, "The agents failed for a reason of their own; the log of this process has it.", err)
	}
}

// againLeast is after how long a provider that fails is asked about the same case again, at the earliest.
const againLeast = time.Minute

// passes tells after how long another attempt may come further, and whether that is a limit of ours;
// 0 where another attempt would end alike.
func (f *fault) passes() (after time.Duration, ours bool) {
	switch f.Kind {
	case failBudget:
		return f.again, true
	case failBreaker:
		return breakerPause, true
	case failRateLimited, failUnavailable:
		return max(f.again, againLeast), false
	default:
		return 0, false
	}
}

const reasonDeadline = "The model did not finish within the time an analysis may take (agents.timeout)."

// providersFault reports whether the failure speaks against the provider as a whole, so that asking
// it again at once is of no use.
func (f *fault) providersFault() bool {
	switch f.Kind {
	case failRateLimited, failUnavailable, failTimeout, failDenied, failNotFound:
		return true
	}
	return false
}
