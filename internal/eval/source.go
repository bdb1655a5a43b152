package eval

import (
	"cmp"
	"context"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// source is recorded telemetry as the loading of a case reads it.
type source struct {
	own, before analysis.Recorded
	changes     []incident.Change
}

// newSource arranges the records of a case by trace.
func newSource(r caseRecords) *source {
	return &source{own: arrange(r.own), before: arrange(r.before), changes: r.changes}
}

// arrange puts records together that have one trace.
func arrange(r records) (out analysis.Recorded) {
	traces := map[signal.TraceID]*incident.Trace{}
	of := func(id signal.TraceID) *incident.Trace {
		t := traces[id]
		if t == nil {
			t = &incident.Trace{Key: id.String(), ID: id}
			traces[id] = t
			out.Traces = append(out.Traces, t)
		}
		return t
	}
	for _, sp := range r.spans {
		t := of(sp.TraceID)
		t.Spans = append(t.Spans, sp)
	}
	for _, l := range r.logs {
		if l.TraceID.IsZero() {
			out.Logs = append(out.Logs, l)
			continue
		}
		t := of(l.TraceID)
		t.Logs = append(t.Logs, l)
	}
	for _, t := range out.Traces {
		slices.SortFunc(t.Spans, func(a, b *signal.Span) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), slices.Compare(a.SpanID[:], b.SpanID[:]), slices.Compare(a.ID[:], b.ID[:]))
		})
		slices.SortFunc(t.Logs, func(a, b *signal.Log) int {
			return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), slices.Compare(a.ID[:], b.ID[:]))
		})
	}
	out.Points = r.points
	return out
}

// beginOf is when the first record of a trace was made; they are in order.
func beginOf(t *incident.Trace) signal.Nanos {
	switch {
	case len(t.Logs) == 0:
		return t.Spans[0].Start
	case len(t.Spans) == 0:
		return t.Logs[0].EventTime()
	}
	return min(t.Spans[0].Start, t.Logs[0].EventTime())
}

// between are the records of a stretch of time.
func between(r analysis.Recorded, from, to signal.Nanos) (out analysis.Recorded) {
	in := func(at signal.Nanos) bool { return from <= at && at < to }
	for _, t := range r.Traces {
		if in(beginOf(t)) {
			out.Traces = append(out.Traces, t)
		}
	}
	for _, l := range r.Logs {
		if in(l.EventTime()) {
			out.Logs = append(out.Logs, l)
		}
	}
	for _, p := range r.Points {
		if in(p.Time) {
			out.Points = append(out.Points, p)
		}
	}
	return out
}

// Within returns what the case's own records have of a stretch of time.
func (s *source) Within(_ context.Context, from, to signal.Nanos) (analysis.Recorded, error) {
	return between(s.own, from, to), nil
}

// Before returns the fault-free records of the system, and what the case has before onset.
func (s *source) Before(_ context.Context, onset signal.Nanos) (analysis.Recorded, error) {
	out := between(s.own, 0, onset)
	out.Traces = slices.Concat(s.before.Traces, out.Traces)
	out.Logs = slices.Concat(s.before.Logs, out.Logs)
	out.Points = slices.Concat(s.before.Points, out.Points)
	return out, nil
}

// Changes returns those of a stretch of time.
func (s *source) Changes(_ context.Context, from, to signal.Nanos) (found []incident.Change, _ error) {
	for _, c := range s.changes {
		if from <= c.Time && c.Time < to {
			found = append(found, c)
		}
	}
	return found, nil
}
