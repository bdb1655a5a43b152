package signal_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
)

func TestIdentityIgnoresOrderAndReceipt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		td := signaltest.Traces().Draw(t, "traces")
		spans, reordered := signal.FromTraces(td), signal.FromTraces(td)
		for _, s := range reordered {
			slices.Reverse(s.Attributes)
			s.ReceivedAt = 9
			for i := range s.Events {
				slices.Reverse(s.Events[i].Attributes)
			}
		}
		signal.IdentifySpans("", spans)
		signal.IdentifySpans("", reordered)
		for i := range spans {
			require.Equal(t, spans[i].ID, reordered[i].ID)
		}
	})
}

func TestIdentityTellsRecordsApart(t *testing.T) {
	resource := &signal.Resource{Attributes: signal.Map{attr("service.name", "payment")}}
	base := func() *signal.Log {
		return &signal.Log{Resource: resource, Time: 1, Body: signal.Value{Data: "x"}, Attributes: signal.Map{attr("a", "1"), attr("b", "2")}}
	}
	other := map[string]func(l *signal.Log){
		"body":           func(l *signal.Log) { l.Body = signal.Value{Data: "y"} },
		"body type":      func(l *signal.Log) { l.Body = signal.Value{Data: []byte("x")} },
		"time":           func(l *signal.Log) { l.Time = 2 },
		"severity":       func(l *signal.Log) { l.Severity = 9 },
		"event name":     func(l *signal.Log) { l.EventName = "e" },
		"trace":          func(l *signal.Log) { l.TraceID[0] = 1 },
		"resource":       func(l *signal.Log) { l.Resource = nil },
		"scope":          func(l *signal.Log) { l.Scope = &signal.Scope{Name: "s"} },
		"attribute":      func(l *signal.Log) { l.Attributes[0].Value.Data = int64(1) },
		"swapped values": func(l *signal.Log) { l.Attributes = signal.Map{attr("a", "2"), attr("b", "1")} },
		"joined keys":    func(l *signal.Log) { l.Attributes = signal.Map{attr("a", "1b2")} },
		"duplicate":      func(l *signal.Log) { l.Attributes = append(l.Attributes, attr("a", "1")) },
		"dropped":        func(l *signal.Log) { l.DroppedAttributes = 1 },
	}
	seen := map[signal.ID]string{identify("", base())[0]: "base"}
	for name, change := range other {
		l := base()
		change(l)
		id := identify("", l)[0]
		assert.Empty(t, seen[id], "%s has the identity of another", name)
		seen[id] = name
	}
	assert.NotContains(t, seen, identify("acme", base())[0], "tenant")
}

func TestIdentityOfObservedTime(t *testing.T) {
	with := func(time, observed signal.Nanos) signal.ID {
		return identify("", &signal.Log{Time: time, ObservedTime: observed})[0]
	}
	assert.Equal(t, with(5, 1), with(5, 2), "an event time makes the observed time irrelevant")
	assert.NotEqual(t, with(0, 1), with(0, 2), "without event time, two observations are two events")
}

func TestIdentityOfEqualRecords(t *testing.T) {
	line := func() *signal.Log { return &signal.Log{Time: 1, Body: signal.Value{Data: "x"}} }
	first := identify("", line(), line(), line())
	assert.Len(t, slices.Compact(slices.Clone(first)), 3, "equal records of one request differ")
	assert.Equal(t, first, identify("", line(), line(), line()), "a retry has the same identities")
	assert.Equal(t, first[:1], identify("", line()), "the first has no ordinal")
}

func TestIdentityOfDuplicateKeys(t *testing.T) {
	a := identify("", &signal.Log{Attributes: signal.Map{attr("k", "1"), attr("k", "2"), attr("j", "3")}})
	b := identify("", &signal.Log{Attributes: signal.Map{attr("k", "2"), attr("j", "3"), attr("k", "1")}})
	assert.Equal(t, a, b)
}

// TestIdentityIsStable pins the encoding: were it to change, retries across an upgrade would
// count twice.
func TestIdentityIsStable(t *testing.T) {
	resource := &signal.Resource{Attributes: signal.Map{attr("service.name", "payment")}}
	spans := []*signal.Span{{Resource: resource, TraceID: signal.TraceID{1}, SpanID: signal.SpanID{2}, Name: "n", Start: 3, End: 4}}
	logs := []*signal.Log{{Resource: resource, Time: 5, Body: signal.Value{Data: "x"}}}
	points := []*signal.Point{{Resource: resource, Name: "m", Type: signal.MetricGauge, Time: 6, Value: signal.Value{Data: 1.5}}}
	signal.IdentifySpans("t", spans)
	signal.IdentifyLogs("t", logs)
	signal.IdentifyPoints("t", points)
	assert.Equal(t, "6775c43b1d26aebd13ba9a0c364f101c aef7da3ebbf2626095bccd7c4c66e758 f0c8b573d9d457eecb5f45d4e4821804", fmt.Sprint(spans[0].ID, logs[0].ID, points[0].ID))
}

func identify(tenant string, logs ...*signal.Log) (ids []signal.ID) {
	signal.IdentifyLogs(tenant, logs)
	for _, l := range logs {
		ids = append(ids, l.ID)
	}
	return ids
}
