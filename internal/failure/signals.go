package failure

import (
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
}

// SignalsOf reads what a trace says about its error signals.
func SignalsOf(t *incident.Trace) Signals {
	found := t.Signals
	if found == nil {
		return Signals{}
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
	_, isError := FromLog(l)
	return isError
}

// Asked reports whether only a configured condition makes the span itself an error, whatever its
// answer was.
func (s Signals) Asked(span *signal.Span) bool {
	return s.configured && s.spans[span.ID] && !IsSpanError(span)
}
