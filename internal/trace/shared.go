package trace

import "github.com/prodsentinel/prodsentinel/internal/signal"

// Zipkin's tracers may give a call one span ID for both of its sides: the client and the server then
// report a span each under it. They are two nodes here, the caller and below it the callee.

// areHalves reports whether two spans under one ID are the two sides of a call.
func areHalves(a, b *signal.Span) bool {
	return a.Kind == signal.KindClient && b.Kind == signal.KindServer || a.Kind == signal.KindServer && b.Kind == signal.KindClient
}

// share makes two nodes of one ID caller and callee.
func (tr *Tree) share(a, b *Node) {
	caller, callee := a, b
	if a.Kind == signal.KindServer {
		caller, callee = b, a
	}
	if tr.callers == nil {
		tr.callers = make(map[signal.SpanID]*Node)
	}
	tr.byID[callee.ID], tr.callers[caller.ID] = callee, caller
}

// NodeMeant is the node that a record of the service means by a span ID, nil where there is none. Of a
// shared ID it is the half of that service, else the callee: what callers do in a call is rarely recorded.
func (tr *Tree) NodeMeant(id signal.SpanID, service string) *Node {
	n := tr.byID[id]
	if caller := tr.callers[id]; caller != nil && caller.Service == service && n.Service != service {
		return caller
	}
	return n
}
