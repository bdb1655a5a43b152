package storetest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var appending = map[string]func(*testing.T, store.Store){
	"SpansComeBackEqual":              spansComeBackEqual,
	"LogsComeBackEqual":               logsComeBackEqual,
	"PointsComeBackEqual":             pointsComeBackEqual,
	"DuplicatesCollapse":              duplicatesCollapse,
	"EqualLinesOfOneRequestCount":     equalLinesOfOneRequestCount,
	"EqualErrorSignalsCount":          equalErrorSignalsCount,
	"BigRecords":                      bigRecords,
	"DeepRecordsAreReadCut":           deepRecordsAreReadCut,
	"EventTimesMayBeAnything":         eventTimesMayBeAnything,
	"TenantsAreApart":                 tenantsAreApart,
	"HugeTrace":                       hugeTrace,
	"UntracedFailureHasItsLogs":       untracedFailureHasItsLogs,
	"LogsAreInTheTraceTheyName":       logsAreInTheTraceTheyName,
	"UnknownKeysGiveEmptyTraces":      unknownKeysGiveEmptyTraces,
	"NothingIsStoredWhenCancelled":    nothingIsStoredWhenCancelled,
	"BatchesAnswerForThemselves":      batchesAnswerForThemselves,
	"AnEmptyAppendStoresNothing":      anEmptyAppendStoresNothing,
	"ClosedStoreIsUnavailable":        closedStoreIsUnavailable,
	"ErrorsAreKeptUnderABound":        errorsAreKeptUnderABound,
	"RecordsWithoutEventTimeCollapse": recordsWithoutEventTimeCollapse,
}

// run gives every rapid example a tenant of its own, so that they do not see each other.
func newTenants() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("tenant-%d", n) }
}

func spansComeBackEqual(t *testing.T, s store.Store) {
	tenants := newTenants()
	rapid.Check(t, func(rt *rapid.T) {
		tenant := tenants()
		want := requestOf(tenant, anys(signal.FromTraces(signaltest.Traces().Draw(rt, "request")))...)
		want.Errors = nil
		results, err := s.Append(t.Context(), []store.Batch{want})
		require.NoError(rt, err)
		require.Zero(rt, results[0].Quarantined)
		got := searchAll(rt, s, tenant, store.KindSpan)
		spans := make(map[signal.ID]*signal.Span)
		for _, r := range got {
			require.NotContains(rt, spans, r.Span.ID)
			spans[r.Span.ID] = r.Span
		}
		require.Len(rt, spans, len(want.Spans))
		for _, w := range want.Spans {
			g := spans[w.ID]
			require.NotNil(rt, g)
			assert.NotZero(rt, g.ReceivedAt)
			w.ReceivedAt = g.ReceivedAt
			signaltest.RequireEqualSpans(rt, []*signal.Span{w}, []*signal.Span{g})
		}
		again := make([]*signal.Span, 0, len(want.Spans))
		for _, w := range want.Spans {
			again = append(again, spans[w.ID])
		}
		ids := idsOf(want.Spans, func(s *signal.Span) signal.ID { return s.ID })
		signal.IdentifySpans(tenant, again)
		require.Equal(rt, ids, idsOf(again, func(s *signal.Span) signal.ID { return s.ID }), "identities of what was read")
	})
}

func logsComeBackEqual(t *testing.T, s store.Store) {
	tenants := newTenants()
	rapid.Check(t, func(rt *rapid.T) {
		tenant := tenants()
		want := requestOf(tenant, anys(signal.FromLogs(signaltest.Logs().Draw(rt, "request")))...)
		want.Errors = nil
		_, err := s.Append(t.Context(), []store.Batch{want})
		require.NoError(rt, err)
		logs := make(map[signal.ID]*signal.Log)
		for _, r := range searchAll(rt, s, tenant, store.KindLog) {
			require.NotContains(rt, logs, r.Log.ID)
			logs[r.Log.ID] = r.Log
		}
		require.Len(rt, logs, len(want.Logs))
		for _, w := range want.Logs {
			g := logs[w.ID]
			require.NotNil(rt, g)
			w.ReceivedAt = g.ReceivedAt
			signaltest.RequireEqualLogs(rt, []*signal.Log{w}, []*signal.Log{g})
		}
	})
}

