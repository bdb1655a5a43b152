package rcaexporter

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Each error signal is committed with its record: neither may be seen without the other.
func TestSplitKeepsErrorsWithTheirRecords(t *testing.T) {
	span := func(n byte) *signal.Span { return &signal.Span{TraceID: signal.TraceID{1}, SpanID: signal.SpanID{n}} }
	errorOf := func(n byte) store.ErrorSignal {
		return store.ErrorSignal{Ref: spanRef(signal.TraceID{1}, signal.SpanID{n})}
	}
	all := store.Batch{
		Tenant: "t", Source: "s", Spans: []*signal.Span{span(1), span(2), span(2), span(3), span(4)},
		Errors:  []store.ErrorSignal{errorOf(1), errorOf(2), errorOf(2), errorOf(2), errorOf(4)},
		Changes: []incident.Change{{ID: "c"}},
	}
	sizes := func(b store.Batch) []int { return []int{len(b.Spans), len(b.Errors), len(b.Changes)} }
	for n, want := range map[int][2][]int{
		1: {{1, 1, 0}, {4, 4, 1}},
		3: {{3, 4, 0}, {2, 1, 1}},
		4: {{4, 4, 0}, {1, 1, 1}},
		5: {{5, 5, 0}, {0, 0, 1}},
		6: {{5, 5, 1}, {0, 0, 0}},
	} {
		first, rest := split(all, n)
		assert.Equal(t, want[0], sizes(first), n)
		assert.Equal(t, want[1], sizes(rest), n)
		assert.Equal(t, "t s", rest.Tenant+" "+rest.Source)
	}

	logs := []*signal.Log{{ID: signal.ID{1}}, {ID: signal.ID{2}}}
	first, rest := split(store.Batch{Logs: logs, Errors: []store.ErrorSignal{{Ref: logRef(logs[1].ID)}}}, 1)
	assert.Empty(t, first.Errors)
	assert.Len(t, rest.Errors, 1)
}

// TestHugeRequestLetsOthersPass sends as many empty records as fit into few bytes, and a small request meanwhile.
func TestHugeRequestLetsOthersPass(t *testing.T) {
	h := newHost(t)
	defer h.close(t)
	p := startPlant(t, h, func(c *Config) { c.Workers = 0 })
	defer p.stop()
	huge := plog.NewLogs()
	records := huge.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	const n = 100_000
	records.EnsureCapacity(n)
	for range n {
		records.AppendEmpty()
	}
	begun := make(chan struct{})
	h.store.appending = func() { close(begun) }
	answer := make(chan error, 1)
	go func() { answer <- p.logs.ConsumeLogs(t.Context(), huge) }()
	<-begun
	other := client.NewContext(t.Context(), client.Info{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}})
	require.NoError(t, p.traces.ConsumeTraces(other, failing(1).Spans()))
	assert.Empty(t, answer, "the small one has passed")
	require.NoError(t, <-answer)
	status, err := p.store.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, n, status.Logs)
}
