package rca

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// sketch is a random trace before names and IDs are given.
type sketch struct{ spans []sketchSpan }

type sketchSpan struct {
	parent, service, kind, status, http, text, logText, peer int
	start, length                                            int
	scope                                                    bool
}

var sketchTexts = []string{
	"", "context deadline exceeded", "context canceled", "connection refused", "%s returned 500", "No instances available for %s",
	"ERROR: deadlock detected (SQLSTATE 40P01)", "java.lang.NullPointerException: item", "403 Forbidden from %s", "no space left on device",
}

func drawSketch(t *rapid.T) sketch {
	n := rapid.IntRange(1, 14).Draw(t, "spans")
	s := sketch{spans: make([]sketchSpan, n)}
	draw := func(limit int, what string) int { return rapid.IntRange(0, limit-1).Draw(t, what) }
	for i := range s.spans {
		s.spans[i] = sketchSpan{
			parent: draw(i+2, "parent") - 1, service: draw(4, "service"), kind: draw(6, "kind"), status: draw(3, "status"),
			http: draw(8, "http"), text: draw(len(sketchTexts), "text"), logText: draw(len(sketchTexts)+3, "log"), peer: draw(4, "peer"),
			start: draw(1000, "start")*64 + i, length: draw(1000, "length")*64 + i + 32, scope: rapid.Bool().Draw(t, "scope"),
		}
	}
	return s
}

// build makes the trace, naming services and spans by the given functions. Times are distinct, so
// that nothing depends on how ties are broken.
func (s sketch) build(service func(int) string, id func(int) signal.SpanID) *incident.Trace {
	t := &incident.Trace{Key: "sketch", ID: signal.TraceID{9}}
	const unit = 100_003
	statuses := []int64{0, 0, 200, 200, 403, 404, 500, 503}
	for i, sp := range s.spans {
		resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service(sp.service)}}}}
		say := func(text int) string { return strings.ReplaceAll(sketchTexts[text], "%s", service(sp.peer)) }
		span := &signal.Span{
			TraceID: t.ID, SpanID: id(i), Resource: resource, Name: "op", Kind: signal.SpanKind(sp.kind),
			Start: 1_700_000_000_000_000_007 + signal.Nanos(sp.start)*unit, StatusCode: signal.StatusCode(sp.status), StatusMessage: say(sp.text),
		}
		span.End = span.Start + signal.Nanos(sp.length)*unit
		if sp.parent >= 0 {
			span.ParentSpanID = id(sp.parent)
		}
		if sp.scope {
			span.Attributes = append(span.Attributes, signal.KeyValue{Key: "peer.service", Value: signal.Value{Data: service(sp.peer)}})
		}
		if code := statuses[sp.http]; code != 0 {
			span.Attributes = append(span.Attributes, signal.KeyValue{Key: "http.response.status_code", Value: signal.Value{Data: code}})
		}
		t.Spans = append(t.Spans, span)
		if sp.logText < len(sketchTexts) {
			t.Logs = append(t.Logs, &signal.Log{
				TraceID: t.ID, SpanID: id(i), Resource: resource, Time: span.End - 11, Severity: 17, Body: signal.Value{Data: say(sp.logText)},
			})
		}
	}
	signal.IdentifySpans("", t.Spans)
	signal.IdentifyLogs("", t.Logs)
	return t
}

func plainService(i int) string { return []string{"alpha", "beta", "gamma", "delta"}[i] }
func otherService(i int) string { return []string{"zulu", "north-gate", "mike", "quebec"}[i] }

func plainID(i int) signal.SpanID { return signal.SpanID{0: 1, 7: byte(i + 1)} }
func otherID(i int) signal.SpanID { return signal.SpanID{0: byte(200 - 7*i), 3: byte(i)} }

// Explaining is acyclic, every failing trace has a primary origin or is dismissed, and the order of
// the records changes nothing.
func TestPropertyInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkInvariants(t, drawSketch(t).build(plainService, plainID)) })
}

// Renaming services consistently and renumbering spans changes nothing but the names.
func TestPropertyRenaming(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSketch(t)
		a := Classify("", s.build(plainService, plainID), incident.Knowledge{})
		b := Classify("", s.build(otherService, otherID), incident.Knowledge{})
		require.Equal(t, shape(a, plainService), shape(b, otherService))
	})
}

// shape is a classification with services numbered and without hashes and references.
func shape(c incident.Classification, name func(int) string) []string {
	number := func(s string) string {
		for i := range 4 {
			if s == name(i) {
				return fmt.Sprint("#", i)
			}
		}
		return "other"
	}
	lines := []string{fmt.Sprintln(c.State, c.Reason, c.Outcome, number(c.EntryService), len(c.Services), c.FirstError, c.LastError, c.MissingParent)}
	for _, r := range c.Roots {
		lines = append(lines, fmt.Sprintln(r.Kind, number(r.Service), number(r.Component), r.Category, r.Parts.Class, r.Abstained, r.Onset, r.Errors, r.ErrorSignals))
	}
	slices.Sort(lines[1:])
	return lines
}

// A trace that is delivered twice is the same trace.
func TestPropertyRedelivery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawSketch(t).build(plainService, plainID)
		once := Classify("", tr, incident.Knowledge{})
		tr.Spans = append(tr.Spans, tr.Spans...)
		twice := Classify("", tr, incident.Knowledge{})
		require.Equal(t, once, twice)
	})
}

// However deep or wide, a trace is taken apart in reasonable time and without recursion.
func TestHostileShapes(t *testing.T) {
	const n = 5_000
	id := func(i int) signal.SpanID { return signal.SpanID{4: byte(i >> 16), 5: byte(i >> 8), 6: byte(i), 7: 1} }
	build := func(parent func(int) int, text func(int) string) *incident.Trace {
		tr := &incident.Trace{Key: "hostile", ID: signal.TraceID{1}}
		resource := &signal.Resource{}
		for i := range n {
			s := &signal.Span{
				TraceID: tr.ID, SpanID: id(i), Resource: resource, Kind: signal.KindClient, Start: signal.Nanos(i), End: signal.Nanos(1_000_000_000 + i),
				StatusCode: signal.StatusError, StatusMessage: text(i),
			}
			if p := parent(i); p != i {
				s.ParentSpanID = id(p)
			}
			tr.Spans = append(tr.Spans, s)
		}
		return tr
	}
	say := func(s string) func(int) string { return func(int) string { return s } }
	mixed := func(i int) string { return []string{"timeout", "context canceled", "connection refused", "x"}[i%4] }
	for name, tr := range map[string]*incident.Trace{
		"a chain of timeouts":        build(func(i int) int { return max(0, i-1) }, say("timeout")),
		"a chain of cancellations":   build(func(i int) int { return max(0, i-1) }, say("context canceled")),
		"a chain of everything":      build(func(i int) int { return max(0, i-1) }, mixed),
		"a fan":                      build(func(int) int { return 0 }, mixed),
		"a comb":                     build(func(i int) int { return max(0, i-i%2-2+i%2*2) }, mixed),
		"one circle":                 build(func(i int) int { return (i + 1) % n }, mixed),
		"parents that never came":    build(func(i int) int { return i + n }, mixed),
		"one parent that never came": build(func(int) int { return 1 << 22 }, mixed),
	} {
		t.Run(name, func(t *testing.T) {
			requireAcyclic(t, explainTrace(tr, incident.Knowledge{}, nil))
			require.LessOrEqual(t, len(Analyze(&incident.Case{Failing: []*incident.Trace{tr}}).Report.Findings), rules.MaxFindings)
		})
	}
}
