package trace

import (
	"bytes"
	"cmp"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Node is one span of a trace, or the stand-in for a span that others name but that was not
// received.
type Node struct {
	Span    *signal.Span // nil for a stand-in
	ID      signal.SpanID
	Service string // "" where unknown
	Name    string
	Kind    signal.SpanKind // derived where the span does not say
	Status  semconv.Status  // the answer that the span carries
	Parent  *Node
	// Children are ordered by start, then ID.
	Children []*Node
	Logs     []*signal.Log // ordered by time, then identity

	// Start and End are corrected for clock skew: Shift is what was added to them.
	Start, End, Shift Instant
	// Guessed reports whether Parent was inferred: the span that would prove it was not received.
	Guessed bool
	// Cut reports whether the span's own parents led back to it: it was made a root.
	Cut bool
	// Producer is the span that sent the message a consumer works on; no failure goes back to it.
	Producer *Node
	// Call is the call that a span of the transport is part of, nil for every other span and where no call
	// is recorded: then the span stands for it.
	Call *Node
	// Consumers are the deliveries of what a producer sent, ordered as children are.
	Consumers []*Node

	// Index is the node's place in Tree.Nodes, which are in pre-order; Last is that of its last
	// descendant. What others know of nodes they keep in slices by index.
	Index, Last int

	// Root is the topmost node above this one, LocalRoot the topmost node of the same service reached
	// without leaving it.
	Root, LocalRoot *Node

	leader    *Node // see leaderOf
	transport bool  // see semconv.IsTransport
}

// IsReceived reports whether the span itself was received.
func (n *Node) IsReceived() bool { return n.Span != nil }

// Covers reports whether d is n or below it.
func (n *Node) Covers(d *Node) bool { return n.Index <= d.Index && d.Index <= n.Last }

// IsEntry reports whether no caller of the node was received.
func (n *Node) IsEntry() bool { return n.Parent == nil || !n.Parent.IsReceived() }

// EntersService reports whether the node is the first of its service on the way down.
func (n *Node) EntersService() bool {
	return n.Parent == nil || (n.Service != "" && n.Parent.Service != n.Service)
}

// Attributes are those of the span, none for a stand-in.
func (n *Node) Attributes() signal.Map {
	if n.Span == nil {
		return nil
	}
	return n.Span.Attributes
}

// Resource is what emitted the span, else its first log; nil where neither was received.
func (n *Node) Resource() *signal.Resource {
	if n.Span != nil {
		return n.Span.Resource
	}
	if len(n.Logs) > 0 {
		return n.Logs[0].Resource
	}
	return nil
}

// Refs is the evidence that the node exists: its span, else the first of its logs, else a child.
func (n *Node) Refs() []incident.Ref {
	if n.Span != nil {
		return []incident.Ref{SpanRef(n.Span)}
	}
	if len(n.Logs) > 0 {
		return []incident.Ref{LogRef(n.Logs[0])}
	}
	for _, c := range n.Children {
		if c.IsReceived() {
			return c.Refs()
		}
	}
	return nil
}

// Instrumentation is a library within a service: what decides whether spans carry a status.
type Instrumentation struct{ Service, Scope string }

// Instrumentation is what recorded the span.
func (n *Node) Instrumentation() Instrumentation {
	i := Instrumentation{Service: n.Service}
	if n.Span != nil && n.Span.Scope != nil {
		i.Scope = n.Span.Scope.Name
	}
	return i
}

// compareNodes orders nodes by start, then ID; of a shared ID the caller comes first.
func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Service, b.Service),
		cmp.Compare(b.Kind, a.Kind))
}
