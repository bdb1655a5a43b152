package tracetree

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func id(n int) (s signal.SpanID) {
	binary.BigEndian.PutUint64(s[:], uint64(n))
	return s
}

func span(n, parent, start int) *signal.Span {
	s := &signal.Span{SpanID: id(n), Name: strconv.Itoa(n), Start: signal.Nanos(start), End: signal.Nanos(start + 10)}
	binary.BigEndian.PutUint64(s.ID[:], uint64(n*1000+start))
	if parent != 0 {
		s.ParentSpanID = id(parent)
	}
	return s
}

func logAt(n, spanNumber, at int) *signal.Log {
	l := &signal.Log{Time: signal.Nanos(at)}
	binary.BigEndian.PutUint64(l.ID[:], uint64(n))
	if spanNumber != 0 {
		l.SpanID = id(spanNumber)
	}
	return l
}

// outline writes a tree as one word per line, indented by dots.
func outline(t *Tree) string {
	var b strings.Builder
	for item := range t.Items() {
		b.WriteString(strings.Repeat(".", item.Depth))
		switch n := item.Node; {
		case item.Log != nil:
			fmt.Fprintf(&b, "log%d", binary.BigEndian.Uint64(item.Log.ID[:]))
		case n.Span == nil:
			fmt.Fprintf(&b, "missing%d", binary.BigEndian.Uint64(n.SpanID[:]))
		default:
			b.WriteString(n.Span.Name)
			if n.Duplicate {
				b.WriteString("duplicate")
			}
			if n.Cycle {
				b.WriteString("cycle")
			}
		}
		b.WriteString(" ")
	}
	return strings.TrimSpace(b.String())
}

func TestBuild(t *testing.T) {
	for name, tc := range map[string]struct {
		spans []*signal.Span
		logs  []*signal.Log
		want  string
	}{
		"nothing":              {want: ""},
		"parents first":        {spans: []*signal.Span{span(3, 2, 30), span(2, 1, 20), span(1, 0, 10)}, want: "1 .2 ..3"},
		"brothers by start":    {spans: []*signal.Span{span(1, 0, 1), span(2, 1, 30), span(3, 1, 20)}, want: "1 .3 .2"},
		"logs between by time": {spans: []*signal.Span{span(1, 0, 1), span(2, 1, 30)}, logs: []*signal.Log{logAt(7, 1, 40), logAt(8, 1, 20)}, want: "1 .log8 .2 .log7"},
		"several roots":        {spans: []*signal.Span{span(2, 0, 20), span(1, 0, 10)}, want: "1 2"},
		"a missing parent":     {spans: []*signal.Span{span(1, 0, 10), span(3, 2, 30), span(4, 2, 20)}, want: "1 missing2 .4 .3"},
		"a ghost":              {spans: []*signal.Span{span(1, 0, 10)}, logs: []*signal.Log{logAt(7, 9, 20)}, want: "1 missing9 .log7"},
		"logs alone":           {logs: []*signal.Log{logAt(8, 0, 20), logAt(7, 0, 10)}, want: "log7 log8"},
		"a loose log":          {spans: []*signal.Span{span(1, 0, 10), span(2, 0, 30)}, logs: []*signal.Log{logAt(7, 0, 20)}, want: "1 log7 2"},
		"duplicates":           {spans: []*signal.Span{span(1, 0, 1), span(2, 1, 40), span(2, 1, 20)}, want: "1 .2 .2duplicate"},
		"a cycle":              {spans: []*signal.Span{span(1, 2, 10), span(2, 1, 5), span(3, 2, 20)}, want: "2cycle .1 .3"},
		"its own parent":       {spans: []*signal.Span{span(1, 1, 10), span(2, 1, 20)}, want: "1cycle .2"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, outline(Build(&incident.Trace{Spans: tc.spans, Logs: tc.logs})))
		})
	}
}

func TestBuildSums(t *testing.T) {
	failed := span(3, 2, 30)
	failed.StatusCode = signal.StatusError
	tree := Build(&incident.Trace{Spans: []*signal.Span{span(1, 0, 10), span(2, 1, 20), failed, span(4, 1, 90)}})
	root := tree.Roots[0]
	assert.Equal(t, 3, root.Below)
	assert.Equal(t, 1, root.FailedBelow)
	assert.Equal(t, signal.Nanos(10), tree.Start)
	assert.Equal(t, signal.Nanos(100), tree.End)
}

// Failed is what counts as an error for the rules, also where conditions are configured.
func TestBuildGoesByErrorSignals(t *testing.T) {
	failed, slow := span(1, 0, 10), span(2, 1, 20)
	failed.StatusCode = signal.StatusError
	printed := logAt(7, 2, 25)
	printed.Body = signal.Value{Data: "java.lang.IllegalStateException: x\n\tat com.shop.A.b(A.java:1)\n"}
	in := &incident.Trace{Spans: []*signal.Span{failed, slow}, Logs: []*signal.Log{printed}}
	tree := Build(in)
	assert.True(t, tree.Roots[0].Failed)
	assert.True(t, tree.Roots[0].Children[0].Failed, "a stack was printed in it")
	assert.True(t, tree.IsError(printed))

	in.Signals = &incident.ErrorSignals{Spans: []signal.ID{slow.ID}}
	tree = Build(in)
	assert.False(t, tree.Roots[0].Failed)
	assert.True(t, tree.Roots[0].Children[0].Failed)
	assert.False(t, tree.IsError(printed))
}

// Both sides of a call may share an ID.
func TestBuildShowsBothSidesOfACall(t *testing.T) {
	call, served := span(2, 1, 20), span(2, 1, 21)
	call.Kind, served.Kind = signal.KindClient, signal.KindServer
	call.Name, served.Name = "call", "served"
	assert.Equal(t, "1 .call ..served", outline(Build(&incident.Trace{Spans: []*signal.Span{served, call, span(1, 0, 1)}})))
}

// Whatever comes in, every record appears exactly once, and the order of arrival changes nothing.
func TestBuildProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trace := &incident.Trace{}
		for i := range rapid.IntRange(0, 12).Draw(t, "spans") {
			s := span(rapid.IntRange(1, 8).Draw(t, "span"), rapid.IntRange(0, 10).Draw(t, "parent"), rapid.IntRange(0, 50).Draw(t, "start"))
			binary.BigEndian.PutUint64(s.ID[8:], uint64(i))
			trace.Spans = append(trace.Spans, s)
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "logs") {
			trace.Logs = append(trace.Logs, logAt(i+1, rapid.IntRange(0, 12).Draw(t, "span of log"), rapid.IntRange(0, 50).Draw(t, "time")))
		}
		tree := Build(trace)
		spans, logs := 0, 0
		for item := range tree.Items() {
			switch {
			case item.Log != nil:
				logs++
			case item.Node.Span != nil:
				spans++
			}
		}
		assert.Equal(t, len(trace.Spans), spans)
		assert.Equal(t, len(trace.Logs), logs)

		want := outline(tree)
		random := rand.New(rand.NewPCG(1, uint64(len(trace.Spans))))
		random.Shuffle(len(trace.Spans), func(i, j int) { trace.Spans[i], trace.Spans[j] = trace.Spans[j], trace.Spans[i] })
		random.Shuffle(len(trace.Logs), func(i, j int) { trace.Logs[i], trace.Logs[j] = trace.Logs[j], trace.Logs[i] })
		assert.Equal(t, want, outline(Build(trace)))
	})
}