func pointsComeBackEqual(t *testing.T, s store.Store) {
	tenants := newTenants()
	rapid.Check(t, func(rt *rapid.T) {
		tenant := tenants()
		want := requestOf(tenant, anys(signal.FromMetrics(signaltest.Metrics().Draw(rt, "request")))...)
		_, err := s.Append(t.Context(), []store.Batch{want})
		require.NoError(rt, err)
		points := make(map[signal.ID]*signal.Point)
		for _, r := range searchAll(rt, s, tenant, store.KindMetric) {
			require.NotContains(rt, points, r.Point.ID)
			points[r.Point.ID] = r.Point
		}
		require.Len(rt, points, len(want.Points))
		for _, w := range want.Points {
			g := points[w.ID]
			require.NotNil(rt, g)
			w.ReceivedAt = g.ReceivedAt
			signaltest.RequireEqualPoints(rt, []*signal.Point{w}, []*signal.Point{g})
		}
	})
}

func anys[T any](records []T) []any {
	list := make([]any, len(records))
	for i, r := range records {
		list[i] = r
	}
	return list
}

func idsOf[T any](records []T, id func(T) signal.ID) []signal.ID {
	ids := make([]signal.ID, len(records))
	for i, r := range records {
		ids[i] = id(r)
	}
	return ids
}

// searchAll pages through all records of a kind, a few at a time.
func searchAll(t require.TestingT, s store.Store, tenant string, kind store.SignalKind) (all []store.SignalRecord) {
	page := store.Page{Limit: 3}
	for {
		list, err := s.SearchSignals(background(), tenant, store.SignalFilter{Kind: kind}, page)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Items), page.Limit)
		all = append(all, list.Items...)
		if list.NextCursor == "" {
			return all
		}
		page.Cursor = list.NextCursor
	}
}

func duplicatesCollapse(t *testing.T, s store.Store) {
	for range 2 { // delivered, and again
		appendAll(t, s, requestOf(tenant, failing("a", "op", "payment"), logOf("a", "boom", "payment", signal.SeverityError)))
	}
	trace := loaded(t, s, tenant, keyOf("a"))
	require.Len(t, trace.Spans, 1)
	require.Len(t, trace.Logs, 1)
	assert.Len(t, searchAll(t, s, tenant, store.KindSpan), 1)
	assert.Len(t, searchAll(t, s, tenant, store.KindLog), 1)
	_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Tenant: tenant, Key: keyOf("a")}})
	require.NoError(t, err)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, 2, f.ErrorSignals, "a retry changes no count")

	first := trace.Spans[0].ReceivedAt
	appendAll(t, s, requestOf(tenant, failing("a", "op", "payment")))
	assert.Equal(t, first, loaded(t, s, tenant, keyOf("a")).Spans[0].ReceivedAt, "the first delivery is kept")
}

func equalLinesOfOneRequestCount(t *testing.T, s store.Store) {
	request := func() store.Batch {
		var lines []any
		for range 50 {
			lines = append(lines, logOf("a", "connection refused", "payment", signal.SeverityError))
		}
		return requestOf(tenant, lines...)
	}
	appendAll(t, s, request())
	appendAll(t, s, request())
	assert.Len(t, loaded(t, s, tenant, keyOf("a")).Logs, 50)
	assert.Len(t, searchAll(t, s, tenant, store.KindLog), 50)
	_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: keyOf("a")}})
	require.NoError(t, err)
	f, err := s.Failure(t.Context(), tenant, keyOf("a"))
	require.NoError(t, err)
	assert.Equal(t, 50, f.ErrorSignals)
}

