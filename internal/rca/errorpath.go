package rca

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// errorPath returns the part of a trace that leads to its errors, of at most so many records: failed spans, the
// first and the last ones to end, each with the spans around it, and the logs of all these. Where a call leads
// is part of it: what was left out must not look as if it had not been recorded.
func errorPath(t *incident.Trace, most int) *incident.Trace {
	p := newPathFinder(t, most/2)
	failed := p.failedSpans()
	for first, last := 0, len(failed)-1; first <= last && !p.full(); first, last = first+1, last-1 {
		p.keepAround(failed[first])
		p.keepAround(failed[last])
	}
	reduced := &incident.Trace{Key: t.Key, ID: t.ID, Signals: t.Signals}
	for _, s := range t.Spans {
		if p.kept[s] {
			reduced.Spans = append(reduced.Spans, s)
		}
	}
	reduced.Logs = p.logs(most / 2)
	reduced.Truncated = t.Truncated + len(t.Spans) - len(reduced.Spans) + len(t.Logs) - len(reduced.Logs)
	return reduced
}

// pathFinder finds what leads to the errors of a trace.
type pathFinder struct {
	trace    *incident.Trace
	signals  failure.Signals
	room     int // for spans
	spans    map[signal.SpanID][]*signal.Span
	children map[signal.SpanID][]*signal.Span
	kept     map[*signal.Span]bool
	climbed  map[*signal.Span]bool // whose ancestors were looked at
}

func newPathFinder(t *incident.Trace, room int) *pathFinder {
	p := &pathFinder{
		trace: t, signals: failure.SignalsOf(t), room: room,
		spans: make(map[signal.SpanID][]*signal.Span, len(t.Spans)), children: map[signal.SpanID][]*signal.Span{},
		kept: map[*signal.Span]bool{}, climbed: map[*signal.Span]bool{},
	}
	for _, s := range t.Spans {
		p.spans[s.SpanID] = append(p.spans[s.SpanID], s)
		p.children[s.ParentSpanID] = append(p.children[s.ParentSpanID], s)
	}
	delete(p.children, signal.SpanID{})
	for _, children := range p.children {
		slices.SortFunc(children, byEnd)
	}
	return p
}

func byEnd(a, b *signal.Span) int {
	return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.SpanID[:], b.SpanID[:]), bytes.Compare(a.ID[:], b.ID[:]))
}

func (p *pathFinder) full() bool { return len(p.kept) >= p.room }

func (p *pathFinder) keep(s *signal.Span) {
	if !p.full() {
		p.kept[s] = true
	}
}

// failedSpans are the spans with error signals, or that logs with such name, by their end.
func (p *pathFinder) failedSpans() []*signal.Span {
	named := map[signal.SpanID]bool{}
	for _, l := range p.trace.Logs {
		if p.signals.IsLog(l) {
			named[l.SpanID] = true
		}
	}
	var failed []*signal.Span
	for _, s := range p.trace.Spans {
		if named[s.SpanID] || len(p.signals.OfSpan(s)) > 0 {
			failed = append(failed, s)
		}
	}
	slices.SortFunc(failed, byEnd)
	return failed
}

// keepAround keeps a failed span, the nearest and the topmost spans above it, what it called, and where its
// time went.
func (p *pathFinder) keepAround(s *signal.Span) {
	p.keep(s)
	p.keepAbove(s)
	called := p.children[s.SpanID]
	for _, c := range called[max(0, len(called)-rules.PathChildren):] {
		p.keep(c)
	}
	for range rules.PathAbove {
		below := p.children[s.SpanID]
		if len(below) == 0 {
			return
		}
		s = below[len(below)-1]
		p.keep(s)
	}
}

func (p *pathFinder) keepAbove(s *signal.Span) {
	var above []*signal.Span
	for !p.climbed[s] {
		p.climbed[s] = true
		parents := p.spans[s.ParentSpanID]
		if len(parents) == 0 || s.ParentSpanID.IsZero() {
			break
		}
		above = append(above, parents[:min(len(parents), 2)]...) // two where caller and callee share an ID
		s = parents[0]
	}
	for i, a := range above {
		if i < rules.PathAbove || i >= len(above)-rules.PathTop {
			p.keep(a)
		}
	}
}

// logs are those of the spans that are kept, and those of no span that was received: errors before others.
func (p *pathFinder) logs(room int) []*signal.Log {
	keptIDs := make(map[signal.SpanID]bool, len(p.kept))
	for s := range p.kept {
		keptIDs[s.SpanID] = true
	}
	ordered := slices.Clone(p.trace.Logs)
	slices.SortFunc(ordered, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	perSpan := map[signal.SpanID]int{}
	var kept []*signal.Log
	for _, errors := range []bool{true, false} {
		for _, l := range ordered {
			id := l.SpanID
			if len(p.spans[id]) == 0 {
				id = signal.SpanID{} // all of no received span count together
			} else if !keptIDs[id] {
				continue
			}
			if len(kept) < room && perSpan[id] < 2*rules.MaxRecords && p.signals.IsLog(l) == errors {
				perSpan[id]++
				kept = append(kept, l)
			}
		}
	}
	return kept
}
