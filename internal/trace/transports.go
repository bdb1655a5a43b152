package trace

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// maxBeside bounds how many spans on each side of a transport's are considered as its call.
const maxBeside = 32

// findCallsOfTransports finds the call that each span of the transport is part of: the call above it, else
// one beside it that was open at the time, as clients record it that connect in another context. Where no
// call is recorded, the connecting span stands for it, and what it looks up and opens is part of that.
func findCallsOfTransports(tr *Tree) {
	above := make([]*Node, len(tr.Nodes)) // the call of the same service that a node is or is below
	for _, n := range tr.Nodes {
		tr.Steps.Take(1 + len(n.Children))
		p := n.Parent
		if p != nil && p.Service == n.Service && !n.IsServing() {
			above[n.Index] = above[p.Index]
		}
		switch {
		case n.transport:
			if c := above[n.Index]; c != nil && mayBeOf(n, c) {
				n.Call = c
			}
		case n.IsExitCall():
			above[n.Index] = n
		}
	}
	for _, n := range tr.Nodes {
		for i, c := range n.Children {
			if c.transport && c.Call == nil && !n.transport {
				tr.Steps.Take(2 * maxBeside)
				c.Call = callBeside(n.Children, i)
			}
		}
		if n.transport && n.Call == nil && n.Parent != nil && n.Parent.transport && n.Parent.Service == n.Service {
			n.Call = n.Parent
		}
		if n.Call != nil && n.Call.transport && n.Call.Call != nil {
			n.Call = n.Call.Call
		}
	}
}

// callBeside is the call beside a span of the transport that it is part of: one that it names, else the
// only one that was open then; else the connecting span that names whom it connects to.
func callBeside(beside []*Node, at int) *Node {
	n := beside[at]
	var open, connecting *Node
	calls := 0
	for _, c := range beside[max(0, at-maxBeside):min(len(beside), at+maxBeside)] {
		if c == n || c.Service != n.Service || c.Start > n.End+minTolerance || c.End+minTolerance < n.Start || !mayBeOf(n, c) {
			continue
		}
		switch {
		case c.transport:
			if _, ownHost := hostNamedBy(n); ownHost || c.Call != nil {
				continue
			}
			if _, names := hostNamedBy(c); names && connecting == nil {
				connecting = c
			}
		case !c.IsExitCall():
		case names(n, c):
			return c
		default:
			open = c
			calls++
		}
	}
	if calls == 1 {
		return open
	}
	return connecting
}

// names reports whether a span of the transport names the host that the call does.
func names(n, call *Node) bool {
	host, _ := peerAddressOf(call)
	if host == "" {
		return false
	}
	own, known := hostNamedBy(n)
	return known && isSameHost(own, host) || n.Span.StatusMessage != "" && strings.Contains(n.Span.StatusMessage, host)
}

// mayBeOf reports whether nothing speaks against a span of the transport being part of a call: not if both name
// their host, and these differ.
func mayBeOf(n, call *Node) bool {
	own, known := hostNamedBy(n)
	host, _ := peerAddressOf(call)
	return !known || host == "" || address.IsNumeric(host) || isSameHost(own, host)
}

// hostNamedBy is the name of the host that the span, or one of the transport below it, connects to; false where
// only its IP is known.
func hostNamedBy(n *Node) (string, bool) {
	host, _ := peerAddressOf(n)
	return host, host != "" && !address.IsNumeric(host)
}

// peerAddressOf is host and port of the other side of a call, as recorded: by the span itself, or by one of
// the transport below one of the transport.
func peerAddressOf(n *Node) (host, port string) {
	host, port = semconv.PeerAddress(n.Attributes())
	if host != "" || !n.transport {
		return host, port
	}
	for _, c := range n.Children[:min(len(n.Children), maxBeside)] {
		if c.transport {
			if host, port = semconv.PeerAddress(c.Attributes()); host != "" {
				return host, port
			}
		}
	}
	return "", ""
}

// isSameHost reports whether two names are one host's, with or without its domain.
func isSameHost(a, b string) bool {
	a, b = address.Normal(a, ""), address.Normal(b, "")
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}
