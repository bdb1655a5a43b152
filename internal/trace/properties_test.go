package trace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

var services = []string{"gateway", "orders", "stock", ""}

// drawTrace draws spans and logs of which anything may be wrong: parents that are missing, themselves
// or in a circle, IDs that repeat, times that tie or run backwards.
func drawTrace(t *rapid.T) *incident.Trace {
	draw := func(limit int, what string) int { return rapid.IntRange(0, limit-1).Draw(t, what) }
	id := func(what string) signal.SpanID { return signal.SpanID{7: byte(draw(16, what))} }
	resource := func() *signal.Resource {
		return &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: services[draw(len(services), "service")]}}}}
	}
	const start = signal.Nanos(1_700_000_000_000_000_003)
	in := &incident.Trace{Key: "drawn", ID: signal.TraceID{1}}
	for range draw(20, "spans") {
		s := &signal.Span{
			TraceID: in.ID, SpanID: id("span"), ParentSpanID: id("parent"), Name: "op", Kind: signal.SpanKind(draw(6, "kind")), Resource: resource(),
			Start: start + signal.Nanos(draw(40, "start"))*3_000_000,
		}
		s.End = s.Start + signal.Nanos(draw(40, "length"))*3_000_000
		if draw(2, "answered") == 1 {
			s.Attributes = signal.Map{{Key: "http.response.status_code", Value: signal.Value{Data: int64(200)}}}
		}
		in.Spans = append(in.Spans, s)
	}
	for i := range draw(20, "logs") {
		in.Logs = append(in.Logs, &signal.Log{
			TraceID: in.ID, SpanID: id("logged"), Resource: resource(), Time: start + signal.Nanos(draw(80, "time"))*3_000_000,
			Body: signal.Value{Data: fmt.Sprint("line ", i)},
		})
	}
	signal.IdentifySpans("", in.Spans)
	signal.IdentifyLogs("", in.Logs)
	return in
}

// outline has all that a tree says, a line a node.
func outline(tr *trace.Tree) string {
	var b strings.Builder
	number := func(n *trace.Node) int {
		if n == nil {
			return -1
		}
		return n.Index
	}
	for _, n := range tr.Nodes {
		fmt.Fprintf(&b, "%d %s %q kind %d below %d producer %d guessed %t cut %t %d-%d moved %d", n.Index, n.ID, n.Service, n.Kind, number(n.Parent),
			number(n.Producer), n.Guessed, n.Cut, n.Start, n.End, n.Shift)
		if n.Span != nil {
			fmt.Fprintf(&b, " span %s", n.Span.ID)
		}
		for _, l := range n.Logs {
			fmt.Fprintf(&b, " log %s", l.ID)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintln(&b, tr.Gaps, tr.Conflicts, tr.Tolerance)
	return b.String()
}

func TestPropertyOrderOfRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawTrace(t)
		want := outline(trace.Assemble(in, nil))
		in.Spans = rapid.Permutation(in.Spans).Draw(t, "order of spans")
		in.Logs = rapid.Permutation(in.Logs).Draw(t, "order of logs")
		require.Equal(t, want, outline(trace.Assemble(in, nil)))
	})
}

func TestPropertyEveryRecordOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawTrace(t)
		tr := trace.Assemble(in, nil)
		type half struct {
			id     signal.SpanID
			served bool
		}
		ids, halves, logs := map[signal.SpanID]int{}, map[half]int{}, map[signal.ID]int{}
		for _, n := range tr.Nodes {
			if n.IsReceived() {
				ids[n.ID]++
				halves[half{n.ID, n.Span.Kind == signal.KindServer}]++
			}
			for _, l := range n.Logs {
				logs[l.ID]++
			}
		}
		for _, s := range in.Spans {
			require.Positive(t, ids[s.SpanID], "nodes of span %s", s.SpanID)
			require.LessOrEqual(t, halves[half{s.SpanID, s.Kind == signal.KindServer}], 1, "nodes of a half of span %s", s.SpanID)
		}
		for _, l := range in.Logs {
			require.Equal(t, 1, logs[l.ID], "places of log %s", l.ID)
		}
	})
}

func TestPropertyTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := trace.Assemble(drawTrace(t), nil)
		recorded := func(n *trace.Node) trace.Instant { return n.Start - n.Shift }
		inOrder := func(list []*trace.Node) bool {
			return slices.IsSortedFunc(list, func(a, b *trace.Node) int { return int(recorded(a) - recorded(b)) })
		}
		require.True(t, inOrder(tr.Roots))
		for i, n := range tr.Nodes {
			require.Equal(t, i, n.Index)
			require.LessOrEqual(t, n.Start, n.End)
			require.True(t, inOrder(n.Children))
			for _, c := range n.Children {
				require.Same(t, n, c.Parent)
			}
			root, local, steps := n, n, 0
			for root.Parent != nil {
				require.Less(t, root.Parent.Index, root.Index, "parents come first")
				require.Contains(t, root.Parent.Children, root)
				require.True(t, root.Parent.Covers(n))
				root, steps = root.Parent, steps+1
				require.LessOrEqual(t, steps, len(tr.Nodes))
			}
			for !local.EntersService() {
				local = local.Parent
			}
			require.Same(t, root, n.Root)
			require.Same(t, local, n.LocalRoot)
			require.Contains(t, tr.Roots, root)
		}
		for _, a := range tr.Nodes {
			for _, b := range tr.Nodes {
				above := false
				for n := b; n != nil; n = n.Parent {
					above = above || n == a
				}
				require.Equal(t, above, a.Covers(b))
			}
		}
	})
}
