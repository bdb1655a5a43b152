package rca

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// minComparable is how many healthy spans it takes to say what is usual.
const minComparable = 3

// usual says how long the operation that held the time takes in healthy traces, nil where the case
// has too few.
func (c *caseView) usual() *incident.Statement {
	j := c.face.judgement
	if j.kind != incident.KindSlow && j.kind != incident.KindEdge || j.group.place == nil || j.group.place.at.Span == nil {
		return nil
	}
	at := j.group.place.at
	var same []*signal.Span
	for _, t := range c.in.Healthy {
		for _, s := range t.Spans {
			if s.Name == at.Name && s.Service() == at.Service {
				same = append(same, s)
			}
		}
	}
	if len(same) < minComparable {
		return nil
	}
	slices.SortFunc(same, func(a, b *signal.Span) int {
		return cmp.Or(cmp.Compare(lengthOf(a), lengthOf(b)), bytes.Compare(a.TraceID[:], b.TraceID[:]), bytes.Compare(a.SpanID[:], b.SpanID[:]),
			bytes.Compare(a.ID[:], b.ID[:]))
	})
	median := same[len(same)/2]
	return &incident.Statement{
		Statement: fmt.Sprintf("%s took %s here, and %s in the middle of %s", trace.OperationOf(at), trace.FormatDuration(at.End-at.Start),
			trace.FormatDuration(lengthOf(median)), count(len(same), "healthy call")),
		Evidence: trace.AppendRefs(at.Refs(), trace.SpanRef(median)),
	}
}

func lengthOf(s *signal.Span) trace.Instant {
	return max(0, trace.InstantOf(s.End)-trace.InstantOf(s.Start))
}
