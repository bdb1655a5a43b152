package trace

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// OperationOf names what a span does, without values: its route, RPC method or database operation,
// else its name; of a name with a raw path only the method and the peer.
func OperationOf(n *Node) string {
	if n == nil || n.Span == nil {
		return ""
	}
	if o := failure.ObserveSpan(n.Span); o.Route != "" {
		return signal.Name(o.Route)
	}
	method, path, found := strings.Cut(n.Name, " ")
	if !found || strings.HasPrefix(method, "/") {
		method, path = "", n.Name
	}
	if strings.HasPrefix(path, "/") && n.IsExitCall() || strings.Contains(path, "://") {
		if peer := n.PeerHint(); peer != "" {
			return strings.TrimSpace(method + " " + peer)
		}
	}
	return signal.Name(failure.Parameterize(n.Name))
}

// CallOperationOf names what a call asks for: the callee's operation where it is recorded.
func CallOperationOf(n *Node) string {
	if c := n.RemoteChild(); c != nil && c.IsReceived() {
		return OperationOf(c)
	}
	return OperationOf(n)
}
