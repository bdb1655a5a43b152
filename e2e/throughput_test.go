package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// BenchmarkDurableSpans compares what it costs to store spans durably end to end (OTLP over gRPC in,
// success answered after the commit) with what PostgreSQL alone takes for the same rows: binary COPY of
// the bytes that it gave out itself, into a database of the same schema and indexes, on as many
// connections, and of as many rows at a time. An iteration is one request.
//
//	go test ./e2e -run XXX -bench DurableSpans -benchtime 200x
func BenchmarkDurableSpans(b *testing.B) {
	for _, senders := range []int{1, 2} {
		for _, size := range []int{1000, 5000} {
			b.Run(fmt.Sprintf("senders=%d/spans=%d", senders, size), func(b *testing.B) { durableSpans(b, senders, size) })
		}
	}
}

func durableSpans(b *testing.B, senders, size int) {
	server := servertest.StartPostgreSQL(b, servertest.PostgreSQLOptions{Settings: map[string]string{"shared_buffers": "512MB", "max_wal_size": "8GB"}})
	database, empty := server.Database(), server.Database()
	start := func(database string) *Collector {
		return StartCollector(b, Options{Config: RepositoryRoot(b) + "/config/production.yaml", Args: []string{"--set=exporters.rca.workers=0", "--set=receivers.otlp.protocols.grpc.max_recv_msg_size_mib=32"},
			Env: []string{"DATABASE_URL=" + database, "REDIS_URL=" + servertest.Redis(b)}})
	}
	start(empty).Stop() // makes the schema
	c := start(database)
	sender := make([]*spanSender, senders)
	for i := range sender {
		sender[i] = newSpanSender(b, c.OTLPGRPC, size)
		require.NoError(b, sender[i].send(b)) // warms up
	}
	since := time.Now()

	var next atomic.Int64
	wall, cpu := measured(b, []int{c.PID(), server.PID()}, func() {
		together(sender, func(s *spanSender) error {
			for next.Add(1) <= int64(b.N) {
				if err := s.send(b); err != nil {
					return err
				}
			}
			return nil
		}, b)
	})
	c.Stop()

	rows := copyOut(b, database, fmt.Sprintf("SELECT * FROM spans WHERE received_at > to_timestamp(%f)", float64(since.UnixMicro())/1e6), size)
	require.Equal(b, b.N*size, rows.rows, "every acknowledged span is stored once")
	connections := make([]int, senders)
	next.Store(0)
	rawWall, rawCPU := measured(b, []int{os.Getpid(), server.PID()}, func() {
		together(connections, func(int) error {
			conn := connect(b, empty)
			for n := next.Add(1); n <= int64(len(rows.chunks)); n = next.Add(1) {
				if err := copyIn(b.Context(), conn, "spans", rows.chunks[n-1]); err != nil {
					return err
				}
			}
			return nil
		}, b)
	})

	spans := float64(rows.rows)
	b.ReportMetric(spans/wall, "spans/s")
	b.ReportMetric(cpu/spans*1e6, "cpu-µs/span")
	b.ReportMetric(spans/rawWall, "copy-rows/s")
	b.ReportMetric(rawCPU/spans*1e6, "copy-cpu-µs/row")
	b.ReportMetric(rawWall/wall, "of-copy-by-wall")
	b.ReportMetric(rawCPU/cpu, "of-copy-by-cpu")
	b.ReportMetric(0, "ns/op")
}

// measured runs work and returns the seconds it took by the clock and of the processors, those of the
// given processes together.
func measured(t testing.TB, pids []int, work func()) (wall, cpu float64) {
	t.Helper()
	used := func() (seconds float64) {
		for _, pid := range pids {
			if pid == os.Getpid() {
				seconds += ownCPUSeconds(t)
				continue
			}
			seconds += cpuSeconds(t, pid)
		}
		return seconds
	}
	before, begun := used(), time.Now()
	work()
	return time.Since(begun).Seconds(), used() - before
}