// equalErrorSignalsCount has three exceptions of one span at one time: three error signals, also
// when the request is sent again.
func equalErrorSignalsCount(t *testing.T, s store.Store) {
	b := requestOf(tenant, failing("a", "op", "payment"))
	b.Errors = append(b.Errors, b.Errors[0], b.Errors[0])
	appendAll(t, s, b)
	appendAll(t, s, b)
	upsert(t, s, store.FailureHint{Key: keyOf("a")})
	assert.Equal(t, 3, claim(t, s, "w")[0].ErrorSignals)
}

func bigRecords(t *testing.T, s store.Store) {
	body := strings.Repeat("a line of a stack trace\n", 500_000) // 12 MB
	appendAll(t, s, requestOf(tenant, logOf("a", body, "payment", signal.SeverityError)))
	logs := loaded(t, s, tenant, keyOf("a")).Logs
	require.Len(t, logs, 1)
	same := body == logs[0].Body.Str() // a difference of 12 MB is nothing to print
	assert.True(t, same)
}

func recordsWithoutEventTimeCollapse(t *testing.T, s store.Store) {
	request := func() store.Batch {
		l, sp := logOf("a", "no time", "payment", 9), span("a", "no time", "payment")
		l.Time, sp.Start, sp.End = 0, 0, 0
		return requestOf(tenant, l, sp)
	}
	appendAll(t, s, request())
	appendAll(t, s, requestOf(tenant, logOf("a", "other", "payment", 9)))
	appendAll(t, s, request())
	logs := searchAll(t, s, tenant, store.KindLog)
	require.Len(t, logs, 2)
	assert.Equal(t, "no time", logs[0].Log.Body.Str(), "the time of receipt serves for the order")
	assert.Zero(t, logs[0].Log.Time, "a missing time stays missing")
	assert.Len(t, searchAll(t, s, tenant, store.KindSpan), 1)
}

func eventTimesMayBeAnything(t *testing.T, s store.Store) {
	times := []signal.Nanos{0, 1, signal.NanosOf(eventTime), signal.NanosOf(time.Now().AddDate(1, 0, 0)), math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	var records []any
	for i, at := range times {
		sp, l := span("a", strconv.Itoa(i), "payment"), logOf("a", strconv.Itoa(i), "payment", 9)
		sp.Start, sp.End, l.Time = at, at, at
		records = append(records, sp, l)
	}
	want := requestOf(tenant, records...)
	appendAll(t, s, want)
	trace := loaded(t, s, tenant, keyOf("a"))
	got := map[signal.ID]signal.Nanos{}
	for _, sp := range trace.Spans {
		got[sp.ID] = sp.Start
	}
	for _, l := range trace.Logs {
		got[l.ID] = l.Time
	}
	for i := range times {
		assert.Equal(t, times[i], got[want.Spans[i].ID], "span %d", i)
		assert.Equal(t, times[i], got[want.Logs[i].ID], "log %d", i)
	}
	assert.Len(t, searchAll(t, s, tenant, store.KindSpan), len(times))

	around, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{
		Kind: store.KindSpan, From: eventTime.Add(-time.Hour), To: eventTime.Add(time.Hour),
	}, store.Page{})
	require.NoError(t, err)
	require.Len(t, around.Items, 1)
	assert.Equal(t, "2", around.Items[0].Span.Name)
}

func tenantsAreApart(t *testing.T, s store.Store) {
	a, b := requestOf("a", failing("t", "op", "payment")), requestOf("b", failing("t", "op", "payment"))
	appendAll(t, s, a, b)
	assert.NotEqual(t, a.Spans[0].ID, b.Spans[0].ID)
	require.Len(t, loaded(t, s, "a", keyOf("t")).Spans, 1)
	assert.Equal(t, a.Spans[0].ID, loaded(t, s, "a", keyOf("t")).Spans[0].ID)
	assert.Empty(t, loaded(t, s, "", keyOf("t")).Spans)
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Tenant: "c", Key: keyOf("t")}, {Tenant: "b", Key: keyOf("t")}})
	require.NoError(t, err)
	assert.Equal(t, []int{1}, accepted, "a failure needs an error signal of its own tenant")
}

