package analysis

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// caseReceivedAt is a case of a few records of every kind, received at the given time.
func caseReceivedAt(received signal.Nanos) *incident.Case {
	resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}}}
	var traces [2][]*incident.Trace
	for i := range traces {
		for j := range byte(3) {
			t := &incident.Trace{Key: signal.TraceID{byte(i), j}.String(), ID: signal.TraceID{byte(i), j}}
			for k := range byte(4) {
				t.Spans = append(t.Spans, &signal.Span{
					ID: signal.ID{1, j, k}, ReceivedAt: received, Resource: resource,
					TraceID: t.ID, SpanID: signal.SpanID{k}, Name: "charge", Start: signal.Nanos(100 + k/2), End: 200,
				})
				t.Logs = append(t.Logs, &signal.Log{
					ID: signal.ID{2, j, k}, ReceivedAt: received, Resource: resource,
					TraceID: t.ID, Time: signal.Nanos(100 + k/2), Body: signal.Value{Data: "failed"},
				})
			}
			traces[i] = append(traces[i], t)
		}
	}
	c := &incident.Case{
		RootSignature: "root", Failing: traces[0], Healthy: traces[1],
		Entries: []incident.EntryStats{{Service: "gateway", Operation: "POST /pay"}, {Service: "gateway", Operation: "GET /"}},
		Knowledge: incident.Knowledge{
			ServicesSeen: []string{"payment", "gateway"}, ServicesEver: []string{"payment", "gateway"},
			Calls:          []incident.CallStats{{Caller: "b"}, {Caller: "a", Callee: "z"}, {Caller: "a"}},
			RefusedCallers: map[string][]string{"payment": {"b", "a"}},
		},
	}
	for i := range byte(3) {
		c.Metrics = append(c.Metrics, &signal.Point{ID: signal.ID{3, i}, ReceivedAt: received, Resource: resource, Name: "pool", Type: signal.MetricGauge, Time: 5})
		c.Changes = append(c.Changes, incident.Change{ID: string('a' + rune(i)), Time: 7, ReceivedAt: received})
	}
	return c
}

func shuffle[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

func TestSealIgnoresOrderAndReceipt(t *testing.T) {
	want, digest, err := seal(caseReceivedAt(1))
	require.NoError(t, err)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := caseReceivedAt(signal.Nanos(seed + 2))
		shuffle(r, c.Failing)
		shuffle(r, c.Healthy)
		for _, trace := range append(c.Failing, c.Healthy...) {
			shuffle(r, trace.Spans)
			shuffle(r, trace.Logs)
		}
		shuffle(r, c.Metrics)
		shuffle(r, c.Changes)
		shuffle(r, c.Entries)
		shuffle(r, c.Knowledge.ServicesSeen)
		shuffle(r, c.Knowledge.ServicesEver)
		shuffle(r, c.Knowledge.Calls)
		shuffle(r, c.Knowledge.RefusedCallers["payment"])
		body, got, err := seal(c)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(body))
		assert.Equal(t, digest, got)
	}
}

func TestSealKeepsReceiptWhereItIsTheOnlyTime(t *testing.T) {
	digestOfLog := func(l signal.Log) string {
		_, digest, err := seal(&incident.Case{Failing: []*incident.Trace{{Logs: []*signal.Log{&l}}}})
		require.NoError(t, err)
		return digest
	}
	assert.Equal(t, digestOfLog(signal.Log{ObservedTime: 1, ReceivedAt: 2}), digestOfLog(signal.Log{ObservedTime: 1, ReceivedAt: 3}))
	assert.NotEqual(t, digestOfLog(signal.Log{ReceivedAt: 2}), digestOfLog(signal.Log{ReceivedAt: 3}))
}

func TestSealedCaseOpensAsItWas(t *testing.T) {
	c := caseReceivedAt(1)
	body, _, err := seal(c) // c is canonical now
	require.NoError(t, err)
	opened, err := OpenCase(body)
	require.NoError(t, err)
	assert.Equal(t, c, opened)
	again, _, err := seal(opened)
	require.NoError(t, err)
	assert.Equal(t, string(body), string(again))
}

func TestTruncateCountsWhatItLeavesOut(t *testing.T) {
	tests := map[string]struct{ limit, spans, logs, truncated int }{
		"room for all":   {limit: 8, spans: 4, logs: 4},
		"logs go first":  {limit: 6, spans: 4, logs: 2, truncated: 2},
		"then spans too": {limit: 3, spans: 3, logs: 0, truncated: 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			trace := caseReceivedAt(1).Failing[0]
			assert.Equal(t, tt.spans+tt.logs, truncate(trace, tt.limit))
			assert.Len(t, trace.Spans, tt.spans)
			assert.Len(t, trace.Logs, tt.logs)
			assert.Equal(t, tt.truncated, trace.Truncated)
		})
	}
}
