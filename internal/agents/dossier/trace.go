package dossier

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Trace is a trace of the case put together.
type Trace struct {
	Key     string
	Healthy bool
	// Nodes are in pre-order, children by start, then ID.
	Nodes []*Node
	// Logs are in order of their corrected time, then identity.
	Logs []*signal.Log
	// Truncated is how many records the case leaves out.
	Truncated int
	// Begin is when the first span, else the first log began by its own clock; 0 where nothing has a time.
	Begin signal.Nanos
	// Tolerance is how far times of different services may differ without meaning anything.
	Tolerance signal.Nanos

	byID   map[signal.SpanID]*Node
	errors errorSignals
	shift  map[string]int64 // by service, added to its times
	// Uncertain is by how much a service's clock is provably off within the tolerance.
	uncertain map[string]signal.Nanos
	// doubt is by how much a corrected clock may still be off.
	doubt map[string]signal.Nanos
}

// Node is a span in its trace, or the stand-in for one that others name and that was not received.
type Node struct {
	Span     *signal.Span // nil for a stand-in
	ID       signal.SpanID
	Service  string // "" where unknown
	Name     string
	Parent   *Node
	Children []*Node
	// Producer is the span in this trace whose message this span works on.
	Producer *Node
	Trace    *Trace
	Logs     []*signal.Log
	// Start and End are corrected for clock skew.
	Start, End signal.Nanos

	order, last int
}

