package dossier

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Trace is a trace of the case, arranged as it was recorded, with corrected clocks. What the rules guess
// of it is left out: claims are verified against what is known.
type Trace struct {
	Key     string
	Healthy bool
	// Nodes are in pre-order, children by start, then ID.
	Nodes []*trace.Node
	// Logs are in order of their corrected time, then identity.
	Logs []*signal.Log
	// Truncated is how many records the case leaves out.
	Truncated int
	// Begin is when the first span, else the first log began by its own clock; 0 where nothing has a time.
	Begin signal.Nanos
	// Tolerance is how far times of different services may differ without meaning anything.
	Tolerance trace.Instant

	tree    *trace.Tree
	signals failure.Signals
}

func newTrace(in *incident.Trace, healthy bool) *Trace {
	tree := trace.Arrange(in)
	tree.CorrectClocks()
	t := &Trace{
		Key: in.Key, Healthy: healthy, Nodes: tree.Nodes, Logs: slices.Clone(in.Logs), Truncated: in.Truncated, Begin: beginOf(in),
		Tolerance: tree.Tolerance, tree: tree, signals: failure.SignalsOf(in),
	}
	slices.SortFunc(t.Logs, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(t.timeOf(a), t.timeOf(b)), bytes.Compare(a.ID[:], b.ID[:]))
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

// Node is the span or stand-in of an ID, nil where the trace has none.
func (t *Trace) Node(id signal.SpanID) *trace.Node { return t.tree.NodeOf(id) }

// nodeOf is the span or stand-in that a log names, nil where it names none. Of an ID that both sides of a
// call share it is that of the log's service.
func (t *Trace) nodeOf(l *signal.Log) *trace.Node {
	span := failure.ContextOf(l).Span
	if span.IsZero() {
		return nil
	}
	return t.tree.NodeMeant(span, l.Service())
}

// FirstError is the corrected time of a node's first error signal: an exception or an error log, else
// the end of a span with status Error.
func (t *Trace) FirstError(n *trace.Node) (at trace.Instant, failed bool) {
	note := func(found trace.Instant) {
		if !failed || found < at {
			at, failed = found, true
		}
	}
	if n.Span != nil {
		for _, o := range t.signals.OfSpan(n.Span) {
			if o.Kind == failure.KindSpan {
				note(n.End)
			} else {
				note(t.corrected(n.Service, o.Time))
			}
		}
	}
	for _, l := range n.Logs {
		if t.signals.IsLog(l) {
			note(t.timeOf(l))
		}
	}
	return at, failed
}

// LastError is the corrected time of a node's last exception, or, where logs count, error log.
func (t *Trace) LastError(n *trace.Node, logs bool) (at trace.Instant, found bool) {
	note := func(recorded trace.Instant) {
		if !found || recorded > at {
			at, found = recorded, true
		}
	}
	if n.Span != nil {
		for _, o := range t.signals.OfSpan(n.Span) {
			if o.Kind != failure.KindSpan {
				note(t.corrected(n.Service, o.Time))
			}
		}
	}
	for _, l := range n.Logs {
		if logs && t.signals.IsLog(l) {
			note(t.timeOf(l))
		}
	}
	return at, found
}

// Failed reports whether a node has an error signal of its own.
func (t *Trace) Failed(n *trace.Node) bool { _, failed := t.FirstError(n); return failed }

// Errors are the error signals of a span itself.
func (t *Trace) Errors(s *signal.Span) []failure.Observed { return t.signals.OfSpan(s) }

// IsError reports whether a log record is an error signal.
func (t *Trace) IsError(l *signal.Log) bool { return t.signals.IsLog(l) }

// timeOf is the corrected time of a log record.
func (t *Trace) timeOf(l *signal.Log) trace.Instant { return t.corrected(l.Service(), l.EventTime()) }

func (t *Trace) corrected(service string, at signal.Nanos) trace.Instant {
	return max(trace.InstantOf(at)+t.tree.ClockOf(service).Shift, 0)
}

// Uncertainty is how far the times of two services of a trace may differ without meaning anything.
func (t *Trace) Uncertainty(a, b string) trace.Instant {
	return t.Tolerance + max(t.tree.ClockOf(a).Off, t.tree.ClockOf(b).Off)
}

// Doubt is how far the corrected times of a service whose clock was off may still be off.
func (t *Trace) Doubt(service string) trace.Instant { return t.tree.ClockOf(service).Doubt }

// Shift is by how much the times of a service were moved.
func (t *Trace) Shift(service string) trace.Instant { return t.tree.ClockOf(service).Shift.Abs() }
