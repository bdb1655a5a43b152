package tracecorrelationprocessor

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fakeClock stands still unless it is advanced.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// reportSink takes what leaves down the logs pipeline: reports, and other logs.
type reportSink struct {
	mu      sync.Mutex
	clock   func() time.Time
	fail    error
	calls   int
	reports []received
	others  []plog.Logs
}

// received is one report, with when and in whose name it came.
type received struct {
	plog.LogRecord
	service string
	at      time.Duration
	client  client.Info
}

func (r received) str(key string) string {
	v, _ := r.Attributes().Get(key)
	return v.AsString()
}

func (r received) key() string    { return r.str("prodsentinel.failure.key") }
func (r received) reason() string { return r.str("prodsentinel.failure.reason") }

func (r received) count() int64 {
	v, _ := r.Attributes().Get("prodsentinel.failure.error_count")
	return v.Int()
}

func (*reportSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *reportSink) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		return s.fail
	}
	for _, rl := range ld.ResourceLogs().All() {
		service, _ := rl.Resource().Attributes().Get("service.name")
		for _, sl := range rl.ScopeLogs().All() {
			for _, l := range sl.LogRecords().All() {
				if l.EventName() != "prodsentinel.failure" || sl.Scope().Name() == "" {
					s.others = append(s.others, ld)
					return nil
				}
				s.reports = append(s.reports, received{l, service.AsString(), s.clock().Sub(start), client.FromContext(ctx)})
			}
		}
	}
	return nil
}

func (s *reportSink) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports
}

// harness is a correlator with a clock of its own, whose loop the test turns.
type harness struct {
	*correlator
	t           *testing.T
	clock       *fakeClock
	coordinator coordination.Coordinator
	sink        *reportSink
	spans       consumertest.TracesSink
	traces      *tracesNode
	logs        *logsNode
	observed    *observer.ObservedLogs
	telemetry   *componenttest.Telemetry
}

func newHarness(t *testing.T, change func(*Config)) *harness {
	clock := &fakeClock{now: start}
	return newReplica(t, clock, memory.New(memory.Options{Now: clock.Now}), change)
}

func newReplica(t *testing.T, clock *fakeClock, coordinator coordination.Coordinator, change func(*Config)) *harness {
	cfg := createDefaultConfig().(*Config)
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	core, observed := observer.New(zap.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	set := telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	c, err := newCorrelator(cfg, set, clock.Now)
	require.NoError(t, err)
	h := &harness{
		correlator: c, t: t, clock: clock, coordinator: coordinator, observed: observed, telemetry: telemetry,
		sink: &reportSink{clock: clock.Now},
	}
	h.traces = &tracesNode{correlator: c, next: &h.spans}
	h.logs = &logsNode{correlator: c, next: h.sink}
	c.attach(coordinator, h.sink)
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	return h
}

// advance lets time pass as the loop would see it.
func (h *harness) advance(d time.Duration) {
	for target := h.clock.Now().Add(d); ; {
		next := h.reporter.step(h.t.Context())
		if next.After(target) {
			h.clock.set(target)
			return
		}
		if next.After(h.clock.Now()) {
			h.clock.set(next)
		}
	}
}

func (h *harness) sendTraces(td ptrace.Traces) { h.sendTracesAs(h.t.Context(), td) }

func (h *harness) sendTracesAs(ctx context.Context, td ptrace.Traces) {
	h.t.Helper()
	require.NoError(h.t, h.traces.ConsumeTraces(ctx, td))
}

func (h *harness) sendLogs(ld plog.Logs) {
	h.t.Helper()
	require.NoError(h.t, h.logs.ConsumeLogs(h.t.Context(), ld))
}

var errDown = errors.New("downstream is down")

func traceID(n byte) pcommon.TraceID { return pcommon.TraceID{1, 15: n} }

func spanID(n int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

// span is one span of a service that ends so long after the start of the test.
func span(trace byte, id int, service string, end time.Duration, change ...func(ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(traceID(trace))
	s.SetSpanID(spanID(id))
	s.SetName("op")
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(end)))
	for _, c := range change {
		c(s)
	}
	return td
}

func failed(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) }

func exception(typ, message string) func(ptrace.Span) {
	return func(s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetName("exception")
		e.SetTimestamp(s.EndTimestamp() - 1)
		e.Attributes().PutStr("exception.type", typ)
		e.Attributes().PutStr("exception.message", message)
	}
}

// logLine is one record at ERROR.
func logLine(trace byte, id int, service, body string, change ...func(plog.LogRecord)) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	if trace != 0 {
		l.SetTraceID(traceID(trace))
		l.SetSpanID(spanID(id))
	}
	l.SetSeverityNumber(plog.SeverityNumberError)
	l.SetTimestamp(pcommon.NewTimestampFromTime(start))
	l.Body().SetStr(body)
	for _, c := range change {
		c(l)
	}
	return ld
}

// brief is what most tests ask of a report.
type brief struct {
	at     time.Duration
	reason string
	count  int64
}

func (h *harness) briefs() []brief {
	var out []brief
	for _, r := range h.sink.got() {
		out = append(out, brief{r.at, r.reason(), r.count()})
	}
	return out
}
