package rca

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/steps"
)

// shapes have the parent of each span but the first.
var shapes = map[string]func(r *rand.Rand, i int) int{
	"chain":       func(_ *rand.Rand, i int) int { return i - 1 },
	"star":        func(*rand.Rand, int) int { return 0 },
	"comb":        func(_ *rand.Rand, i int) int { return i - 1 - (i+1)%2 },
	"random tree": func(r *rand.Rand, i int) int { return r.IntN(i) },
}

var shapeTexts = []string{
	"", "", "", "timeout", "context canceled", "connection refused", "java.lang.NullPointerException: x", "upstream service-2 returned 500",
}

// shapeOf is a trace of n spans, of which five in eight failed, for many reasons.
func shapeOf(parent func(r *rand.Rand, i int) int, n int) *incident.Trace {
	id := func(i int) signal.SpanID { return signal.SpanID{4: byte(i >> 16), 5: byte(i >> 8), 6: byte(i), 7: 1} }
	r := rand.New(rand.NewPCG(1, 2))
	resources := make([]*signal.Resource, 5)
	for i := range resources {
		resources[i] = &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: fmt.Sprint("service-", i)}}}}
	}
	t := &incident.Trace{Key: "shape", ID: signal.TraceID{1}}
	for i := range n {
		s := &signal.Span{
			TraceID: t.ID, SpanID: id(i), Resource: resources[r.IntN(len(resources))], Name: "op", Kind: signal.SpanKind(r.IntN(6)),
			Start: signal.Nanos(1_700_000_000_000_000_000 + i*1000), End: signal.Nanos(1_700_000_900_000_000_000 - i*1000),
			StatusMessage: shapeTexts[r.IntN(len(shapeTexts))],
		}
		if s.StatusMessage != "" {
			s.StatusCode = signal.StatusError
		}
		if i > 0 {
			s.ParentSpanID = id(parent(r, i))
		}
		t.Spans = append(t.Spans, s)
		if i%10 == 0 {
			t.Logs = append(t.Logs, &signal.Log{TraceID: t.ID, SpanID: s.SpanID, Resource: s.Resource, Time: s.End, Severity: 17, Body: signal.Value{Data: s.StatusMessage}})
		}
	}
	signal.IdentifySpans("", t.Spans)
	signal.IdentifyLogs("", t.Logs)
	return t
}

// TestLargeTraceIsJudgedByItsErrorPath gives a trace fewer steps than it takes.
func TestLargeTraceIsJudgedByItsErrorPath(t *testing.T) {
	for name, parent := range shapes {
		t.Run(name, func(t *testing.T) {
			tr := shapeOf(parent, 5000)
			for _, s := range tr.Spans {
				s.StatusCode, s.StatusMessage = signal.StatusUnset, ""
			}
			tr.Logs = nil
			failed := tr.Spans[len(tr.Spans)-1]
			failed.StatusCode, failed.StatusMessage, failed.Kind = signal.StatusError, "java.lang.NullPointerException: x", signal.KindInternal

			whole := Classify("", tr, incident.Knowledge{})
			var seen []int
			var reduced incident.Classification
			require.NoError(t, bound(t.Context(), tr, -rules.StepsPerRecord*len(tr.Spans), func(part *incident.Trace, s *steps.Counter) {
				seen = append(seen, len(part.Spans))
				s.Take(1)
				v := judge.Judge("", explainTrace(part, incident.Knowledge{}, s), incident.Knowledge{})
				reduced = v.Classification
				assert.Contains(t, v.Explanation.Tree.Gaps, incident.Gap{Kind: "truncated", Detail: fmt.Sprintf(
					"%d records of trace shape were left out: it is too large to be looked at as a whole", len(tr.Spans)-len(part.Spans))})
			}))
			assert.Equal(t, len(tr.Spans), seen[0])
			assert.Less(t, seen[len(seen)-1], 200)
			require.Len(t, reduced.Roots, 1)
			assert.Equal(t, whole.Roots[0].Signature, reduced.Roots[0].Signature)
			assert.Equal(t, whole.Roots[0].Origin, reduced.Roots[0].Origin)
		})
	}
}

func TestErrorPath(t *testing.T) {
	for name, parent := range shapes {
		t.Run(name, func(t *testing.T) {
			tr := shapeOf(parent, 5000)
			part := errorPath(tr, 1000)
			assert.LessOrEqual(t, len(part.Spans)+len(part.Logs), 1000)
			assert.Greater(t, len(part.Spans), 400)
			assert.NotEmpty(t, part.Logs)
			assert.Equal(t, len(tr.Spans)+len(tr.Logs), len(part.Spans)+len(part.Logs)+part.Truncated)
			slices.Reverse(tr.Spans)
			slices.Reverse(tr.Logs)
			again := errorPath(tr, 1000)
			assert.ElementsMatch(t, part.Spans, again.Spans, "the order of records does not matter")
			assert.ElementsMatch(t, part.Logs, again.Logs)
		})
	}
}

func TestRulesStopWithTheirContext(t *testing.T) {
	tr := shapeOf(shapes["chain"], 5000)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ClassifyContext(ended, "", tr, incident.Knowledge{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = NeedsOfContext(ended, tr, incident.Knowledge{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = AnalyzeContext(ended, &incident.Case{Failing: []*incident.Trace{tr}})
	require.ErrorIs(t, err, context.Canceled)
}
