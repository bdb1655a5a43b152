package rca

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// record is how many bytes of fuzz input make one span or log.
const record = 8

var (
	fuzzServices = []string{"gateway", "orders", "stock", "pay\xff", ""}
	fuzzTexts    = []string{
		"", "context deadline exceeded", "context canceled", "connection refused", "upstream orders returned 500",
		"No instances available for stock", "ERROR: deadlock detected (SQLSTATE 40P01)", "java.lang.NullPointerException: x",
		"403 Forbidden from orders", "HikariPool-1 - Connection is not available, request timed out after 30000ms", "\xff\xfe\x00",
		"dial tcp 10.0.0.1:5432: i/o timeout", "http://stock:99999/%zz", "java.lang.RuntimeException: a Caused by: b.C: d",
	}
	fuzzTimes    = []signal.Nanos{0, 1, 1_000_000, 1_700_000_000_000_000_000, 1_700_000_000_500_000_000, math.MaxUint64}
	fuzzStatuses = []int64{0, 200, 403, 404, 422, 499, 500, 503}
)

// decodeTrace reads spans and logs from bytes: parents may be missing, themselves or in a circle,
// IDs may repeat, and times may be anything.
func decodeTrace(data []byte) *incident.Trace {
	t := &incident.Trace{Key: "fuzz", ID: signal.TraceID{1}}
	for len(data) >= record && len(t.Spans)+len(t.Logs) < 4096 {
		r := data[:record]
		data = data[record:]
		resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: pick(fuzzServices, r[1])}}}}
		at := pick(fuzzTimes, r[2]) + signal.Nanos(r[3])*10_000_000
		text := pick(fuzzTexts, r[5])
		if r[0]&1 == 1 {
			t.Logs = append(t.Logs, &signal.Log{
				TraceID: t.ID, SpanID: fuzzID(r[4]), Resource: resource, Time: at, Severity: int32(r[6] % 25),
				Body: signal.Value{Data: text},
			})
			continue
		}
		s := &signal.Span{
			TraceID: t.ID, SpanID: fuzzID(r[0]), ParentSpanID: fuzzID(r[4]), Resource: resource, Name: "GET /" + text,
			Kind: signal.SpanKind(r[6] % 7), Start: at, End: at + signal.Nanos(r[7])*10_000_000, StatusCode: signal.StatusCode(r[6] / 7 % 3),
			StatusMessage: text,
		}
		if code := pick(fuzzStatuses, r[6]/21); code != 0 {
			s.Attributes = append(s.Attributes, signal.KeyValue{Key: "http.response.status_code", Value: signal.Value{Data: code}})
		}
		if r[7]&1 == 1 {
			s.Attributes = append(s.Attributes, signal.KeyValue{Key: "server.address", Value: signal.Value{Data: pick(fuzzServices, r[7]>>1)}})
			s.Events = append(s.Events, signal.Event{Time: at, Name: "exception", Attributes: signal.Map{
				{Key: "exception.type", Value: signal.Value{Data: text}}, {Key: "exception.message", Value: signal.Value{Data: text}},
			}})
		}
		t.Spans = append(t.Spans, s)
	}
	signal.IdentifySpans("", t.Spans)
	signal.IdentifyLogs("", t.Logs)
	return t
}

func pick[T any](list []T, b byte) T { return list[int(b)%len(list)] }

// fuzzID is a span ID; 0 is none.
func fuzzID(b byte) signal.SpanID { return signal.SpanID{7: b % 32} }

// checkInvariants holds for every trace, however hostile.
func checkInvariants(t require.TestingT, tr *incident.Trace) {
	requireAcyclic(t, explainTrace(tr, incident.Knowledge{}, nil))
	c := Classify("", tr, incident.Knowledge{})
	switch c.State {
	case incident.FailureClassified:
		require.NotEmpty(t, c.Roots)
		require.Empty(t, c.Reason)
	case incident.FailureDismissed:
		require.Empty(t, c.Roots)
		require.NotEmpty(t, c.Reason)
	default:
		require.Fail(t, "state", c.State)
	}
	for _, r := range c.Roots {
		require.NotEmpty(t, r.Origin)
		require.NotEmpty(t, r.Kind)
		require.NotEmpty(t, r.Category)
		require.NotEmpty(t, r.Signature)
		require.Positive(t, r.Errors)
		require.GreaterOrEqual(t, r.ErrorSignals, r.Errors)
	}
	in := &incident.Case{Failing: []*incident.Trace{tr}}
	first, err := json.Marshal(Analyze(in))
	require.NoError(t, err)
	slices.Reverse(tr.Spans)
	slices.Reverse(tr.Logs)
	second, err := json.Marshal(Analyze(in))
	require.NoError(t, err)
	require.JSONEq(t, string(first), string(second))
	NeedsOf(tr, incident.Knowledge{})
}

// requireAcyclic fails if following explanations leads back to a group.
func requireAcyclic(t require.TestingT, x *explain.Explanation) {
	const onPath, done = 1, 2
	state := map[*evidence.Group]int{}
	type step struct {
		g    *evidence.Group
		next int
	}
	for _, g := range x.Groups.All {
		path := []step{{g: g}}
		for len(path) > 0 {
			at := &path[len(path)-1]
			if at.next == 0 && state[at.g] == done {
				path = path[:len(path)-1]
				continue
			}
			state[at.g] = onPath
			if at.next == len(x.About(at.g).ExplainedBy) {
				state[at.g] = done
				path = path[:len(path)-1]
				continue
			}
			b := x.About(at.g).ExplainedBy[at.next]
			at.next++
			require.NotEqual(t, onPath, state[b], "explanations go round in a circle")
			path = append(path, step{g: b})
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add([]byte{2, 0, 3, 0, 0, 0, 9, 9, 4, 1, 3, 1, 2, 3, 10, 5})                             // a call that is refused
	f.Add([]byte{2, 0, 3, 0, 4, 1, 10, 9, 4, 1, 3, 1, 2, 2, 9, 5})                             // parents in a circle
	f.Add([]byte{2, 0, 3, 0, 2, 1, 10, 9})                                                     // its own parent
	f.Add([]byte{2, 0, 3, 0, 0, 1, 10, 9, 2, 1, 4, 0, 0, 7, 10, 9})                            // one ID twice
	f.Add([]byte{2, 0, 5, 255, 0, 1, 10, 255, 4, 1, 0, 0, 2, 2, 9, 0})                         // the end of time
	f.Add([]byte{1, 2, 3, 0, 9, 4, 17, 0, 1, 1, 3, 2, 0, 7, 17, 0})                            // logs only
	f.Add([]byte{2, 0, 3, 0, 0, 1, 10, 90, 4, 0, 3, 1, 2, 1, 10, 80, 6, 2, 4, 9, 31, 2, 9, 1}) // a missing parent
	f.Fuzz(func(t *testing.T, data []byte) { checkInvariants(t, decodeTrace(data)) })
}