func hugeTrace(t *testing.T, s store.Store) {
	const spans, logs = 50_000, 100_000
	for from := 0; from < spans; from += 5000 {
		var records []any
		for i := range 5000 {
			sp := span("huge", strconv.Itoa(from+i), "payment")
			records = append(records, sp)
		}
		for i := range 5000 * logs / spans {
			records = append(records, logOf("huge", fmt.Sprint(from, i), "payment", 9))
		}
		appendAll(t, s, requestOf(tenant, records...))
	}
	trace := loaded(t, s, tenant, keyOf("huge"))
	assert.Len(t, trace.Spans, spans)
	assert.Len(t, trace.Logs, logs)
	bounded, err := s.Traces(t.Context(), tenant, []string{keyOf("huge")}, 1000)
	require.NoError(t, err)
	assert.Equal(t, 1000, len(bounded[0].Spans)+len(bounded[0].Logs))
	assert.Equal(t, spans+logs-1000, bounded[0].Truncated)
}

func errorsAreKeptUnderABound(t *testing.T, s store.Store) {
	var records []any
	for i := range 20 {
		records = append(records, span("a", fmt.Sprint("op", i), "payment"), logOf("a", fmt.Sprint("line", i), "payment", 9))
	}
	records = append(records, failing("a", "failed", "payment"), logOf("a", "boom", "payment", signal.SeverityError))
	appendAll(t, s, requestOf(tenant, records...))
	traces, err := s.Traces(t.Context(), tenant, []string{keyOf("a")}, 5)
	require.NoError(t, err)
	assert.Equal(t, len(records)-5, traces[0].Truncated)
	assert.True(t, anyOf(traces[0].Spans, func(s *signal.Span) bool { return s.Name == "failed" }))
	assert.True(t, anyOf(traces[0].Logs, func(l *signal.Log) bool { return l.Body.Str() == "boom" }))
}

func anyOf[T any](list []T, is func(T) bool) bool {
	for _, item := range list {
		if is(item) {
			return true
		}
	}
	return false
}

func untracedFailureHasItsLogs(t *testing.T, s store.Store) {
	l := logOf("", "boom", "payment", signal.SeverityError)
	other := logOf("", "fine", "payment", 9)
	appendAll(t, s, requestOf(tenant, l, other))
	trace := loaded(t, s, tenant, "untraced:payment")
	assert.True(t, trace.ID.IsZero())
	assert.Empty(t, trace.Spans)
	require.Len(t, trace.Logs, 1)
	assert.Equal(t, "boom", trace.Logs[0].Body.Str())
}

// logsAreInTheTraceTheyName: a log that names its trace only in its attributes or body is found by that
// trace, and comes back as it was received.
func logsAreInTheTraceTheyName(t *testing.T, s store.Store) {
	byAttribute, byBody := logOf("", "rates: lookup failed", "vat", signal.SeverityError), logOf("", "", "vat", 9)
	byAttribute.Attributes = signal.Map{{Key: "trace_id", Value: signal.Value{Data: keyOf("a")}}}
	byBody.Body = signal.Value{Data: `{"traceId":"` + keyOf("a") + `"}`}
	want := requestOf(tenant, span("a", "GET /v", "vat"), byAttribute, byBody)
	appendAll(t, s, want)

	trace := loaded(t, s, tenant, keyOf("a"))
	require.Len(t, trace.Spans, 1)
	listing, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog, TraceID: traceID("a")}, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, listing.Items, 2)
	for _, logs := range [][]*signal.Log{trace.Logs, {listing.Items[0].Log, listing.Items[1].Log}} {
		require.Len(t, logs, 2)
		for _, l := range logs {
			assert.True(t, l.TraceID.IsZero(), "as it was received")
			again := *l
			signal.IdentifyLogs(tenant, []*signal.Log{&again})
			assert.Equal(t, l.ID, again.ID)
		}
	}
}

