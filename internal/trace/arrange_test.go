package trace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func TestArrangeGuessesNothing(t *testing.T) {
	spans := []*signal.Span{
		spanOf("gateway", "POST /x", signal.KindServer, 1, 0, 0, 100),
		spanOf("gateway", "POST", signal.KindClient, 2, 1, 10, 90),
		spanOf("stock", "query", signal.KindClient, 4, 3, 20, 80), // below a span that was not received
		spanOf("gateway", "send", signal.KindProducer, 5, 1, 91, 92),
		spanOf("mailer", "process", signal.KindConsumer, 6, 5, 95, 99),
	}
	logs := []*signal.Log{logOf("stock", "reserved", 7, 30), logOf("stock", "started", 0, 15)}
	signal.IdentifySpans("", spans)
	signal.IdentifyLogs("", logs)
	tr := trace.Arrange(&incident.Trace{Key: "t", ID: signal.TraceID{1}, Spans: spans, Logs: logs})
	assert.Equal(t, []string{
		"gateway POST /x", ">gateway POST", ">gateway send", ">>mailer process", "stock ", ">stock query", "stock ",
	}, names(tr), "stand-ins are roots, a consumer stays below its producer")
	assert.Equal(t, logs[1:], tr.Loose)
	sent := tr.NodeOf(signal.SpanID{7: 5})
	assert.Equal(t, []*trace.Node{tr.NodeOf(signal.SpanID{7: 6})}, sent.Consumers)
	ghost := tr.NodeOf(signal.SpanID{7: 7})
	assert.True(t, ghost.IsGhost())
	assert.Nil(t, ghost.Parent)
}

func TestCorrectClocksOnce(t *testing.T) {
	spans := []*signal.Span{
		spanOf("gateway", "POST /x", signal.KindServer, 1, 0, 100, 200),
		spanOf("gateway", "POST", signal.KindClient, 2, 1, 110, 190),
		spanOf("stock", "GET", signal.KindServer, 3, 2, 50, 120), // before it was called
	}
	signal.IdentifySpans("", spans)
	tr := trace.Arrange(&incident.Trace{Key: "t", ID: signal.TraceID{1}, Spans: spans})
	served := tr.NodeOf(signal.SpanID{7: 3})
	assert.Zero(t, served.Shift, "times are those of the records")
	tr.CorrectClocks()
	assert.Equal(t, trace.Instant(60_000_000), served.Shift)
	assert.Equal(t, served.Parent.Start, served.Start)
}

// TestPropertyArrange: nothing is lost, nothing is guessed, parents are those that were recorded, and no
// span begins before its parent where clocks could be corrected.
func TestPropertyArrange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawTrace(t)
		tr := trace.Arrange(in)
		want := outline(tr)
		spans, logs := map[signal.ID]int{}, map[signal.ID]int{}
		for _, n := range tr.Nodes {
			require.False(t, n.Guessed)
			if n.IsReceived() {
				spans[n.Span.ID]++
			} else {
				require.Nil(t, n.Parent)
			}
			if n.Parent != nil && n.Parent.ID != n.ID {
				require.Equal(t, n.Span.ParentSpanID, n.Parent.ID)
			}
			for _, l := range n.Logs {
				require.Equal(t, n.ID, l.SpanID)
				logs[l.ID]++
			}
		}
		for _, s := range tr.Duplicates {
			spans[s.ID]++
		}
		for _, l := range tr.Loose {
			logs[l.ID]++
		}
		for _, s := range in.Spans {
			require.Equal(t, 1, spans[s.ID], "places of span %s", s.SpanID)
		}
		for _, l := range in.Logs {
			require.Equal(t, 1, logs[l.ID], "places of log %s", l.ID)
		}
		in.Spans = rapid.Permutation(in.Spans).Draw(t, "order of spans")
		in.Logs = rapid.Permutation(in.Logs).Draw(t, "order of logs")
		require.Equal(t, want, outline(trace.Arrange(in)))
	})
}

// TestPropertyClocks: a clock that was moved makes no call of its pair begin before its parent.
func TestPropertyClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.IntRange(-200, 200).Draw(t, "offset of the callee's clock")
		spans := []*signal.Span{spanOf("gateway", "POST /x", signal.KindServer, 1, 0, 1000, 2000)}
		for i := range rapid.IntRange(1, 5).Draw(t, "calls") {
			from := 1000 + 150*i
			call := spanOf("gateway", "POST", signal.KindClient, byte(10+i), 1, from, from+100)
			if rapid.Bool().Draw(t, "answered") {
				call.Attributes = signal.Map{{Key: "http.response.status_code", Value: signal.Value{Data: int64(200)}}}
			}
			late := rapid.IntRange(0, 20).Draw(t, "way there")
			spans = append(spans, call, spanOf("stock", "GET", signal.KindServer, byte(20+i), byte(10+i), from+late+offset, from+80+offset))
		}
		signal.IdentifySpans("", spans)
		tr := trace.Arrange(&incident.Trace{Key: "t", ID: signal.TraceID{1}, Spans: spans})
		tr.CorrectClocks()
		for _, n := range tr.Nodes {
			if n.Parent != nil {
				require.GreaterOrEqual(t, n.Start+tr.Tolerance, n.Parent.Start, "%s below %s", n.ID, n.Parent.ID)
			}
		}
	})
}
