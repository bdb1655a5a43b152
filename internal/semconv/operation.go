package semconv

import (
	"iter"
	"strconv"
	"strings"
)

// Family is the kind of protocol that an operation is of; "" is none.
type Family string

// The families of operations.
const (
	FamilyRPC       Family = "rpc"
	FamilyDB        Family = "db"
	FamilyMessaging Family = "messaging"
	FamilyHTTP      Family = "http"
)

// Operation is what a span does and how it was answered, without values.
type Operation struct {
	Family Family
	Name   string // route, RPC method, command and table, or destination; "" where only values are recorded
	Status string // a gRPC status, a database's code, or a class such as 5xx
}

// OperationOf returns what a span does. It allocates where a name has two parts.
func OperationOf[A Attributes](attrs A) Operation {
	switch {
	case isRPC(attrs):
		return Operation{FamilyRPC, join(RPCService(attrs), "/", RPCMethod(attrs)), string(StatusOfRPC(attrs))}
	case DBSystem(attrs) != "":
		return Operation{FamilyDB, join(DBOperation(attrs), " ", DBCollection(attrs)), DBStatus(attrs)}
	case MessagingSystem(attrs) != "":
		destination := firstStr(attrs, keyMessagingTemplate, keyMessagingDestination)
		return Operation{FamilyMessaging, join(MessagingOperation(attrs), " ", destination), ""}
	}
	method, route, status := HTTPMethod(attrs), HTTPRoute(attrs), httpClass(HTTPStatus(attrs))
	if method == "" && route == "" && status == "" {
		return Operation{}
	}
	if route == "" {
		return Operation{FamilyHTTP, "", status}
	}
	return Operation{FamilyHTTP, join(method, " ", route), status}
}

// IsToolCall reports whether a span is a request of the Model Context Protocol or another of JSON-RPC, whose
// answers say in their body how it went.
func IsToolCall[A Attributes](attrs A) bool {
	return firstStr(attrs, "mcp.method.name", "jsonrpc.request.id", "rpc.jsonrpc.version") != "" || attrs.Str(keyRPCSystem) == "jsonrpc"
}

// IsGraphQL reports whether a span is part of answering a GraphQL request, which is answered 200 whatever
// happened: the body holds the errors.
func IsGraphQL[A Attributes](attrs A) bool {
	return firstStr(attrs, keyGraphQLOperation, keyGraphQLType, keyGraphQLDocument, keyGraphQLSource, keyGraphQLField, keyGraphQLPath) != ""
}

func httpClass(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status/100) + "xx"
}

func join(a, separator, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + separator + b
}

// requestKeys tell apart what two requests of one name ask for.
var requestKeys = [...]string{
	keyURL, keyURLOld, keyHTTPTargetOld, keyDBQueryText, keyDBStatementOld, keyRPCMethod, keyMessageID, keyTemporalActivity,
}

// IsAttempt reports whether a span is an attempt at work that a workflow engine runs until it succeeds, and by
// which it goes.
func IsAttempt[A Attributes](attrs A) bool { return attrs.Str(keyTemporalActivity) != "" }

// VariesByAttempt reports whether an attribute of a span may differ between two attempts at the same work: a number
// of the attempt, a thread, a time, or how it went.
func VariesByAttempt(key string) bool {
	for word := range wordsOf(key) {
		switch strings.ToLower(word) {
		case "attempt", "attempts", "retry", "retries", "retried", "try", "tries", "thread", "duration", "time", "timestamp", "elapsed",
			"delay", "backoff", "status", "error", "exception", "result", "outcome", "size", "length", "count", "code", "host", "peer", "address", "port":
			return true
		}
	}
	return false
}

// wordsOf yields the words of an attribute's name, which end at a dot, underscore, hyphen or hump: retryCount is
// retry and Count, account no count.
func wordsOf(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from := 0
		for i := range len(key) {
			switch c := key[i]; {
			case !isAlphanumeric(c):
				if i > from && !yield(key[from:i]) {
					return
				}
				from = i + 1
			case i > from && isUpper(c) && !isUpper(key[i-1]):
				if !yield(key[from:i]) {
					return
				}
				from = i
			}
		}
		if from < len(key) {
			yield(key[from:])
		}
	}
}

// Request is what a call asks for, as far as it says: the URL, statement, method or message.
type Request [len(requestKeys)]string

// RequestOf reads what a call asks for.
func RequestOf[A Attributes](a A) (r Request) {
	for i, key := range requestKeys {
		r[i] = a.Str(key)
	}
	return r
}