// together runs work for each, all at a time, and requires that none fails.
func together[T any](each []T, work func(T) error, t testing.TB) {
	t.Helper()
	errs := make([]error, len(each))
	var running sync.WaitGroup
	for i, one := range each {
		running.Go(func() { errs[i] = work(one) })
	}
	running.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// spanSender sends requests of spans with ten attributes over a connection of its own, ten spans of one
// service to a trace, none of them an error; each request has traces of its own.
type spanSender struct {
	client ptraceotlp.GRPCClient
	traces ptrace.Traces
}

const senderTraceSpans = 10

func newSpanSender(t testing.TB, address string, spans int) *spanSender {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	s := &spanSender{client: ptraceotlp.NewGRPCClient(conn), traces: ptrace.NewTraces()}
	var scope ptrace.ScopeSpans
	for i := range spans {
		if i%(20*senderTraceSpans) == 0 { // as if a collector had merged what several services sent
			scope = s.service(i / (20 * senderTraceSpans))
		}
		fillSpan(scope.Spans().AppendEmpty(), i)
	}
	return s
}

func (s *spanSender) service(n int) ptrace.ScopeSpans {
	rs := s.traces.ResourceSpans().AppendEmpty()
	for key, value := range map[string]string{
		"service.name": fmt.Sprintf("service-%02d", n), "service.version": "1.4.2", "service.instance.id": fmt.Sprintf("627cc493-f310-47de-96bd-71410b7d%04d", n),
		"deployment.environment.name": "production", "host.name": "node-07.example.com", "k8s.pod.name": "shop-7d4b9c6f5-00007", "k8s.namespace.name": "shop",
		"telemetry.sdk.language": "java",
	} {
		rs.Resource().Attributes().PutStr(key, value)
	}
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("io.opentelemetry.tomcat-10.0")
	return scope
}

func fillSpan(span ptrace.Span, i int) {
	span.SetSpanID(pcommon.SpanID{1, byte(i >> 16), byte(i >> 8), byte(i)})
	if i%senderTraceSpans > 0 {
		parent := i - 1
		span.SetParentSpanID(pcommon.SpanID{1, byte(parent >> 16), byte(parent >> 8), byte(parent)})
	}
	span.SetName("GET /api/v1/orders/{id}")
	span.SetKind(ptrace.SpanKindServer)
	a := span.Attributes()
	a.PutStr("http.request.method", "GET")
	a.PutStr("http.route", "/api/v1/orders/{id}")
	a.PutStr("url.path", fmt.Sprintf("/api/v1/orders/%d", 100_000+i))
	a.PutInt("http.response.status_code", 200)
	a.PutStr("url.scheme", "http")
	a.PutStr("network.protocol.version", "1.1")
	a.PutStr("client.address", fmt.Sprintf("10.1.%d.%d", i%200, i%250))
	a.PutStr("user_agent.original", "okhttp/4.12.0")
	a.PutStr("enduser.id", fmt.Sprint("user-", i%100_000))
	a.PutStr("thread.name", fmt.Sprint("http-nio-8080-exec-", i%200))
}

// send sends a request with traces that no request had before, and returns when it is answered.
func (s *spanSender) send(t testing.TB) error {
	end := time.Now()
	var id pcommon.TraceID
	n := 0
	for _, rs := range s.traces.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			if n%senderTraceSpans == 0 {
				id = randomTraceID()
			}
			n++
			span.SetTraceID(id)
			span.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-time.Duration(50+n%50) * time.Millisecond)))
			span.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
		}
	}
	_, err := s.client.Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(s.traces))
	return err
}

func randomTraceID() (id pcommon.TraceID) {
	for i := 0; i < len(id); i += 8 {
		random := rand.Uint64()
		for k := range 8 {
			id[i+k] = byte(random >> (8 * k))
		}
	}
	return id
}
