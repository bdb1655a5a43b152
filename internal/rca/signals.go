package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Signals tells which records of a trace are error signals: those that configured conditions
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
	return Signals{configured: true, spans: setOf(found.Spans), events: setOf(found.Events), logs: setOf(found.Logs)}
}

func setOf[T comparable](items []T) map[T]bool {
	set := make(map[T]bool, len(items))
	for _, i := range items {
		set[i] = true
	}
	return set
}

// OfSpan returns the error signals of a span: itself and its events.
func (s Signals) OfSpan(span *signal.Span) []failure.Observed {
	if !s.configured {
		return failure.FromSpan(nil, span)
	}
	var found []failure.Observed
	if s.spans[span.ID] {
		found = append(found, failure.ObserveSpan(span))
	}
	for i := range span.Events {
		if s.events[incident.SpanEvent{Span: span.ID, Index: i}] {
			found = append(found, failure.ObserveEvent(span, &span.Events[i]))
		}
	}
	return found
}

// IsLog tells whether a log record is an error signal.
func (s Signals) IsLog(l *signal.Log) bool {
	if s.configured {
		return s.logs[l.ID]
	}
	_, isError := failure.FromLog(l)
	return isError
}

// asked tells whether only a configured condition makes the span itself an error, whatever its
// answer was.
func (s Signals) asked(span *signal.Span) bool {
	return s.configured && s.spans[span.ID] && span.StatusCode != signal.StatusError
}
