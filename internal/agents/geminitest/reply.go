package geminitest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Reply is what a script answers.
type Reply struct {
	Parts        []Part
	FinishReason string // STOP where empty
	Thoughts     int    // tokens of thought to report

	blocked  string        // a prompt's block reason
	empty    bool          // no candidate at all
	raw      string        // a body as it is
	hang     bool          // never answers
	huge     int           // bytes of filler
	status   int           // an HTTP error
	code     string        // its canonical name
	message  string        // its text
	reason   string        // of google.rpc.ErrorInfo
	delay    time.Duration // of google.rpc.RetryInfo
	retryAft string        // the header
}

// Text answers text.
func Text(text string) Reply { return Reply{Parts: []Part{{Text: text}}} }

// JSON answers v as JSON text.
func JSON(v any) Reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic("geminitest: a script's answer is not JSON: " + err.Error())
	}
	return Text(string(body))
}

// Call asks for one function.
func Call(name string, args map[string]any) Reply {
	return Reply{Parts: []Part{{FunctionCall: &FunctionCall{Name: name, Args: args}}}}
}

// And joins the parts of two replies: parallel calls.
func (r Reply) And(s Reply) Reply {
	r.Parts = append(append([]Part(nil), r.Parts...), s.Parts...)
	return r
}

// Finish ends an answer for another reason than STOP, keeping its parts.
func (r Reply) Finish(reason string) Reply {
	r.FinishReason = reason
	return r
}

// Blocked refuses the prompt, as the safety filter does.
func Blocked() Reply { return Reply{blocked: "PROHIBITED_CONTENT"} }

// Empty answers without candidate.
func Empty() Reply { return Reply{empty: true} }

// Silent answers a candidate without content.
func Silent() Reply { return Reply{FinishReason: "STOP"} }

// Hang never answers.
func Hang() Reply { return Reply{hang: true} }

// Huge answers n bytes.
func Huge(n int) Reply { return Reply{huge: n} }

// Raw answers a body as it is, with status 200.
func Raw(body string) Reply { return Reply{raw: body} }

// RateLimited is 429 with the delay in Google's RetryInfo.
func RateLimited(delay time.Duration) Reply {
	return Reply{status: http.StatusTooManyRequests, code: "RESOURCE_EXHAUSTED", message: "Resource has been exhausted (e.g. check quota).", delay: delay}
}

// RetryAfter is an HTTP error with the header Retry-After.
func RetryAfter(status int, header string) Reply {
	return Reply{status: status, code: "UNAVAILABLE", message: "The model is overloaded. Please try again later.", retryAft: header}
}

// Broken is an HTTP error without advice.
func Broken(status int) Reply {
	return Reply{status: status, code: "INTERNAL", message: "An internal error has occurred."}
}

// Revoked is what Google answers to an API key it does not accept; the message repeats the key.
func Revoked(key string) Reply {
	return Reply{status: http.StatusBadRequest, code: "INVALID_ARGUMENT", reason: "API_KEY_INVALID", message: "API key not valid: " + key + ". Please pass a valid API key."}
}

// Denied is 403.
func Denied() Reply {
	return Reply{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "Your API key was reported as leaked."}
}

// UnknownModel is 404.
func UnknownModel() Reply {
	return Reply{status: http.StatusNotFound, code: "NOT_FOUND", message: "models/nothing is not found for API version v1beta."}
}
