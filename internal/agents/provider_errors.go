package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genai"
)

// retryable is a failure that may pass when the request is made again, after Delay if the
// provider named one.
type retryable struct {
	*fault
	delay time.Duration
}

func (r *retryable) Unwrap() error { return r.fault }

var errMalformed = errors.New("the answer is not of the protocol")

const maxProviderText = 500 // bytes of a provider's message that are kept, for the log

// faultOf turns what the client library returned into a sentence. What the provider wrote goes
// to the cause only, shortened and without the key.
func faultOf(ctx context.Context, keep scrubber, err error, reply *reply) error {
	var api genai.APIError
	var syntax *json.SyntaxError
	var types *json.UnmarshalTypeError
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fail(failTimeout, reasonDeadline, context.DeadlineExceeded).lostAnswer()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errTooLarge):
		return fail(failTooLarge, "The model's answer was larger than 4 MiB and was not read.", nil).lostAnswer()
	case errors.As(err, &api):
		if api.Code == 0 { // an error of a proxy's own form
			api.Code = reply.status
		}
		return statusFault(keep, api, reply.header)
	case errors.As(err, &syntax), errors.As(err, &types), errors.Is(err, errMalformed), errors.Is(err, io.ErrUnexpectedEOF):
		return fail(failUnavailable, "The model's service answered something that is not JSON of its protocol.", nil).lostAnswer()
	case errors.Is(err, context.DeadlineExceeded):
		return &retryable{fault: fail(failUnavailable, "The model's service did not answer in time.", nil).lostAnswer()}
	}
	unreachable := fail(failUnavailable, "The model's service could not be reached.", errors.New(shorten(keep.text(err.Error()))))
	if op := new(net.OpError); !errors.As(err, &op) || op.Op != "dial" {
		return &retryable{fault: unreachable.lostAnswer()} // the connection broke, perhaps after the question was read
	}
	return &retryable{fault: unreachable}
}

func statusFault(keep scrubber, e genai.APIError, headers http.Header) error {
	cause := fmt.Errorf("HTTP %d %s: %s", e.Code, shorten(keep.text(e.Status)), shorten(keep.text(e.Message)))
	switch {
	case e.Code == http.StatusTooManyRequests:
		return &retryable{
			fault: fail(failRateLimited, "The model's provider refused more requests (quota or rate limit).", cause),
			delay: retryDelay(e, headers),
		}
	case e.Code >= 500 || e.Code == http.StatusRequestTimeout:
		return &retryable{
			fault: fail(failUnavailable, fmt.Sprintf("The model's service failed (HTTP %d).", e.Code), cause),
			delay: retryDelay(e, headers),
		}
	case e.Code == http.StatusUnauthorized, e.Code == http.StatusForbidden, isBadKey(e):
		return fail(failDenied, "The provider refused the credentials: the API key or account is wrong, expired or lacks the permission.", cause)
	case e.Code == http.StatusNotFound:
		return fail(failNotFound, "The provider does not know the model (agents.model) at this endpoint.", cause)
	default:
		return fail(failRefused, fmt.Sprintf("The provider found fault with the request (HTTP %d).", e.Code), cause)
	}
}

// isBadKey knows that Google answers a wrong API key with 400, and the reason in the details.
func isBadKey(e genai.APIError) bool {
	for _, d := range e.Details {
		if reason, _ := d["reason"].(string); strings.HasPrefix(reason, "API_KEY_") {
			return true
		}
	}
	return false
}

// retryDelay is how long the provider asks to wait: google.rpc.RetryInfo, or Retry-After in
// seconds or as a date; the longer of both.
func retryDelay(e genai.APIError, headers http.Header) time.Duration {
	var delay time.Duration
	for _, d := range e.Details {
		if kind, _ := d["@type"].(string); strings.HasSuffix(kind, "google.rpc.RetryInfo") {
			text, _ := d["retryDelay"].(string)
			if parsed, err := time.ParseDuration(text); err == nil {
				delay = max(delay, parsed)
			}
		}
	}
	after := headers.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		delay = max(delay, time.Duration(min(seconds, 86_400))*time.Second)
	} else if at, err := http.ParseTime(after); err == nil {
		delay = max(delay, time.Until(at))
	}
	return delay
}

func shorten(s string) string {
	if len(s) <= maxProviderText {
		return s
	}
	return strings.ToValidUTF8(s[:maxProviderText], "") + "…"
}
