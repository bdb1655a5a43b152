package failure

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Signals are the records of a trace that are error signals: those that configured conditions
// found, else those that the default rules see.
type Signals struct {
	configured bool
	spans      map[signal.ID]bool
	events     map[incident.SpanEvent]bool
	logs       map[signal.ID]bool
	// stacks are those that arrived one record a line, by their first; lines are their other records.
	stacks map[*signal.Log]Observed
	lines  map[*signal.Log]bool
}

// SignalsOf reads what a trace says about its error signals.
func SignalsOf(t *incident.Trace) Signals {
	found := t.Signals
	if found == nil {
		var s Signals
		s.joinStacks(t.Logs)
		return s
	}
	return Signals{configured: true, spans: membersOf(found.Spans), events: membersOf(found.Events), logs: membersOf(found.Logs)}
}

func membersOf[T comparable](items []T) map[T]bool {
	set := make(map[T]bool, len(items))
	for _, i := range items {
		set[i] = true
	}
	return set
}

// OfSpan returns the error signals of a span: itself and its events.
func (s Signals) OfSpan(span *signal.Span) []Observed {
	if !s.configured {
		return FromSpan(nil, span)
	}
	var found []Observed
	if s.spans[span.ID] {
		found = append(found, ObserveSpan(span))
	}
	for i := range span.Events {
		if s.events[incident.SpanEvent{Span: span.ID, Index: i}] {
			found = append(found, ObserveEvent(span, &span.Events[i]))
		}
	}
	return found
}

// IsLog reports whether a log record is an error signal.
func (s Signals) IsLog(l *signal.Log) bool {
	if s.configured {
		return s.logs[l.ID]
	}
	if _, isStack := s.stacks[l]; isStack || s.lines[l] {
		return isStack
	}
	return IsLogError(l)
}

// Observe is ObserveLog, of the first record of a stack that arrived one record a line with the whole stack.
func (s Signals) Observe(l *signal.Log) Observed {
	if o, isStack := s.stacks[l]; isStack {
		return o
	}
	return ObserveLog(l)
}

// joinStacks finds the stacks that arrived one record a line, of which some line is an error.
func (s *Signals) joinStacks(logs []*signal.Log) {
	if !slices.ContainsFunc(logs, func(l *signal.Log) bool { return isLine(storedLog{l}) }) {
		return
	}
	sorted := slices.Clone(logs)
	slices.SortFunc(sorted, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), cmp.Compare(a.ReceivedAt, b.ReceivedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	s.stacks, s.lines = make(map[*signal.Log]Observed), make(map[*signal.Log]bool)
	for _, stack := range JoinStacks(sorted) {
		if !stack.isError() {
			continue
		}
		s.stacks[stack.Lines[0]] = stack.Observe()
		for _, l := range stack.Lines[1:] {
			s.lines[l] = true
		}
	}
}

// Asked reports whether only a configured condition makes the span itself an error, whatever its
// answer was.
func (s Signals) Asked(span *signal.Span) bool {
	return s.configured && s.spans[span.ID] && !IsSpanError(span)
}
