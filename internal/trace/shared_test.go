package trace_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func spanOf(service, name string, kind signal.SpanKind, id, parent byte, from, to int) *signal.Span {
	s := &signal.Span{
		TraceID: signal.TraceID{1}, SpanID: signal.SpanID{7: id}, Name: name, Kind: kind,
		Start: 1_000_000_003 + signal.Nanos(from)*1_000_000, End: 1_000_000_003 + signal.Nanos(to)*1_000_000,
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}},
	}
	if parent != 0 {
		s.ParentSpanID = signal.SpanID{7: parent}
	}
	return s
}

func logOf(service, body string, id byte, at int) *signal.Log {
	return &signal.Log{
		TraceID: signal.TraceID{1}, SpanID: signal.SpanID{7: id}, Time: 1_000_000_003 + signal.Nanos(at)*1_000_000, Body: signal.Value{Data: body},
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}},
	}
}

func assemble(spans []*signal.Span, logs ...*signal.Log) *trace.Tree {
	signal.IdentifySpans("", spans)
	signal.IdentifyLogs("", logs)
	return trace.Assemble(&incident.Trace{Key: "t", ID: signal.TraceID{1}, Spans: spans, Logs: logs}, nil)
}

// names are the nodes in pre-order, each with its depth.
func names(tr *trace.Tree) []string {
	var list []string
	for _, n := range tr.Nodes {
		depth := 0
		for p := n.Parent; p != nil; p = p.Parent {
			depth++
		}
		list = append(list, strings.Repeat(">", depth)+n.Service+" "+n.Name)
	}
	return list
}

func TestSharedSpanID(t *testing.T) {
	entry := spanOf("gateway", "GET /", signal.KindServer, 1, 0, 0, 100)
	call := spanOf("gateway", "call", signal.KindClient, 2, 1, 10, 90)
	serve := spanOf("orders", "serve", signal.KindServer, 2, 1, 11, 89)
	tests := []struct {
		name      string
		spans     []*signal.Span
		want      []string
		conflicts int
	}{
		{"the callee below the caller", []*signal.Span{entry, call, serve}, []string{"gateway GET /", ">gateway call", ">>orders serve"}, 0},
		{
			"a span of the callee below the callee",
			[]*signal.Span{entry, call, serve, spanOf("orders", "query", signal.KindClient, 3, 2, 20, 30)},
			[]string{"gateway GET /", ">gateway call", ">>orders serve", ">>>orders query"}, 0,
		},
		{
			"a span of the caller below the caller",
			[]*signal.Span{entry, call, serve, spanOf("gateway", "connect", signal.KindInternal, 3, 2, 10, 11)},
			[]string{"gateway GET /", ">gateway call", ">>gateway connect", ">>orders serve"}, 0,
		},
		{
			"a span of a third service below the callee",
			[]*signal.Span{entry, call, serve, spanOf("stock", "serve", signal.KindServer, 3, 2, 20, 30)},
			[]string{"gateway GET /", ">gateway call", ">>orders serve", ">>>stock serve"}, 0,
		},
		{
			"a service that calls itself",
			[]*signal.Span{call, spanOf("gateway", "serve", signal.KindServer, 2, 1, 10, 90), entry},
			[]string{"gateway GET /", ">gateway call", ">>gateway serve"}, 0,
		},
		{
			"two callers are no pair",
			[]*signal.Span{entry, call, spanOf("gateway", "again", signal.KindClient, 2, 1, 12, 80)},
			nil, 1,
		},
		{
			"two callees of one caller",
			[]*signal.Span{entry, call, serve, spanOf("orders", "other", signal.KindServer, 2, 1, 12, 80)},
			nil, 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := assemble(tt.spans)
			if tt.want != nil {
				assert.Equal(t, tt.want, names(tr))
			}
			assert.Len(t, tr.Conflicts, tt.conflicts)
		})
	}
}

func TestSharedSpanIDLogs(t *testing.T) {
	tr := assemble(
		[]*signal.Span{spanOf("gateway", "call", signal.KindClient, 2, 0, 10, 90), spanOf("orders", "serve", signal.KindServer, 2, 0, 11, 89)},
		logOf("gateway", "asked", 2, 10), logOf("orders", "answered", 2, 50),
	)
	require.Len(t, tr.Nodes, 2)
	for i, want := range []string{"asked", "answered"} {
		require.Len(t, tr.Nodes[i].Logs, 1)
		assert.Equal(t, want, tr.Nodes[i].Logs[0].Body.Str())
	}
}
