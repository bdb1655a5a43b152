package postgres

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

const (
	planTraces = 10_000
	// mostPlanRows is far more than a few traces have, and far less than any of the tables.
	mostPlanRows = 300
)

func planTrace(i int) signal.TraceID { return signal.TraceID{1, 14: byte(i >> 8), 15: byte(i)} }

// planStorm stores traces that failed alike in two services, half of which are failures, and returns
// the time after the last one.
func planStorm(t *testing.T, s *Store) time.Time {
	t.Helper()
	begin := time.Now().UTC()
	resource := func(service string) *signal.Resource {
		return &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}}
	}
	gateway, payment := resource("gateway"), resource("payment")
	text := func(key, value string) signal.KeyValue {
		return signal.KeyValue{Key: key, Value: signal.Value{Data: value}}
	}
	number := func(key string, value int64) signal.KeyValue {
		return signal.KeyValue{Key: key, Value: signal.Value{Data: value}}
	}
	var b store.Batch
	var hints []store.FailureHint
	for i := range planTraces {
		id, at := planTrace(i), signal.NanosOf(begin.Add(time.Duration(i)*time.Microsecond))
		key := failure.TraceKey(id)
		call := signal.Map{text("server.address", "payment.local"), number("server.port", 80)}
		b.Spans = append(b.Spans,
			&signal.Span{Resource: gateway, TraceID: id, SpanID: signal.SpanID{1}, Name: "POST /order", Kind: signal.KindServer, Start: at, End: at, StatusCode: signal.StatusError},
			&signal.Span{Resource: gateway, TraceID: id, SpanID: signal.SpanID{2}, ParentSpanID: signal.SpanID{1}, Name: "POST", Kind: signal.KindClient, Start: at, End: at, Attributes: call},
			&signal.Span{
				Resource: payment, TraceID: id, SpanID: signal.SpanID{3}, ParentSpanID: signal.SpanID{2}, Name: "POST /pay", Kind: signal.KindServer, Start: at, End: at,
				Attributes: signal.Map{number("http.response.status_code", 403)},
			})
		b.Errors = append(b.Errors, store.ErrorSignal{Key: key, Kind: "span", Ref: incident.Ref("span:" + key + "/0100000000000000"), Time: at})
		if i%2 == 0 {
			hints = append(hints, store.FailureHint{Key: key})
		}
	}
	signal.IdentifySpans("", b.Spans)
	_, err := s.Append(t.Context(), []store.Batch{b})
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), hints)
	require.NoError(t, err)
	return begin.Add(planTraces * time.Microsecond)
}

