package render

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// lengths are how long something took, in the traces that a sentence speaks of.
type lengths struct {
	took   []trace.Instant
	traces map[signal.TraceID]bool
}

// lengthsOf measures what one trace shows of an origin, and others do of the same.
func lengthsOf(j *judge.Judgement, all []*judge.Judgement, measure func(*judge.Judgement) (took trace.Instant, ok bool)) lengths {
	if len(all) == 0 {
		all = []*judge.Judgement{j}
	}
	l := lengths{traces: map[signal.TraceID]bool{}}
	for _, o := range all {
		if o.Kind != j.Kind || o.Class != j.Class {
			continue
		}
		if took, ok := measure(o); ok {
			l.took = append(l.took, took)
			l.traces[traceOf(o)] = true
		}
	}
	return l
}

func traceOf(j *judge.Judgement) signal.TraceID {
	switch n := j.Group.Node; {
	case n.Span != nil:
		return n.Span.TraceID
	case len(n.Logs) > 0:
		return n.Logs[0].TraceID
	}
	return signal.TraceID{}
}

// text writes "3.0 s", or "1.2 s to 4.8 s" where they differ.
func (l lengths) text() string {
	if len(l.took) == 0 {
		return trace.FormatDuration(0)
	}
	shortest, longest := trace.FormatDuration(slices.Min(l.took)), trace.FormatDuration(slices.Max(l.took))
	if shortest == longest {
		return longest
	}
	return shortest + " to " + longest
}

// inTraces writes text and in how many traces it was, where it was several.
func (l lengths) inTraces() string {
	if len(l.traces) < 2 {
		return l.text()
	}
	return l.text() + " in " + count(len(l.traces), "trace")
}

// waited is how long the origin's span had gone on when it gave up.
func waited(j *judge.Judgement) (trace.Instant, bool) {
	return max(0, j.Group.GaveUpAt()-j.Group.Node.Start), true
}

// waitedInSpan is waited, where a span shows it.
func waitedInSpan(j *judge.Judgement) (trace.Instant, bool) {
	if !j.Group.Node.IsReceived() {
		return 0, false
	}
	return waited(j)
}

// hadRequest is how long the callee had the request before the deadline, where it had it then.
func hadRequest(j *judge.Judgement) (trace.Instant, bool) {
	if j.Place == nil || j.Place.Callee == nil {
		return 0, false
	}
	deadline := j.Group.GaveUpAt()
	had := min(explain.EndAt(j.Place.Callee, deadline), deadline) - j.Place.Callee.Start
	return had, had > 0
}

// waitedWithCallee is waited, where the callee had the request before the deadline.
func waitedWithCallee(j *judge.Judgement) (trace.Instant, bool) {
	if _, had := hadRequest(j); !had {
		return 0, false
	}
	return waited(j)
}

// recordedLate is how long after the deadline the callee recorded the request, where it did not before.
func recordedLate(j *judge.Judgement) (trace.Instant, bool) {
	if _, had := hadRequest(j); had || j.Place == nil || j.Place.Callee == nil {
		return 0, false
	}
	return max(0, j.Place.Callee.Start-j.Group.GaveUpAt()), true
}

// heldTime is how long the span that held the time took, where it is one of the given operation.
func heldTime(at *trace.Node) func(*judge.Judgement) (trace.Instant, bool) {
	return func(j *judge.Judgement) (trace.Instant, bool) {
		if j.Place == nil || j.Place.At.Span == nil || j.Place.At.Name != at.Name || j.Place.At.Service != at.Service {
			return 0, false
		}
		return j.Place.At.End - j.Place.At.Start, true
	}
}

// judgementsOf are the judgements of the traces with the reported root.
func judgementsOf(list []*rank.Support) []*judge.Judgement {
	all := make([]*judge.Judgement, len(list))
	for i, s := range list {
		all[i] = s.Judgement
	}
	return all
}
