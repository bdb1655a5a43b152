package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissRecovered dismisses the errors of attempts that a later attempt made good.
func dismissRecovered(x *Explanation) {
	attempts := attempts{x: x, calls: map[*trace.Node]successes{}, deliveries: map[*trace.Node]successes{}, series: map[*trace.Node]map[work]*series{}}
	for _, g := range x.Groups.All {
		if !x.isFailure(g) || !attempts.madeGood(g.Node) || failsTooOften(x, g) {
			continue
		}
		for _, b := range groupsUnder(x, g.Node) {
			x.About(b).Dismissed = incident.DismissRecovered
		}
	}
}

// attempts knows the successful ones among siblings: of the calls below a span, and the deliveries of a message.
type attempts struct {
	x                 *Explanation
	calls, deliveries map[*trace.Node]successes
	series            map[*trace.Node]map[work]*series
}

// call is what two attempts have in common: whom they ask for what.
type call struct {
	service, name, peer string
	kind                signal.SpanKind
	request             semconv.Request
}

func callOf(n *trace.Node) call {
	return call{service: n.Service, name: n.Name, kind: n.Kind, peer: n.PeerHint(), request: semconv.RequestOf(n.Attributes())}
}

// successes have, by call, when the last attempt began that went well.
type successes map[call]trace.Instant

func successesOf(x *Explanation, siblings []*trace.Node) successes {
	last := successes{}
	x.Tree.Steps.Take(len(siblings))
	for _, s := range siblings { // by start
		if x.states.of(s) == healthy {
			last[callOf(s)] = s.Start
		}
	}
	return last
}

// madeGood reports whether a successful sibling to the same peer and operation followed.
func (a *attempts) madeGood(n *trace.Node) bool {
	var of map[*trace.Node]successes
	var above *trace.Node
	var siblings []*trace.Node
	switch {
	case n.Producer != nil:
		of, above, siblings = a.deliveries, n.Producer, n.Producer.Consumers
	case n.Parent != nil && n.IsExitCall():
		of, above, siblings = a.calls, n.Parent, n.Parent.Children
	case n.Parent != nil && isTransient(a.x, n):
		return a.wasRetried(n)
	default:
		return false
	}
	if of[above] == nil {
		of[above] = successesOf(a.x, siblings)
	}
	last, ok := of[above][callOf(n)]
	return ok && last >= n.Start && last >= n.End-a.x.Tree.Tolerance
}

// isTransient reports whether the failure of a span is one that trying again may mend: not the code's own.
func isTransient(x *Explanation, n *trace.Node) bool {
	g := x.Groups.Of(n)
	switch {
	case !g.FailedSpan:
		return false
	case semconv.IsAttempt(n.Attributes()):
		return true // whoever runs the work says so
	case n.Kind != signal.KindInternal:
		return false
	}
	if !g.IsBareMark() {
		return mayPass(g.Reason)
	}
	return slices.ContainsFunc(n.Children, func(c *trace.Node) bool {
		call := x.Groups.Of(c)
		return call != nil && c.IsExitCall() && mayPass(call.Reason)
	})
}

// mayPass reports whether what an error tells of may be over when it is tried again.
func mayPass(r evidence.Reason) bool {
	switch r.Means {
	case vocabulary.PeersFault, vocabulary.Unreachable, vocabulary.TimedOut:
		return true
	}
	return r.Rank == vocabulary.RankLock
}

// work is what attempts in a loop have in common: their name below one parent.
type work struct{ service, name string }

// series are the attempts at the same work, in their order.
type series struct {
	last    *trace.Node
	request semconv.Request
	// mixed is set where they ask for unequal things or one before the last went well: they are items of a
	// loop, not attempts.
	mixed bool
}

func workOf(n *trace.Node) work { return work{n.Service, n.Name} }

func seriesBelow(x *Explanation, parent *trace.Node) map[work]*series {
	all := map[work]*series{}
	x.Tree.Steps.Take(len(parent.Children))
	for _, n := range parent.Children {
		if n.Span == nil {
			continue
		}
		s, request := all[workOf(n)], requestWithin(n)
		if s == nil {
			all[workOf(n)] = &series{last: n, request: request}
			continue
		}
		s.mixed = s.mixed || s.last.Span.StatusCode != signal.StatusError || asksOtherwise(s.request, request) || isOtherItem(s.last, n)
		s.last = n
	}
	return all
}

// requestWithin is what a span asks for, or, where it is no call, its first call.
func requestWithin(n *trace.Node) semconv.Request {
	request := semconv.RequestOf(n.Attributes())
	for _, c := range n.Children {
		if request != (semconv.Request{}) {
			break
		}
		if c.IsExitCall() {
			request = semconv.RequestOf(c.Attributes())
		}
	}
	return request
}

// asksOtherwise reports whether two requests are known, and ask for unequal things.
func asksOtherwise(a, b semconv.Request) bool {
	return a != b && a != (semconv.Request{}) && b != (semconv.Request{})
}

// isOtherItem reports whether an attribute tells two spans apart that does not tell of how they went: they are of
// two items, and not two attempts at one.
func isOtherItem(a, b *trace.Node) bool {
	attrs := b.Attributes()
	for _, kv := range a.Attributes() {
		other, has := attrs.Get(kv.Key)
		if has && !semconv.VariesByAttempt(kv.Key) && isScalar(kv.Value) && other.Data != kv.Value.Data {
			return true
		}
	}
	return false
}

func isScalar(v signal.Value) bool {
	switch v.Data.(type) {
	case string, int64:
		return true
	}
	return false
}

// wasRetried reports whether a failed span is one of several attempts at the same work, of which the last one
// went well: the spans of one name below one parent, all but the last with status Error.
func (a *attempts) wasRetried(n *trace.Node) bool {
	if a.series[n.Parent] == nil {
		a.series[n.Parent] = seriesBelow(a.x, n.Parent)
	}
	s := a.series[n.Parent][workOf(n)]
	if s == nil || s.mixed || s.last == n || s.last.Span.StatusCode == signal.StatusError {
		return false
	}
	first := firstGroupAt(a.x, s.last.Index)
	return first == len(a.x.Groups.All) || a.x.Groups.All[first].Node.Index > s.last.Last
}

// failsTooOften reports whether the call fails more than twice as often as it did before: then its
// failures matter although they are made good.
func failsTooOften(x *Explanation, g *evidence.Group) bool {
	call := RetriedCall(g)
	for _, c := range x.calls {
		before, failedBefore := c.Calls-c.RecentCalls, c.Failed-c.RecentFailed
		if c.Caller != call.Caller || c.Callee != call.Callee || c.Operation != call.Operation || before < rules.BaselineCalls || c.RecentCalls < rules.RecentCalls {
			continue
		}
		if c.RecentFailed*before > rules.TooOften*(failedBefore+1)*c.RecentCalls {
			return true
		}
	}
	return false
}

// RetriedCall names the calls that show how often the one of g fails.
func RetriedCall(g *evidence.Group) incident.CallStats {
	return incident.CallStats{Caller: g.Node.Service, Callee: g.Peer.Name(g.Node.Service), Operation: g.Node.Name}
}
