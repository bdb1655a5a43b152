package rca

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// answer is the response a span carries: its HTTP status or its RPC status, 0 and "" where none.
type answer struct {
	http int
	rpc  string // a gRPC status name such as UNAVAILABLE
}

func (a answer) known() bool { return a.http != 0 || a.rpc != "" }

// failed tells whether the answer itself says that the call failed.
func (a answer) failed() bool { return a.http >= 400 || (a.rpc != "" && a.rpc != "OK") }

func answerOf(n *node) answer {
	attrs := n.attributes()
	var a answer
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if v, ok := attrs.Int(key); ok && v >= 100 && v <= 599 {
			a.http = int(v)
			break
		}
	}
	for _, key := range []string{"rpc.response.status_code", "rpc.grpc.status_code", "rpc.connect_rpc.error_code"} {
		v, ok := attrs.Get(key)
		if !ok {
			continue
		}
		if code, isInt := v.Int(); isInt {
			a.rpc = grpcName(code)
		} else {
			a.rpc = statusName(v.Str())
		}
		break
	}
	if !a.known() && attrs.FirstStr("db.system.name", "db.system") == "" {
		a = statusOf(attrs.Str("error.type"))
	}
	return a
}

// statusOf is the status that an error.type repeats.
func statusOf(errorType string) answer {
	if status, err := strconv.Atoi(errorType); err == nil && status >= 400 && status <= 599 {
		return answer{http: status}
	}
	if slices.Contains(grpcNames[1:], errorType) {
		return answer{rpc: errorType}
	}
	return answer{}
}

// statusName is the name of a gRPC status, however it is written: DeadlineExceeded is
// DEADLINE_EXCEEDED.
func statusName(name string) string {
	if upper := strings.ToUpper(name); upper != name && strings.ToLower(name) != name {
		var b strings.Builder
		for i, r := range name {
			if i > 0 && r >= 'A' && r <= 'Z' {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		}
		name = b.String()
	}
	name = strings.ToUpper(name)
	if name == "CANCELED" {
		return "CANCELLED"
	}
	return name
}

var grpcNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

func grpcName(code int64) string {
	if code < 0 || code >= int64(len(grpcNames)) {
		return ""
	}
	return grpcNames[code]
}

// callersBusiness tells whether the answer only says that the caller asked for something wrong,
// which is no error of the call (section 2).
func (a answer) callersBusiness() bool {
	switch a.http {
	case 400, 404, 405, 409, 410, 412, 415, 416, 422:
		return true
	case 0:
	default:
		return false
	}
	switch a.rpc {
	case "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return true
	}
	return false
}

// refuses tells whether the answer lays the failure on whoever asked: a 4xx, but for the 499 of one
// who left.
func (a answer) refuses() bool {
	switch a.rpc {
	case "UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED":
		return true
	}
	return a.http >= 400 && a.http < 499 || a.callersBusiness()
}

// speaks tells whether the span says how it went by itself.
func (n *node) speaks() bool {
	return n.span != nil && (n.span.StatusCode != signal.StatusUnset || n.answer.known())
}

// instrumentation is what decides whether spans carry a status: a library within a service.
type instrumentation struct{ service, scope string }

func (n *node) instrumentation() instrumentation {
	i := instrumentation{service: n.service}
	if n.span != nil && n.span.Scope != nil {
		i.scope = n.span.Scope.Name
	}
	return i
}
