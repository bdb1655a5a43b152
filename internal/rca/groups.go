package rca

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// group is one error: all error signals of one span, and the logs that belong to it.
type group struct {
	node     *node
	evidence []*evidence // ordered by time, then reference; bounded, see maxEvidence
	signals  int         // error signals, all of them
	first    instant     // when the first signal was seen
	end      instant     // when the error was over: its span's end, else its last signal
	told     instant     // its last exception or log, else end
	// failedSpan tells that the span itself has status Error.
	failedSpan bool

	reason reason
	// call is the exit call that the error is about: its own span, or the call below it that its
	// evidence speaks of; nil where there is none.
	call *node
	peer peer // of the call, or named by the evidence

	dismissed incident.DismissReason

	explainedBy []*group // nearest explanations
	explains    []*group
	rival       bool   // own code may be a second cause beside what explains it
	place       *place // where the time went, for timeouts
}

// maxEvidence bounds how many error logs of one span are read: the first ones and the last ones.
const maxEvidence = 64

// nameWindow is how soon after a child's end a log of the parent speaks of the child.
const nameWindow = instant(50_000_000)

// groupErrors gathers the error signals of every span. The result is in pre-order.
func groupErrors(tr *tree, dir *directory) []*group {
	moved := make(map[*signal.Log]*node)
	spoken := make(map[*node][]*signal.Log)
	for _, n := range tr.nodes {
		for _, l := range n.errors {
			if c := childNamed(n, l, dir); c != nil {
				moved[l] = c
				spoken[c] = append(spoken[c], l)
			}
		}
	}
	var groups []*group
	for _, n := range tr.nodes {
		g := &group{node: n}
		g.addSpan(tr.signals)
		g.addLogs(spoken[n], nil)
		g.addLogs(n.errors, moved)
		if g.signals == 0 {
			continue
		}
		g.close()
		n.group = g
		groups = append(groups, g)
	}
	for _, g := range groups {
		g.findPeer(dir)
	}
	return groups
}

// maxChildren bounds how many children are compared with one log.
const maxChildren = 64

// childNamed is the failed child whose peer, exception or status an error log of its parent names
// within 50 ms of the child's end; of several the nearest.
func childNamed(n *node, l *signal.Log, dir *directory) *node {
	if len(n.children) == 0 {
		return nil
	}
	o := failure.ObserveLog(l)
	at := instantOf(l.EventTime()) + n.shift
	text := ""
	var why *vocabulary.Row
	var nearest *node
	for _, c := range n.children[max(0, len(n.children)-maxChildren):] {
		if c.span == nil || abs(at-c.end) > nameWindow || !mayHaveFailed(c) {
			continue
		}
		if nearest != nil && abs(at-c.end) >= abs(at-nearest.end) {
			continue
		}
		if text == "" {
			text = joinTexts(o.ErrorType, o.Message, logText(l))
			why = signOf(text)
		}
		if namesCall(text, c, dir) || tellsWhy(text, why, c, dir) {
			nearest = c
		}
	}
	return nearest
}

// tellsWhy tells whether a text, given its most specific sign, says how a call went wrong of which
// its own span says only that it did, and not to whom it was.
func tellsWhy(text string, s *vocabulary.Row, c *node, dir *directory) bool {
	switch {
	case s == nil, c.span.StatusCode != signal.StatusError, c.service != c.parent.service, c.span.StatusMessage != "",
		len(c.span.Events) > 0, len(c.children) > 0, dir.peerOf(c).known():
		return false
	}
	return s.IsOfCall() && (isExitCall(c) || c.name != "" && strings.Contains(strings.ReplaceAll(text, "%20", " "), c.name))
}

// signOf is the most specific sign of a text, nil where it has none.
func signOf(text string) *vocabulary.Row {
	e := &evidence{}
	e.read("", text, "")
	return e.best()
}

func mayHaveFailed(n *node) bool {
	return n.span.StatusCode == signal.StatusError || n.answer.failed()
}

func (g *group) addSpan(signals Signals) {
	n := g.node
	if n.span == nil {
		return
	}
	g.failedSpan = n.span.StatusCode == signal.StatusError
	for _, o := range signals.OfSpan(n.span) {
		g.add(spanEvidence(n, o))
	}
}

// addLogs adds the error logs that were not moved to another span.
func (g *group) addLogs(logs []*signal.Log, moved map[*signal.Log]*node) {
	logs = slices.DeleteFunc(slices.Clone(logs), func(l *signal.Log) bool { return moved[l] != nil })
	for i, l := range logs {
		if i < maxEvidence || i >= len(logs)-maxEvidence {
			g.add(logEvidence(g.node, l, failure.ObserveLog(l), true))
			continue
		}
		g.signals++
	}
}