// TestNoMoreIsReadThanTracesHave looks at how many rows the classification of a few traces reads: when
// PostgreSQL knows nothing yet of what a day's tables hold, and when it does.
func TestNoMoreIsReadThanTracesHave(t *testing.T) {
	s, err := Open(t.Context(), servertest.Database(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	end := planStorm(t, s)
	var keys []string
	var hints []store.FailureHint
	var stored failureKeys
	for i := range 8 {
		keys = append(keys, failure.TraceKey(planTrace(i)))
		hints = append(hints, store.FailureHint{Key: keys[i], Urgent: i == 0})
		stored.add("", keys[i])
	}
	query := store.KnowledgeQuery{
		Onset: signal.NanosOf(end), Services: []string{"gateway", "gone"}, Addresses: []string{"payment.local", "payment.local:80", "gone.local", "gone.local:80"},
		Calls:    []incident.CallStats{{Caller: "gateway", Callee: "elsewhere", Operation: "POST"}, {Caller: "gone", Callee: "payment", Operation: "POST"}},
		Refusals: []incident.CallStats{{Caller: "gateway", Callee: "payment"}, {Caller: "gateway", Callee: "gone"}},
	}
	first := query // of the first trace: nothing came before
	first.Onset = signal.NanosOf(end.Add(-planTraces * time.Microsecond))
	reads := map[string]func(context.Context, pgx.Tx) error{
		"the traces": func(ctx context.Context, tx pgx.Tx) error {
			l := traceLoader{tx: tx, limit: 100, decoder: newDecoder(), drafts: map[signal.TraceID]*draft{}}
			_, err := l.load(ctx, keys)
			return err
		},
		"a trace beyond the bound": func(ctx context.Context, tx pgx.Tx) error {
			l := traceLoader{tx: tx, limit: 2, decoder: newDecoder(), drafts: map[signal.TraceID]*draft{}}
			_, err := l.load(ctx, keys[:1])
			return err
		},
		"the records named": func(ctx context.Context, tx pgx.Tx) error {
			var refs references
			refs.add(incident.Ref("span:" + keys[0] + "/0100000000000000"))
			return refs.read(ctx, tx, newDecoder(), kindSpans, "", func(store.SignalRecord) {})
		},
		"the records of a trace, listed": func(ctx context.Context, tx pgx.Tx) error {
			q, err := newSearch(tx, "", store.SignalFilter{Kind: store.KindSpan, TraceID: planTrace(0), Service: "gateway"}, record.Endless, 10)
			if err != nil {
				return err
			}
			_, err = q.run(ctx)
			return err
		},
		"new failures": func(ctx context.Context, tx pgx.Tx) error {
			_, err := upsertFailures(ctx, tx, hints)
			return err
		},
		"what came since": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, refreshFailure, stored.tenants, stored.keys, stored.traces(), instant(time.Now().Add(-time.Hour)))
			return err
		},
		"what an append brings news of": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, moveFailures, stored.tenants, stored.keys, make([]bool, len(keys)), time.Now())
			return err
		},
		"a claim": func(ctx context.Context, tx pgx.Tx) error {
			return inOrderOfIndex(ctx, tx, func() error {
				due, err := lockDue(ctx, tx, 8)
				if err != nil {
					return err
				}
				var k failureKeys
				for _, d := range due {
					k.add(d.Tenant, d.Key)
				}
				_, err = tx.Exec(ctx, claimFailures, k.tenants, k.keys, k.traces(), "me", time.Minute)
				return err
			})
		},
		"where to place them": func(ctx context.Context, tx pgx.Tx) error {
			var results []store.Classified
			for _, key := range keys {
				results = append(results, store.Classified{Failure: store.Failure{Key: key, Lease: store.Lease{Owner: "me"}}})
			}
			return (&placing{}).load(ctx, tx, results, false)
		},
	}
	most := map[string]int{}
	for name, ask := range map[string]func(*knowing, context.Context) error{
		"peers": (*knowing).peers, "owners": (*knowing).owners, "services": (*knowing).services, "calls": (*knowing).calls, "refused callers": (*knowing).refused,
	} {
		reads[name] = func(ctx context.Context, tx pgx.Tx) error {
			k, err := newKnowing(ctx, tx, "", []store.KnowledgeQuery{query, first, query, query, query})
			if err != nil {
				return err
			}
			k.asked[0].peers = map[string]string{"payment.local": "payment.local:80", "gone.local": "gone.local"}
			return ask(k, ctx)
		}
	}
	// What is asked of all calls of a service is read once for all who ask, each call with its trace.
	most["calls"], most["refused callers"] = 3*planTraces+mostPlanRows, planTraces+mostPlanRows
	for _, statistics := range []string{"no", "current"} {
		if statistics == "current" {
			_, err := s.pool.Exec(t.Context(), "ANALYZE")
			require.NoError(t, err)
		}
		for name, read := range reads {
			t.Run(name+", "+statistics+" statistics", func(t *testing.T) {
				e := &explainer{parent: "spans", read: map[string][]string{}}
				undo := errors.New("undone")
				require.ErrorIs(t, s.write(t.Context(), func(tx pgx.Tx) error {
					e.Tx = tx
					require.NoError(t, read(t.Context(), e))
					return undo
				}), undo)
				require.NotEmpty(t, e.plans)
				for _, plan := range e.plans {
					assertFewRows(t, plan, cmp.Or(most[name], mostPlanRows))
				}
			})
		}
	}
}

// assertFewRows checks what each node of a plan took from a table of signals or failures, or from an index
// of one, with what it then left out.
func assertFewRows(t *testing.T, n planNode, most int) {
	t.Helper()
	of := cmp.Or(n.Relation, n.Index)
	if n.Loops > 0 && (strings.HasPrefix(of, "spans") || strings.HasPrefix(of, "error_signals") || strings.HasPrefix(of, "failures")) {
		assert.Less(t, n.Loops*(n.Rows+n.Filtered), float64(most), "%s of %s", n.Type, of)
	}
	for _, child := range n.Plans {
		assertFewRows(t, child, most)
	}
}