func unknownKeysGiveEmptyTraces(t *testing.T, s store.Store) {
	appendAll(t, s, requestOf(tenant, span("b", "op", "payment")))
	keys := []string{keyOf("a"), keyOf("b"), "untraced:nobody"}
	traces, err := s.Traces(t.Context(), tenant, keys, 10)
	require.NoError(t, err)
	require.Len(t, traces, 3)
	for i, trace := range traces {
		assert.Equal(t, keys[i], trace.Key)
	}
	assert.Empty(t, traces[0].Spans)
	assert.Len(t, traces[1].Spans, 1)
	assert.Empty(t, traces[2].Logs)
}

func nothingIsStoredWhenCancelled(t *testing.T, s store.Store) {
	ctx, cancel := contextWithCancel(t)
	cancel()
	_, err := s.Append(ctx, []store.Batch{requestOf(tenant, span("a", "op", "payment"))})
	require.ErrorIs(t, err, ctx.Err())
	assert.Empty(t, searchAll(t, s, tenant, store.KindSpan))
}

func batchesAnswerForThemselves(t *testing.T, s store.Store) {
	results, err := s.Append(t.Context(), []store.Batch{
		requestOf(tenant, span("a", "op", "payment")), {Tenant: tenant}, requestOf("other", span("a", "op", "payment")),
	})
	require.NoError(t, err)
	assert.Equal(t, []store.AppendResult{{}, {}, {}}, results)
	none, err := s.Append(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, none)
}

func anEmptyAppendStoresNothing(t *testing.T, s store.Store) {
	results, err := s.Append(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, results)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.Zero(t, status.Spans+status.Logs+status.MetricPoints+status.ErrorSignals)
}

func closedStoreIsUnavailable(t *testing.T, s store.Store) {
	require.NoError(t, s.Close())
	_, err := s.Append(t.Context(), []store.Batch{requestOf(tenant, span("a", "op", "payment"))})
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = s.Append(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = s.Status(t.Context())
	require.ErrorIs(t, err, store.ErrUnavailable)
	var none incident.Incident
	got, err := s.Incident(t.Context(), tenant, "x")
	require.ErrorIs(t, err, store.ErrUnavailable)
	assert.Equal(t, none, got)
	require.NoError(t, s.Close(), "closing again does nothing")
}

// deepRecordsAreReadCut has records that are nested deeper than what decodes them should go.
func deepRecordsAreReadCut(t *testing.T, s store.Store) {
	nested := func(levels int, text string) signal.Value {
		v := signal.Value{Data: text}
		for range levels {
			v = signal.Value{Data: []signal.Value{v}}
		}
		return v
	}
	levels := func(v signal.Value) (n int, text string) {
		for {
			list, ok := v.Data.([]signal.Value)
			if !ok {
				return n, v.Str()
			}
			n, v = n+1, list[0]
		}
	}
	allowed, deep := logOf("t", "", "gateway", 9), logOf("t", "", "gateway", 9)
	allowed.Body, deep.Body = nested(900, "whole"), nested(50_000, "never read")
	appendAll(t, s, requestOf(tenant, allowed, deep))
	texts := map[string]int{}
	for _, r := range searchAll(t, s, tenant, store.KindLog) {
		n, text := levels(r.Log.Body)
		texts[text] = n
		_, cut := r.Log.Attributes.Get(otlpscan.AttributeCut)
		assert.Equal(t, text == otlpscan.TooDeep, cut)
	}
	assert.Equal(t, map[string]int{"whole": 900, otlpscan.TooDeep: otlpscan.MaxDepth}, texts)
}
