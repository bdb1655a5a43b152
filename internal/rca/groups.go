package rca

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// group is one error: all error signals of one span, and the logs that belong to it.
type group struct {
	node     *trace.Node
	evidence []*evidence   // ordered by time, then reference; bounded, see maxEvidence
	signals  int           // error signals, all of them
	first    trace.Instant // when the first signal was seen
	end      trace.Instant // when the error was over: its span's end, else its last signal
	told     trace.Instant // its last exception or log, else end
	// failedSpan tells that the span itself has status Error.
	failedSpan bool

	reason reason
	// call is the exit call that the error is about: its own span, or the call below it that its
	// evidence speaks of; nil where there is none.
	call *trace.Node
	peer trace.Peer // of the call, or named by the evidence

	dismissed incident.DismissReason

	explainedBy []*group // nearest explanations
	explains    []*group
	rival       bool   // own code may be a second cause beside what explains it
	place       *place // where the time went, for timeouts
}

// groups are the errors of a trace.
type groups struct {
	all []*group // in pre-order of their nodes
	at  []*group // by the index of their node, nil for nodes without an error
}

// of is the error of a node, nil where it has none.
func (g *groups) of(n *trace.Node) *group { return g.at[n.Index] }

// maxEvidence bounds how many error logs of one span are read: the first ones and the last ones.
const maxEvidence = 64

// nameWindow is how soon after a child's end a log of the parent speaks of the child.
const nameWindow = trace.Instant(50_000_000)

// groupErrors gathers the error signals of every span.
func groupErrors(tr *trace.Tree, signals failure.Signals, dir *trace.Directory) *groups {
	moved := make(map[*signal.Log]*trace.Node)
	spoken := make(map[*trace.Node][]*signal.Log)
	errorLogs := make([][]*signal.Log, len(tr.Nodes))
	for i, n := range tr.Nodes {
		for _, l := range n.Logs {
			if !signals.IsLog(l) {
				continue
			}
			errorLogs[i] = append(errorLogs[i], l)
			if c := childNamed(n, l, dir); c != nil {
				moved[l] = c
				spoken[c] = append(spoken[c], l)
			}
		}
	}
	found := &groups{at: make([]*group, len(tr.Nodes))}
	for i, n := range tr.Nodes {
		g := &group{node: n}
		g.addSpan(signals)
		g.addLogs(spoken[n], nil)
		g.addLogs(errorLogs[i], moved)
		if g.signals == 0 {
			continue
		}
		g.close(errorLogs[i])
		found.at[i] = g
		found.all = append(found.all, g)
	}
	for _, g := range found.all {
		g.findPeer(dir)
	}
	return found
}

// maxChildren bounds how many children are compared with one log.
const maxChildren = 64

// childNamed is the failed child whose peer, exception or status an error log of its parent names
// within 50 ms of the child's end; of several the nearest.
func childNamed(n *trace.Node, l *signal.Log, dir *trace.Directory) *trace.Node {
	if len(n.Children) == 0 {
		return nil
	}
	o := failure.ObserveLog(l)
	at := trace.InstantOf(l.EventTime()) + n.Shift
	text := ""
	var why *vocabulary.Row
	var nearest *trace.Node
	for _, c := range n.Children[max(0, len(n.Children)-maxChildren):] {
		if c.Span == nil || (at-c.End).Abs() > nameWindow || !mayHaveFailed(c) {
			continue
		}
		if nearest != nil && (at-c.End).Abs() >= (at-nearest.End).Abs() {
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
func tellsWhy(text string, s *vocabulary.Row, c *trace.Node, dir *trace.Directory) bool {
	switch {
	case s == nil, c.Span.StatusCode != signal.StatusError, c.Service != c.Parent.Service, c.Span.StatusMessage != "",
		len(c.Span.Events) > 0, len(c.Children) > 0, dir.PeerOf(c).IsKnown():
		return false
	}
	return s.IsOfCall() && (c.IsExitCall() || c.Name != "" && strings.Contains(strings.ReplaceAll(text, "%20", " "), c.Name))
}

// signOf is the most specific sign of a text, nil where it has none.
func signOf(text string) *vocabulary.Row {
	e := &evidence{}
	e.read("", text, "")
	return e.best()
}

func mayHaveFailed(n *trace.Node) bool {
	return n.Span.StatusCode == signal.StatusError || n.Status.IsFailure()
}

func (g *group) addSpan(signals failure.Signals) {
	n := g.node
	if n.Span == nil {
		return
	}
	g.failedSpan = n.Span.StatusCode == signal.StatusError
	for _, o := range signals.OfSpan(n.Span) {
		g.add(spanEvidence(n, o))
	}
}

// addLogs adds the error logs that were not moved to another span.
func (g *group) addLogs(logs []*signal.Log, moved map[*signal.Log]*trace.Node) {
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
func (g *group) close(errorLogs []*signal.Log) {
	g.told = g.end
	if g.failedSpan {
		g.end = max(g.end, g.node.End)
		g.told = g.lastTold()
	}
	slices.SortStableFunc(g.evidence, func(a, b *evidence) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.ref, b.ref))
	})
	g.reason = reasonOf(g.evidence)
	if g.reason.Rank >= vocabulary.RankTimeout {
		g.addWitnesses(errorLogs)
	}
}

// lastTold is when the last exception or log told of the error: the answer may have left then,
// although the span ended later.
func (g *group) lastTold() trace.Instant {
	told := trace.Instant(-1)
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
func (g *group) addWitnesses(errorLogs []*signal.Log) {
	var witnesses []*evidence
	logs, errors := g.node.Logs, setOf(errorLogs)
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
func (g *group) gaveUpAt() trace.Instant {
	if g.failedSpan && g.node.IsExitCall() {
		return g.node.End
	}
	return max(g.node.Start, g.reason.cited.time)
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
	if g.node.IsExitCall() && g.node.Status.IsFromPeer() {
		return true
	}
	return slices.ContainsFunc(g.evidence, func(e *evidence) bool {
		return e.http >= 400 || semconv.Status{RPC: semconv.RPCStatus(e.rpc)}.IsFromPeer()
	})
}

// isClients tells whether the group's records are those of a client that was answered with an error.
func (g *group) isClients() bool {
	return g.answered() && slices.ContainsFunc(g.evidence, func(e *evidence) bool { return clientException.MatchString(e.text) })
}

func (g *group) refs() []incident.Ref {
	var refs []incident.Ref
	if g.reason.cited != nil {
		refs = trace.AppendRefs(refs, g.reason.cited.ref)
	}
	for _, e := range g.evidence {
		if len(refs) == maxRefs {
			break
		}
		refs = trace.AppendRefs(refs, e.ref)
	}
	return refs
}

// maxRefs bounds the evidence cited for one statement.
const maxRefs = 8

func setOf[T comparable](items []T) map[T]bool {
	set := make(map[T]bool, len(items))
	for _, i := range items {
		set[i] = true
	}
	return set
}
