package rca

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// operationOf names what a span does, without values: its route, RPC method or database operation,
// else its name; of a name with a raw path only the method and the peer.
func operationOf(n *node) string {
	if n == nil || n.span == nil {
		return ""
	}
	if o := failure.ObserveSpan(n.span); o.Route != "" {
		return signal.Name(o.Route)
	}
	method, path, found := strings.Cut(n.name, " ")
	if !found || strings.HasPrefix(method, "/") {
		method, path = "", n.name
	}
	if strings.HasPrefix(path, "/") && isExitCall(n) || strings.Contains(path, "://") {
		if peer := peerHint(n); peer != "" {
			return strings.TrimSpace(method + " " + peer)
		}
	}
	return signal.Name(failure.Parameterize(n.name))
}

// callOperation names what a call asks for: the callee's operation where it is recorded.
func callOperation(n *node) string {
	if c := n.remoteChild(); c != nil && c.received() {
		return operationOf(c)
	}
	return operationOf(n)
}
