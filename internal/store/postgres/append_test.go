package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func resource(service string) *signal.Resource {
	return &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}}
}

func traceID(name string) signal.TraceID {
	sum := sha256.Sum256([]byte(name))
	return signal.TraceID(sum[:16])
}

// spansOf is a request of spans by name, of one trace.
func spansOf(trace string, names ...string) store.Batch {
	var b store.Batch
	r := resource("payment")
	for _, name := range names {
		sum := sha256.Sum256([]byte(trace + name))
		b.Spans = append(b.Spans, &signal.Span{
			Resource: r, Scope: &signal.Scope{Name: "test"}, TraceID: traceID(trace), SpanID: signal.SpanID(sum[:8]), Name: name,
			Kind: signal.KindServer, Start: signal.NanosOf(time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)),
		})
	}
	signal.IdentifySpans("", b.Spans)
	return b
}

// failingTrace is a request of one failed span.
func failingTrace(trace string) store.Batch {
	b := spansOf(trace, "POST /pay")
	b.Spans[0].StatusCode = signal.StatusError
	signal.IdentifySpans("", b.Spans)
	key := b.Spans[0].TraceID.String()
	b.Errors = []store.ErrorSignal{{Key: key, Kind: "span", Ref: incident.Ref("span:" + key + "/" + b.Spans[0].SpanID.String()), Time: b.Spans[0].Start}}
	return b
}

func appendAll(t testing.TB, s store.Writer, batches ...store.Batch) {
	t.Helper()
	results, err := s.Append(t.Context(), batches)
	require.NoError(t, err)
	for _, r := range results {
		require.Zero(t, r.Quarantined)
	}
}

func TestSignalsCanBeReadWithPlainSQL(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	b := failingTrace("a")
	b.Spans[0].Attributes = signal.Map{{Key: "http.route", Value: signal.Value{Data: "/pay"}}, {Key: "n", Value: signal.Value{Data: 2.0}}}
	b.Logs = []*signal.Log{{Resource: resource("payment"), TraceID: traceID("a"), Severity: 17, Body: signal.Value{Data: "boom"}}}
	b.Points = []*signal.Point{{Resource: resource("payment"), Name: "pool.used", Type: signal.MetricGauge, Value: signal.Value{Data: int64(8)}}}
	b.Changes = []incident.Change{{ID: "c", Kind: "deploy", Service: "payment", Title: "v2"}}
	signal.IdentifyLogs("", b.Logs)
	signal.IdentifyPoints("", b.Points)
	appendAll(t, s, b)
	c := connect(t, database)
	var got []string
	for _, sql := range []string{
		"SELECT concat_ws(' ', s.name, s.service, s.trace_id, s.attributes->>'http.route', s.attributes->>'n', r.attributes->>'service.name', c.name) FROM spans s JOIN resources r ON r.id = s.resource JOIN scopes c ON c.id = s.scope",
		"SELECT concat_ws(' ', l.severity, l.body, l.trace_id = s.trace_id, l.received_at = s.received_at) FROM logs l, spans s",
		"SELECT concat_ws(' ', name, int_value, value, service) FROM metric_points",
		"SELECT concat_ws(' ', kind, ref) FROM error_signals",
		"SELECT concat_ws(' ', id, kind, service, title) FROM changes",
		"SELECT concat_ws(' ', day = (clock_timestamp() AT TIME ZONE 'UTC')::date, spans, logs, points, error_signals, quarantined) FROM commits",
	} {
		var line string
		require.NoError(t, c.QueryRow(t.Context(), sql).Scan(&line), sql)
		got = append(got, line)
	}
	assert.Equal(t, []string{
		fmt.Sprintf("POST /pay payment %x-%x-%x-%x-%x /pay 2.0 payment test", b.Spans[0].TraceID[:4], b.Spans[0].TraceID[4:6], b.Spans[0].TraceID[6:8], b.Spans[0].TraceID[8:10], b.Spans[0].TraceID[10:]),
		"17 boom t t",
		"pool.used 8 8 payment",
		"span " + string(b.Errors[0].Ref),
		"c deploy payment v2",
		"t 1 1 1 1 0",
	}, got)
}
