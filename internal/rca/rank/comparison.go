package rank

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Comparison is how long an operation takes in healthy traces.
type Comparison struct {
	// At is the span that held the time, median the healthy call in the middle of so many.
	At     *trace.Node
	Median *signal.Span
	Calls  int
}

// compareWithHealthy looks up how long the operation that held the time takes in healthy traces, nil where
// the case has too few.
func compareWithHealthy(r *Ranking) *Comparison {
	j := r.Shown.Judgement
	if j.Kind != incident.KindSlow && j.Kind != incident.KindEdge || j.Place == nil || j.Place.At.Span == nil {
		return nil
	}
	at := j.Place.At
	var same []*signal.Span
	for _, t := range r.Case.Healthy {
		for _, s := range t.Spans {
			if s.Name == at.Name && s.Service() == at.Service && s.Start != 0 && s.End >= s.Start {
				same = append(same, s)
			}
		}
	}
	if len(same) < rules.ComparableCalls {
		return nil
	}
	slices.SortFunc(same, func(a, b *signal.Span) int {
		return cmp.Or(cmp.Compare(LengthOf(a), LengthOf(b)), bytes.Compare(a.TraceID[:], b.TraceID[:]), bytes.Compare(a.SpanID[:], b.SpanID[:]),
			bytes.Compare(a.ID[:], b.ID[:]))
	})
	return &Comparison{At: at, Median: same[len(same)/2], Calls: len(same)}
}

// LengthOf is how long a span took, by its own clock.
func LengthOf(s *signal.Span) trace.Instant {
	return max(0, trace.InstantOf(s.End)-trace.InstantOf(s.Start))
}
