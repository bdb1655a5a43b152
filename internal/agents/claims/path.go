package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// path is the way of a failure up from where it began to where it was told.
type path struct {
	k      *check
	trace  *dossier.Trace
	effect *dossier.Record
	top    *trace.Node
	nodes  []*trace.Node // from the cause up to top, both included
	// gaveUp is the topmost call on the way whose caller stopped waiting for an answer, nil where every
	// caller waited. What happened below it had only its time to do with what happened above.
	gaveUp *trace.Node
}

func newPath(k *check, effect, cause *dossier.Record) *path {
	p := &path{k: k, trace: effect.Trace, effect: effect, top: placeOf(effect)}
	for n := placeOf(cause); n != nil; n = n.Parent {
		p.nodes = append(p.nodes, n)
		if n == p.top {
			break
		}
	}
	for _, n := range slices.Backward(p.nodes[1:]) {
		if p.gaveUpWaiting(n) {
			p.gaveUp = n
			break
		}
	}
	return p
}

// gaveUpWaiting reports whether a node is a call that was given up, by its own words or those of the
// effect.
func (p *path) gaveUpWaiting(n *trace.Node) bool {
	if n.Span == nil || !n.IsExitCall() || !p.trace.Failed(n) || dossier.Answer(n.Span).IsFromPeer() || waitsForConnection(n) {
		return false
	}
	if dossier.Answer(n.Span).RPC == semconv.DeadlineExceeded || timeoutWords.MatchString(errorTextAt(p.trace, n)) {
		return true
	}
	return n.Service == p.top.Service && timeoutWords.MatchString(errorTextOf(p.effect))
}

// whyBroken is the reason why no failure goes up this way, however it began.
func (p *path) whyBroken() string {
	for _, n := range p.nodes[:len(p.nodes)-1] {
		switch {
		case n.Producer != nil && n.Parent == n.Producer:
			return "a message carries no failure back to its sender"
		case n.IsExitCall() && wasRepeated(p.trace, n):
			return "the call was repeated, and then succeeded"
		}
	}
	return ""
}

// whyNotHeld is the reason why the cause did not hold the time of a call on the way that was given up: it
// must have taken at least half of the wait.
func (p *path) whyNotHeld() string {
	c := p.nodes[0]
	for _, n := range p.nodes[1:] {
		if !p.gaveUpWaiting(n) {
			continue
		}
		if start, end := max(c.Start, n.Start), min(c.End, n.End); end <= start || 2*(end-start) < n.End-n.Start {
			return fmt.Sprintf("%s did not hold the time that %s waited", p.k.say.name(p.k.object), p.k.say.service(n.Service))
		}
	}
	return ""
}

// whyNotArriving is the reason why a failure of a node on the way is not what the effect tells of. It goes up
// service by service: in each, the failed call must be what the request failed over.
func (p *path) whyNotArriving(from *trace.Node) string {
	i := slices.Index(p.nodes, from)
	for i < len(p.nodes) {
		bottom, last := p.nodes[i], i
		for last+1 < len(p.nodes) && p.nodes[last+1].Service == bottom.Service {
			last++
		}
		for _, n := range p.nodes[i+1 : last+1] {
			if n != p.top && endedWell(p.trace, n) {
				return "a span between the two ended well"
			}
		}
		inner := bottom
		if i > 0 && from != bottom && !bottom.IsExitCall() {
			inner = p.nodes[i-1] // the call itself left no span
		}
		if reason := p.whyNotFailingOver(p.nodes[last], inner); reason != "" {
			return reason
		}
		if last+1 == len(p.nodes) {
			return ""
		}
		if reason := p.whyNotCrossing(p.nodes[last], p.nodes[last+1]); reason != "" {
			return reason
		}
		i = last + 1
	}
	return ""
}

// whyNotCrossing is the reason why a request's failure was not the answer to the call above it.
func (p *path) whyNotCrossing(request, call *trace.Node) string {
	allowed := p.trace.Uncertainty(call.Service, request.Service)
	switch {
	case endedWell(p.trace, call):
		return "a span between the two ended well"
	case request.Start > call.End+allowed:
		return "the call was over before what it is to have failed over had begun"
	case call.Span != nil && call.IsExitCall() && dossier.Answer(call.Span).IsFromPeer():
		return "" // the answer orders the two, whatever the clocks say
	case failureEnd(p.trace, request) > call.End+allowed:
		return "the error came after the call had failed"
	}
	return ""
}

