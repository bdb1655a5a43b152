package sqlite_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// BenchmarkAppend commits batches of realistic spans (10 attributes, about 590 B as a row, ten
// spans a trace) one after the other.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{500, 5000} {
		b.Run(fmt.Sprintf("spans=%d", size), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			spans := newSpanSource()
			batch := []store.Batch{{Spans: spans.next(size)}}
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Append(b.Context(), batch)
				require.NoError(b, err)
				b.StopTimer()
				batch[0].Spans = spans.next(size)
				b.StartTimer()
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}

// spanSource makes spans as an instrumented HTTP service sends them.
type spanSource struct {
	random    *rand.Rand
	resources []*signal.Resource
	scope     *signal.Scope
	trace     signal.TraceID
	made      int
}

func newSpanSource() *spanSource {
	src := &spanSource{random: rand.New(rand.NewPCG(1, 2)), scope: &signal.Scope{Name: "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", Version: "0.72.0"}}
	for i := range 8 {
		src.resources = append(src.resources, &signal.Resource{Attributes: texts(
			"service.name", fmt.Sprint("service-", i), "service.version", "1.4.2", "service.namespace", "shop",
			"deployment.environment.name", "production", "host.name", fmt.Sprint("node-", i), "k8s.pod.name", fmt.Sprint("service-", i, "-6d4cf56db6-abcde"),
			"telemetry.sdk.language", "go", "telemetry.sdk.version", "1.47.0")})
	}
	return src
}

func texts(pairs ...string) (m signal.Map) {
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, signal.KeyValue{Key: pairs[i], Value: signal.Value{Data: pairs[i+1]}})
	}
	return m
}

func (src *spanSource) next(n int) []*signal.Span {
	spans := make([]*signal.Span, n)
	for i := range spans {
		if src.made%10 == 0 {
			src.fill(src.trace[:])
		}
		spans[i] = src.span()
		src.made++
	}
	return spans
}

func (src *spanSource) fill(id []byte) {
	for i := range id {
		id[i] = byte(src.random.Uint32())
	}
}

func (src *spanSource) span() *signal.Span {
	start := signal.Nanos(1_700_000_000_000_000_000 + src.made*1000)
	s := &signal.Span{
		Resource: src.resources[src.made%len(src.resources)], Scope: src.scope, TraceID: src.trace,
		Name: "POST /pay/{order_id}", Kind: signal.SpanKind(2 + src.made%2), Start: start, End: start + 5_000_000,
		Attributes: append(texts(
			"http.request.method", "POST", "http.route", "/pay/{order_id}", "url.scheme", "http", "server.address", "payment.shop.svc.cluster.local",
			"network.protocol.version", "1.1", "user_agent.original", "Go-http-client/1.1 (linux; amd64)", "client.address", fmt.Sprint("10.0.0.", src.random.IntN(255)),
			"enduser.id", fmt.Sprint("user-", src.random.IntN(100_000))),
			signal.KeyValue{Key: "http.response.status_code", Value: signal.Value{Data: int64(200)}},
			signal.KeyValue{Key: "server.port", Value: signal.Value{Data: int64(8004)}}),
	}
	src.fill(s.ID[:])
	src.fill(s.SpanID[:])
	src.fill(s.ParentSpanID[:])
	return s
}

// BenchmarkTraces loads traces of ten spans among 50,000 spans, a batch of them at a time as the
// classifier does.
func BenchmarkTraces(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	source := newSpanSource()
	var keys []string
	for range 10 {
		spans := source.next(5000)
		_, err := s.Append(b.Context(), []store.Batch{{Spans: spans}})
		require.NoError(b, err)
		for i := 0; i < len(spans); i += 500 {
			keys = append(keys, spans[i].TraceID.String())
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		traces, err := s.Traces(b.Context(), "", keys, 2000)
		require.NoError(b, err)
		require.Len(b, traces[len(traces)-1].Spans, 10)
	}
	b.ReportMetric(float64(len(keys))*float64(b.N)/b.Elapsed().Seconds(), "traces/s")
}

// BenchmarkClassify takes 100 failures of one incident from the report to their classification.
func BenchmarkClassify(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	source := newSpanSource()
	root := incident.Root{Signature: "root", Service: "payment", Errors: 1, ErrorSignals: 10}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		batch := store.Batch{Spans: source.next(1000)}
		hints := map[string]store.FailureHint{}
		for _, span := range batch.Spans {
			key := span.TraceID.String()
			batch.Errors = append(batch.Errors, store.ErrorSignal{Key: key, Kind: "span", Ref: incident.Ref("span:" + key + "/" + span.SpanID.String())})
			hints[key] = store.FailureHint{Key: key}
		}
		_, err := s.Append(b.Context(), []store.Batch{batch})
		require.NoError(b, err)
		b.StartTimer()
		_, err = s.UpsertFailures(b.Context(), slices.Collect(maps.Values(hints)))
		require.NoError(b, err)
		claimed, err := s.ClaimFailures(b.Context(), "bench", time.Minute, 100)
		require.NoError(b, err)
		require.Len(b, claimed, 100)
		var results []store.Classified
		for _, f := range claimed {
			results = append(results, store.Classified{Failure: f, Classification: incident.Classification{
				Key: f.Key, State: incident.FailureClassified, Outcome: incident.OutcomeFailed, Roots: []incident.Root{root},
			}})
		}
		_, err = s.SaveClassifications(b.Context(), results, incident.Policy{LateWindow: time.Minute})
		require.NoError(b, err)
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "failures/s")
}