func (g *group) add(e *evidence) {
	if g.signals == 0 {
		g.first, g.end = e.time, e.time
	}
	g.signals++
	g.first, g.end = min(g.first, e.time), max(g.end, e.time)
	g.evidence = append(g.evidence, e)
}

// close completes a group once all its signals are known.
func (g *group) close() {
	g.told = g.end
	if g.failedSpan {
		g.end = max(g.end, g.node.end)
		g.told = g.lastTold()
	}
	slices.SortStableFunc(g.evidence, func(a, b *evidence) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.ref, b.ref))
	})
	g.reason = reasonOf(g.evidence)
	if g.reason.Rank >= vocabulary.RankTimeout {
		g.addWitnesses()
	}
}

// lastTold is when the last exception or log told of the error: the answer may have left then,
// although the span ended later.
func (g *group) lastTold() instant {
	told := instant(-1)
	for _, e := range g.evidence {
		if e.observed.Kind != failure.KindSpan {
			told = max(told, e.time)
		}
	}
	if told < 0 {
		return g.end
	}
	return told
}

// addWitnesses looks for the decisive record among the logs below ERROR beside an error that says
// little itself.
func (g *group) addWitnesses() {
	var witnesses []*evidence
	logs, errors := g.node.logs, setOf(g.node.errors)
	for i, l := range logs {
		if i >= maxEvidence && i < len(logs)-maxEvidence || errors[l] {
			continue
		}
		e := logEvidence(g.node, l, failure.ObserveLog(l), false)
		if s := e.best(); s != nil && s.Rank <= vocabulary.RankCapacity && !vocabulary.IsUpkeep(e.text) {
			witnesses = append(witnesses, e)
		}
	}
	if len(witnesses) > 0 {
		g.evidence = append(g.evidence, witnesses...)
		g.reason = reasonOf(g.evidence)
	}
}

// reason is the most specific sign of a group and the record that cites it.
type reason struct {
	*vocabulary.Row
	cited *evidence
}

func reasonOf(all []*evidence) reason {
	best := reason{Row: vocabulary.Unknown}
	for _, e := range all {
		s := e.best()
		if s == nil {
			continue
		}
		if best.cited == nil || s.Rank < best.Rank || s.Rank == best.Rank && s.IsWording() && !best.IsWording() {
			best = reason{Row: s, cited: e}
		}
	}
	if best.cited == nil && len(all) > 0 {
		best.cited = all[0]
	}
	return best
}

// gaveUpAt is when the wait ended that the group tells of.
func (g *group) gaveUpAt() instant {
	if g.failedSpan && isExitCall(g.node) {
		return g.node.end
	}
	return max(g.node.start, g.reason.cited.time)
}

func (g *group) cancelled() bool { return g.reason.Means == vocabulary.Cancelled }
func (g *group) timedOut() bool  { return g.reason.Means == vocabulary.TimedOut }

// exception is the group's exception that says most: the earliest one with frames, else the
// earliest.
func (g *group) exception() (*failure.Exception, *evidence) {
	var found *failure.Exception
	var in *evidence
	for _, e := range g.evidence {
		for _, x := range e.exceptions {
			if found == nil || len(found.Innermost().Frames) == 0 && len(x.Innermost().Frames) > 0 {
				found, in = x, e
			}
		}
	}
	return found, in
}

// answered tells whether the group carries a peer's response: the status of an exit call, or one
// that its text cites.
func (g *group) answered() bool {
	if a := g.node.answer; isExitCall(g.node) && (a.http != 0 || isPeersStatus(a.rpc)) {
		return true
	}
	return slices.ContainsFunc(g.evidence, func(e *evidence) bool { return e.http >= 400 || isPeersStatus(e.rpc) })
}

// isClients tells whether the group's records are those of a client that was answered with an error.
func (g *group) isClients() bool {
	return g.answered() && slices.ContainsFunc(g.evidence, func(e *evidence) bool { return clientException.MatchString(e.text) })
}

// isPeersStatus tells whether a gRPC status came from the peer: some are made by the client.
func isPeersStatus(rpc string) bool {
	return semconv.Status{RPC: semconv.RPCStatus(rpc)}.IsFromPeer()
}

func (g *group) refs() []incident.Ref {
	var refs []incident.Ref
	if g.reason.cited != nil {
		refs = appendRefs(refs, g.reason.cited.ref)
	}
	for _, e := range g.evidence {
		if len(refs) == maxRefs {
			break
		}
		refs = appendRefs(refs, e.ref)
	}
	return refs
}

// maxRefs bounds the evidence cited for one statement.
const maxRefs = 8