// whyNotFailingOver is the reason why a request did not fail because of something within the same service: it
// failed before, over something else, or by a fault of its own.
func (p *path) whyNotFailingOver(request, inner *trace.Node) string {
	if request == inner {
		return ""
	}
	words, told := errorTextAt(p.trace, request), failureEnd(p.trace, request)
	if request == p.top {
		words, told = errorTextOf(p.effect), effectTime(p.effect, request)
	}
	at := failureEnd(p.trace, inner)
	told += p.trace.Tolerance
	if inner.Service != request.Service {
		told += p.trace.Uncertainty(request.Service, inner.Service)
	}
	switch {
	case at > told:
		return "the request had failed before the call was over"
	case request != p.top && isOnlyCancelled(words):
		return "a span between the two was cancelled"
	case p.mayHideLaterCall(request, inner, told):
		return "a call that was not received may be what it failed over"
	case p.k.rel.namesCall(words, inner):
		if p.hasLaterFailure(request, inner, told, words) {
			return "a later call that it speaks of as well failed in the same request"
		}
		return ""
	case isOwnFault(request, p.effect, p.top):
		return "it failed by a fault of its own code that does not speak of the call"
	case p.namesOtherFailure(words, request, inner):
		return "it speaks of another failure than that of the call"
	case p.hasLaterFailure(request, inner, told, ""):
		return "something else in the same request failed later"
	}
	return ""
}

// hasLaterFailure reports whether something beside a failed call failed after it and before the request
// did: a request fails over the last, of those that its words speak of where any are given.
func (p *path) hasLaterFailure(request, inner *trace.Node, told trace.Instant, words string) bool {
	return slices.ContainsFunc(p.trace.Nodes, func(n *trace.Node) bool {
		return p.failedBeside(request, inner, n) && failureEnd(p.trace, n) > failureEnd(p.trace, inner) && failureEnd(p.trace, n) <= told && (words == "" || p.k.rel.namesCall(words, n))
	})
}

// mayHideLaterCall reports whether a span was not received that may be a call of a request, made after
// another call had begun and before the request had failed.
func (p *path) mayHideLaterCall(request, inner *trace.Node, told trace.Instant) bool {
	return slices.ContainsFunc(p.trace.Nodes, func(n *trace.Node) bool {
		if n.Span != nil || n.Parent != nil || n.Covers(request) || n.Covers(inner) || n.Service != "" && n.Service != request.Service {
			return false
		}
		allowed := clockTolerance
		for _, c := range n.Children {
			allowed = max(allowed, p.trace.Uncertainty(request.Service, c.Service))
		}
		return n.End+allowed > inner.Start && n.Start < told+allowed
	})
}

// namesOtherFailure reports whether words speak of something else than a call: of another failed call, or
// of a failure that the call's answer cannot have been.
func (p *path) namesOtherFailure(words string, request, inner *trace.Node) bool {
	if inner.Span != nil && inner.IsExitCall() && (dossier.Answer(inner.Span).IsFromPeer() || len(inner.Callees()) > 0) && ownTrouble.MatchString(words) {
		return true
	}
	return slices.ContainsFunc(p.trace.Nodes, func(n *trace.Node) bool {
		return n.IsExitCall() && p.failedBeside(request, inner, n) && p.k.rel.namesCall(words, n)
	})
}

// failedBeside reports whether a node failed in a request, apart from what lies above and below a call.
func (p *path) failedBeside(request, inner, n *trace.Node) bool {
	return n.Service == request.Service && request.Covers(n) && !inner.Covers(n) && !n.Covers(inner) && n.Span != nil &&
		len(p.trace.Errors(n.Span)) > 0 && !endedWell(p.trace, n) && !wasRepeated(p.trace, n) && !isOnlyCancelled(errorTextAt(p.trace, n))
}
