package evidence

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// addTransports adds what failed in the transport below a call: a name that did not resolve, a connection
// that was refused. It lends the call its reason, never a name, and changes neither when the call began to
// fail nor when that was over. A call that was answered got past it, and so did one that went well after
// another attempt.
func (g *Group) addTransports(transports []*trace.Node, signals failure.Signals) {
	if g.Signals == 0 && !endedWith(g.Node, transports) || hasAnswer(g) {
		return
	}
	failedItself := g.Signals > 0
	for _, t := range transports[max(0, len(transports)-rules.MaxRecords):] {
		if t.Start > g.Node.End+trace.Instant(rules.ClockTolerance) {
			continue // the client connects again by itself
		}
		for _, o := range signals.OfSpan(t.Span) {
			e := recordOfSpan(t, o)
			e.lent = true
			if failedItself {
				g.Signals++
				g.Records = append(g.Records, e)
			} else {
				g.add(e)
			}
		}
	}
}

// hasAnswer reports whether a record of the call has the answer of a peer, which was reached then.
func hasAnswer(g *Group) bool {
	return g.IsAnswered() || slices.ContainsFunc(g.Records, func(e *Record) bool { return e.Best() != nil && e.Best().IsAnswer() })
}

// endedWith reports whether a call of which nothing says how it went ended with the failure of its transport.
func endedWith(call *trace.Node, transports []*trace.Node) bool {
	if len(transports) == 0 || call.Span == nil || call.Span.StatusCode != signal.StatusUnset || call.Status.IsKnown() || call.RemoteChild() != nil {
		return false
	}
	last := slices.MaxFunc(transports, func(a, b *trace.Node) int { return int(a.End - b.End) })
	return last.Span.StatusCode == signal.StatusError
}
