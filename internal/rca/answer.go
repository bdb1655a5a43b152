package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
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
	s := semconv.StatusOf(n.attributes())
	return answer{http: s.HTTP, rpc: string(s.RPC)}
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