// newTrace assembles a trace. Of different spans under one ID the smallest identity is meant.
func newTrace(in *incident.Trace, healthy bool) *Trace {
	t := &Trace{Key: in.Key, Healthy: healthy, Truncated: in.Truncated, byID: map[signal.SpanID]*Node{}, errors: errorSignalsOf(in)}
	t.addSpans(in.Spans)
	t.linkParents()
	t.breakCycles()
	t.Logs = slices.Clone(in.Logs)
	t.placeLogs()
	t.nameStandIns()
	t.linkMessages()
	t.Tolerance, t.Begin = toleranceOf(in), beginOf(in)
	t.correctSkew()
	t.number()
	slices.SortFunc(t.Logs, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(t.at(a), t.at(b)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return t
}

func beginOf(in *incident.Trace) signal.Nanos {
	var begin signal.Nanos
	note := func(at signal.Nanos) {
		if at != 0 && (begin == 0 || at < begin) {
			begin = at
		}
	}
	for _, s := range in.Spans {
		note(s.Start)
	}
	if begin == 0 {
		for _, l := range in.Logs {
			note(l.EventTime())
		}
	}
	return begin
}

func (t *Trace) addSpans(spans []*signal.Span) {
	sorted := slices.Clone(spans)
	slices.SortStableFunc(sorted, func(a, b *signal.Span) int {
		return cmp.Or(bytes.Compare(a.SpanID[:], b.SpanID[:]), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, s := range sorted {
		if t.byID[s.SpanID] != nil {
			continue
		}
		n := &Node{Span: s, ID: s.SpanID, Service: s.Service(), Name: s.Name, Trace: t, Start: s.Start, End: max(s.Start, s.End)}
		t.byID[s.SpanID] = n
		t.Nodes = append(t.Nodes, n)
	}
}

func (t *Trace) linkParents() {
	for _, n := range slices.Clone(t.Nodes) {
		id := n.Span.ParentSpanID
		if id.IsZero() {
			continue
		}
		n.Parent = t.nodeOf(id)
	}
}

// nodeOf is the node of a span ID, a stand-in where the span was not received.
func (t *Trace) nodeOf(id signal.SpanID) *Node {
	if n := t.byID[id]; n != nil {
		return n
	}
	n := &Node{ID: id, Trace: t}
	t.byID[id] = n
	t.Nodes = append(t.Nodes, n)
	return n
}

// breakCycles cuts a cycle of parents above its earliest span.
func (t *Trace) breakCycles() {
	const onPath, done = 1, 2
	state := make(map[*Node]int, len(t.Nodes))
	for _, n := range t.Nodes {
		var path []*Node
		at := n
		for ; at != nil && state[at] == 0; at = at.Parent {
			state[at] = onPath
			path = append(path, at)
		}
		if at != nil && state[at] == onPath {
			slices.MinFunc(path[slices.Index(path, at):], compareNodes).Parent = nil
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

func (t *Trace) placeLogs() {
	for _, l := range t.Logs {
		if l.SpanID.IsZero() {
			continue
		}
		n := t.nodeOf(l.SpanID)
		n.Logs = append(n.Logs, l)
	}
}

// nameStandIns gives stand-ins the service and times that their logs and children prove.
func (t *Trace) nameStandIns() {
	for _, n := range t.Nodes {
		if n.Span != nil {
			continue
		}
		for _, l := range n.Logs {
			n.Service = l.Service()
			n.widen(l.EventTime(), l.EventTime())
		}
	}
	for _, n := range t.Nodes {
		p := n.Parent
		if p == nil || p.Span != nil || n.Span == nil {
			continue
		}
		p.widen(n.Start, n.End)
		if p.Service == "" && n.Span.Kind != signal.KindServer && n.Span.Kind != signal.KindConsumer {
			p.Service = n.Service
		}
	}
}

func (n *Node) widen(start, end signal.Nanos) {
	if n.Start == 0 || start < n.Start {
		n.Start = start
	}
	n.End = max(n.End, end)
}

// linkMessages finds, within the trace, the spans that sent what consumers work on.
func (t *Trace) linkMessages() {
	for _, n := range t.Nodes {
		if n.Span == nil || n.Span.Kind != signal.KindConsumer {
			continue
		}
		if p := n.Parent; p != nil && p.Span != nil && p.Span.Kind == signal.KindProducer {
			n.Producer = p
		}
		for _, l := range n.Span.Links {
			if p := t.byID[l.SpanID]; n.Producer == nil && p != nil && p != n && l.TraceID == n.Span.TraceID {
				n.Producer = p
			}
		}
	}
}

func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]))
}

// number orders the nodes, without recursion: traces may be deep.
func (t *Trace) number() {
	var roots []*Node
	for _, n := range t.Nodes {
		if n.Parent == nil {
			roots = append(roots, n)
		} else {
			n.Parent.Children = append(n.Parent.Children, n)
		}
	}
	slices.SortFunc(roots, compareNodes)
	stack := slices.Clone(roots)
	slices.Reverse(stack)
	ordered := make([]*Node, 0, len(t.Nodes))
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n.order, n.last = len(ordered), len(ordered)
		ordered = append(ordered, n)
		slices.SortFunc(n.Children, compareNodes)
		for _, c := range slices.Backward(n.Children) {
			stack = append(stack, c)
		}
	}
	for _, n := range slices.Backward(ordered) {
		if n.Parent != nil {
			n.Parent.last = max(n.Parent.last, n.last)
		}
	}
	t.Nodes = ordered
}

// Covers tells whether d is n or below it.
func (n *Node) Covers(d *Node) bool {
	return n.Trace == d.Trace && n.order <= d.order && d.order <= n.last
}

// FirstError is the corrected time of the node's first error signal: an exception or an error log,
// else the end of a span with status Error.
func (n *Node) FirstError() (at signal.Nanos, failed bool) {
	note := func(t signal.Nanos) {
		if !failed || t < at {
			at, failed = t, true
		}
	}
	if n.Span != nil {
		for _, o := range n.Trace.errors.ofSpan(n.Span) {
			if o.Kind == failure.KindSpan {
				note(n.End)
			} else {
				note(n.Trace.moved(n.Service, o.Time))
			}
		}
	}
	for _, l := range n.Logs {
		if n.Trace.errors.isLog(l) {
			note(n.Trace.at(l))
		}
	}
	return at, failed
}

// LastTold is the corrected time of the node's last exception, or, where logs count, error log.
func (n *Node) LastTold(logs bool) (at signal.Nanos, told bool) {
	if n.Span != nil {
		for _, o := range n.Trace.errors.ofSpan(n.Span) {
			if o.Kind != failure.KindSpan {
				at, told = max(at, n.Trace.moved(n.Service, o.Time)), true
			}
		}
	}
	for _, l := range n.Logs {
		if logs && n.Trace.errors.isLog(l) {
			at, told = max(at, n.Trace.at(l)), true
		}
	}
	return at, told
}

// Failed tells whether the node has an error signal of its own.
func (n *Node) Failed() bool { _, failed := n.FirstError(); return failed }

// Errors are the error signals of a span itself.
func (t *Trace) Errors(s *signal.Span) []failure.Observed { return t.errors.ofSpan(s) }

// IsError tells whether a log record is an error signal.
func (t *Trace) IsError(l *signal.Log) bool { return t.errors.isLog(l) }

// Node is the span or stand-in of an ID, nil where the trace has none.
func (t *Trace) Node(id signal.SpanID) *Node { return t.byID[id] }

// at is the corrected time of a log record.
func (t *Trace) at(l *signal.Log) signal.Nanos { return t.moved(l.Service(), l.EventTime()) }

func (t *Trace) moved(service string, at signal.Nanos) signal.Nanos {
	shift := t.shift[service]
	if shift < 0 && at < signal.Nanos(-shift) {
		return 0
	}
	return at + signal.Nanos(shift) //nolint:gosec // two's complement: a negative shift subtracts
}

// errorSignals tells which records of a trace are error signals.
type errorSignals struct {
	configured bool
	spans      map[signal.ID]bool
	events     map[incident.SpanEvent]bool
	logs       map[signal.ID]bool
}

func errorSignalsOf(t *incident.Trace) errorSignals {
	if t.Signals == nil {
		return errorSignals{}
	}
	e := errorSignals{configured: true, spans: map[signal.ID]bool{}, events: map[incident.SpanEvent]bool{}, logs: map[signal.ID]bool{}}
	for _, id := range t.Signals.Spans {
		e.spans[id] = true
	}
	for _, ev := range t.Signals.Events {
		e.events[ev] = true
	}
	for _, id := range t.Signals.Logs {
		e.logs[id] = true
	}
	return e
}

func (e errorSignals) ofSpan(s *signal.Span) []failure.Observed {
	if !e.configured {
		return failure.FromSpan(nil, s)
	}
	var found []failure.Observed
	if e.spans[s.ID] {
		found = append(found, failure.ObserveSpan(s))
	}
	for i := range s.Events {
		if e.events[incident.SpanEvent{Span: s.ID, Index: i}] {
			found = append(found, failure.ObserveEvent(s, &s.Events[i]))
		}
	}
	return found
}

func (e errorSignals) isLog(l *signal.Log) bool {
	if e.configured {
		return e.logs[l.ID]
	}
	_, isError := failure.FromLog(l)
	return isError
}
