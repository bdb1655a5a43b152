package rca

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// node is one span of an assembled trace, or the stand-in for a span that others name but that
// was not received.
type node struct {
	span    *signal.Span // nil for a stand-in
	id      signal.SpanID
	service string // "" where unknown
	name    string
	kind    signal.SpanKind // derived where the span does not say
	parent  *node
	// children are ordered by start, then ID.
	children []*node
	logs     []*signal.Log // ordered by time, then identity
	errors   []*signal.Log // those of them that are error signals

	start, end instant
	shift      instant // what correctSkew added to start and end
	// guessed tells that parent was inferred: the span that would prove it was not received.
	guessed bool
	// producer is the span that sent the message a consumer works on; no failure goes back to it.
	producer *node
	// consumers are the deliveries of what a producer sent, ordered as children are.
	consumers []*node

	leader *node // see lead

	// order and last are the pre-order numbers of the node and of its last descendant.
	order, last int
	answer      answer
	group       *group
}

// instant is a time in nanoseconds, clamped so that differences never overflow.
type instant int64

const maxInstant = instant(1) << 61

func instantOf(n signal.Nanos) instant {
	if n > signal.Nanos(maxInstant) {
		return maxInstant
	}
	return instant(n)
}

// received tells whether the span itself was received.
func (n *node) received() bool { return n.span != nil }

// ghost tells whether only logs of the span were received.
func (n *node) ghost() bool { return n.span == nil && len(n.logs) > 0 }

// covers tells whether d is n or below it.
func (n *node) covers(d *node) bool { return n.order <= d.order && d.order <= n.last }

// entersService tells whether the node is the first of its service on the way down.
func (n *node) entersService() bool {
	return n.parent == nil || (n.service != "" && n.parent.service != n.service)
}

// isEntry tells whether no caller of the node is known.
func (n *node) isEntry() bool { return n.parent == nil || !n.parent.received() }

// localRoot is the topmost node of the same service reached without leaving it.
func (n *node) localRoot() *node {
	for !n.entersService() {
		n = n.parent
	}
	return n
}

// top is the root of the node's tree.
func (n *node) top() *node {
	for n.parent != nil {
		n = n.parent
	}
	return n
}

// remoteChild is the earliest child of another service, nil if there is none.
func (n *node) remoteChild() *node {
	for _, c := range n.children {
		if c.service != "" && c.service != n.service {
			return c
		}
	}
	return nil
}

func (n *node) attributes() signal.Map {
	if n.span == nil {
		return nil
	}
	return n.span.Attributes
}

func (n *node) resource() *signal.Resource {
	if n.span != nil {
		return n.span.Resource
	}
	if len(n.logs) > 0 {
		return n.logs[0].Resource
	}
	return nil
}

// refs is the evidence that the node exists: its span, else the first of its logs.
func (n *node) refs() []incident.Ref {
	if n.span != nil {
		return []incident.Ref{spanRef(n.span)}
	}
	if len(n.logs) > 0 {
		return []incident.Ref{logRef(n.logs[0])}
	}
	for _, c := range n.children {
		if c.received() {
			return c.refs()
		}
	}
	return nil
}

func spanRef(s *signal.Span) incident.Ref {
	return incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String())
}

func logRef(l *signal.Log) incident.Ref { return incident.Ref("log:" + l.ID.String()) }

// appendRefs adds those of refs that dst does not hold yet.
func appendRefs(dst []incident.Ref, refs ...incident.Ref) []incident.Ref {
	for _, r := range refs {
		if !slices.Contains(dst, r) {
			dst = append(dst, r)
		}
	}
	return dst
}
