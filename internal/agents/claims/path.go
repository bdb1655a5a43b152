package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// path is the way of a failure up from where it began to where it was told.
type path struct {
	k      *check
	effect *dossier.Record
	top    *dossier.Node
	nodes  []*dossier.Node // from the cause up to top, both included
	// gaveUp is the topmost call on the way whose caller stopped waiting for an answer, nil where every
	// caller waited. What happened below it had only its time to do with what happened above.
	gaveUp *dossier.Node
}

func (k *check) pathOf(effect, cause *dossier.Record) *path {
	p := &path{k: k, effect: effect, top: k.place(effect)}
	for n := k.place(cause); n != nil; n = n.Parent {
		p.nodes = append(p.nodes, n)
		if n == p.top {
			break
		}
	}
	for _, n := range slices.Backward(p.nodes[1:]) {
		if p.stoppedWaiting(n) {
			p.gaveUp = n
			break
		}
	}
	return p
}

// stoppedWaiting tells whether a node is a call that was given up, by its own words or those of the
// effect.
func (p *path) stoppedWaiting(n *dossier.Node) bool {
	if n.Span == nil || !n.IsExit() || !n.Failed() || dossier.Answer(n.Span).IsFromPeer() || waitsForConnection(n) {
		return false
	}
	if dossier.Answer(n.Span).RPC == semconv.DeadlineExceeded || timeoutWords.MatchString(p.k.wordsAt(n)) {
		return true
	}
	return n.Service == p.top.Service && timeoutWords.MatchString(wordsOf(p.effect))
}

// broken is the reason why no failure goes up this way, however it began.
func (p *path) broken() string {
	for _, n := range p.nodes[:len(p.nodes)-1] {
		switch {
		case n.Producer != nil && n.Parent == n.Producer:
			return "a message carries no failure back to its sender"
		case n.IsExit() && repeated(n):
			return "the call was repeated, and then succeeded"
		}
	}
	return ""
}

// held is the reason why the cause did not hold the time of a call on the way that was given up: it
// must have taken at least half of the wait.
func (p *path) held() string {
	c := p.nodes[0]
	for _, n := range p.nodes[1:] {
		if !p.stoppedWaiting(n) {
			continue
		}
		if start, end := max(c.Start, n.Start), min(c.End, n.End); end <= start || 2*(end-start) < n.End-n.Start {
			return fmt.Sprintf("%s did not hold the time that %s waited", p.k.name(p.k.object), p.k.service(n.Service))
		}
	}
	return ""
}

// arrives is the reason why a failure of a node on the way is not what the effect tells of. It goes up
// service by service: in each, the failed call must be what the request failed over.
func (p *path) arrives(from *dossier.Node) string {
	i := slices.Index(p.nodes, from)
	for i < len(p.nodes) {
		bottom, last := p.nodes[i], i
		for last+1 < len(p.nodes) && p.nodes[last+1].Service == bottom.Service {
			last++
		}
		for _, n := range p.nodes[i+1 : last+1] {
			if n != p.top && endedWell(n) {
				return "a span between the two ended well"
			}
		}
		inner := bottom
		if i > 0 && from != bottom && !bottom.IsExit() {
			inner = p.nodes[i-1] // the call itself left no span
		}
		if reason := p.failsOver(p.nodes[last], inner); reason != "" {
			return reason
		}
		if last+1 == len(p.nodes) {
			return ""
		}
		if reason := p.crosses(p.nodes[last], p.nodes[last+1]); reason != "" {
			return reason
		}
		i = last + 1
	}
	return ""
}

// crosses is the reason why a request's failure was not the answer to the call above it.
func (p *path) crosses(request, call *dossier.Node) string {
	allowed := call.Trace.Uncertainty(call.Service, request.Service)
	switch {
	case endedWell(call):
		return "a span between the two ended well"
	case request.Start > call.End+allowed:
		return "the call was over before what it is to have failed over had begun"
	case call.Span != nil && call.IsExit() && dossier.Answer(call.Span).IsFromPeer():
		return "" // the answer orders the two, whatever the clocks say
	case over(request) > call.End+allowed:
		return "the error came after the call had failed"
	}
	return ""
}

// failsOver is the reason why a request did not fail because of something within the same service: it
// failed before, over something else, or by a fault of its own.
func (p *path) failsOver(request, inner *dossier.Node) string {
	if request == inner {
		return ""
	}
	words, told := p.k.wordsAt(request), over(request)
	if request == p.top {
		words, told = wordsOf(p.effect), toldAt(p.effect, request)
	}
	at := over(inner)
	told += request.Trace.Tolerance
	if inner.Service != request.Service {
		told += request.Trace.Uncertainty(request.Service, inner.Service)
	}
	switch {
	case at > told:
		return "the request had failed before the call was over"
	case request != p.top && onlyCancelled(words):
		return "a span between the two was cancelled"
	case hidesLaterCall(request, inner, told):
		return "a call that was not received may be what it failed over"
	case p.k.speaksOf(words, inner):
		if p.laterFailure(request, inner, told, words) {
			return "a later call that it speaks of as well failed in the same request"
		}
		return ""
	case ownFault(request, p.effect, p.top):
		return "it failed by a fault of its own code that does not speak of the call"
	case p.speaksOfOther(words, request, inner):
		return "it speaks of another failure than that of the call"
	case p.laterFailure(request, inner, told, ""):
		return "something else in the same request failed later"
	}
	return ""
}

// laterFailure tells whether something beside a failed call failed after it and before the request
// did: a request fails over the last, of those that its words speak of where any are given.
func (p *path) laterFailure(request, inner *dossier.Node, told signal.Nanos, words string) bool {
	return slices.ContainsFunc(request.Trace.Nodes, func(n *dossier.Node) bool {
		return p.beside(request, inner, n) && over(n) > over(inner) && over(n) <= told && (words == "" || p.k.speaksOf(words, n))
	})
}

// hidesLaterCall tells whether a span was not received that may be a call of a request, made after
// another call had begun and before the request had failed.
func hidesLaterCall(request, inner *dossier.Node, told signal.Nanos) bool {
	return slices.ContainsFunc(request.Trace.Nodes, func(n *dossier.Node) bool {
		if n.Span != nil || n.Parent != nil || n.Covers(request) || n.Covers(inner) || n.Service != "" && n.Service != request.Service {
			return false
		}
		allowed := clockTolerance
		for _, c := range n.Children {
			allowed = max(allowed, n.Trace.Uncertainty(request.Service, c.Service))
		}
		return n.End+allowed > inner.Start && n.Start < told+allowed
	})
}

// speaksOfOther tells whether words speak of something else than a call: of another failed call, or
// of a failure that the call's answer cannot have been.
func (p *path) speaksOfOther(words string, request, inner *dossier.Node) bool {
	if inner.Span != nil && inner.IsExit() && (dossier.Answer(inner.Span).IsFromPeer() || len(inner.Callees()) > 0) && ownTrouble.MatchString(words) {
		return true
	}
	return slices.ContainsFunc(inner.Trace.Nodes, func(n *dossier.Node) bool {
		return n.IsExit() && p.beside(request, inner, n) && p.k.speaksOf(words, n)
	})
}

// beside tells whether a node failed in a request, apart from what lies above and below a call.
func (p *path) beside(request, inner, n *dossier.Node) bool {
	return n.Service == request.Service && request.Covers(n) && !inner.Covers(n) && !n.Covers(inner) && n.Span != nil &&
		len(n.Trace.Errors(n.Span)) > 0 && !endedWell(n) && !repeated(n) && !onlyCancelled(p.k.wordsAt(n))
}
