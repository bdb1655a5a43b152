package trace

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// IsExitCall reports whether the span is a call out of its service: by its kind, or because it names
// a peer below a span of its own service that is no call itself. A span of the transport is one only where
// no call is recorded that it is part of.
func (n *Node) IsExitCall() bool {
	if n.transport {
		host, _ := peerAddressOf(n)
		return n.Call == nil && (isClient(n.Kind) || host != "")
	}
	return isClient(n.Kind) ||
		n.IsReceived() && n.Parent != nil && n.Parent.Service == n.Service && !isClient(n.Parent.Kind) && semconv.NamesPeer(n.Span.Attributes)
}

// RemoteChild is the earliest child of another service, which answered the call; nil if there is
// none.
func (n *Node) RemoteChild() *Node {
	for _, c := range n.Children {
		if c.Service != "" && c.Service != n.Service {
			return c
		}
	}
	return nil
}

// Callees are the children of other services: what the call reached, the earliest first.
func (n *Node) Callees() []*Node {
	var found []*Node
	for _, c := range n.Children {
		if c.Service != "" && c.Service != n.Service {
			found = append(found, c)
		}
	}
	return found
}

// Caller is the nearest node above of another service, nil if there is none. known is false where a span
// on the way was not received and its service is unknown.
func (n *Node) Caller() (caller *Node, known bool) {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Service == "" {
			return p, false
		}
		if p.Service != n.Service {
			return p, true
		}
	}
	return nil, true
}

// CallsStore reports whether the span calls a database or cache, which records no spans itself.
func (n *Node) CallsStore() bool {
	return semconv.DBSystem(n.Attributes()) != "" ||
		n.RemoteChild() == nil && (semconv.SystemIn(n.Name) != "" || semconv.SystemIn(n.PeerHint()) != "")
}

// PeerHint is what an exit call's attributes call its peer, "" where they do not.
func (n *Node) PeerHint() string {
	attrs := n.Attributes()
	if s := semconv.PeerService(attrs); s != "" {
		return s
	}
	host, _ := semconv.PeerAddress(attrs)
	return host
}
