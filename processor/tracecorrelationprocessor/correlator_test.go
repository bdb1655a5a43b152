package tracecorrelationprocessor

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadatatest"
)

const long = time.Hour

// TestStormInOneBurst: 50 errors at once, spans or logs first, are one report.
func TestStormInOneBurst(t *testing.T) {
	for _, order := range []string{"spans first", "logs first", "interleaved"} {
		t.Run(order, func(t *testing.T) {
			h := newHarness(t, nil)
			spans := func(i int) {
				h.sendTraces(span(1, i, fmt.Sprintf("s%d", i%3), time.Duration(i), failed, exception("a.B", strconv.Itoa(i))))
			}
			logs := func(i int) {
				h.sendLogs(logLine(1, i, fmt.Sprintf("s%d", i%3), "x", func(l plog.LogRecord) {
					l.SetEventName("exception")
					l.Attributes().PutStr("exception.type", "a.B")
					l.Attributes().PutStr("exception.message", strconv.Itoa(i))
				}))
			}
			first, second := spans, logs
			if order == "logs first" {
				first, second = logs, spans
			}
			for i := range 25 {
				first(i)
				if order == "interleaved" {
					second(i)
				}
			}
			if order != "interleaved" {
				for i := range 25 {
					second(i)
				}
			}
			h.advance(long)
			assert.Equal(t, []brief{{6 * time.Second, "quiet", 50}}, h.briefs(), "25 spans with status, 25 exceptions recorded twice")
			assert.Zero(t, h.held.Load(), "nothing is kept")
		})
	}
}

// TestStormSpread: 50 errors over 90 s, across quiet period, max wait and debounce window.
func TestStormSpread(t *testing.T) {
	h := newHarness(t, nil)
	for i := range 50 {
		if i%2 == 0 {
			h.sendTraces(span(1, i, "pay", time.Duration(i)*time.Second, failed))
		} else {
			h.sendLogs(logLine(1, i, "pay", "x"))
		}
		h.advance(1800 * time.Millisecond)
	}
	require.Equal(t, 90*time.Second, h.clock.Now().Sub(start))
	h.advance(long)
	assert.Equal(t, []brief{{30 * time.Second, "max_wait", 17}, {90 * time.Second, "debounce_window", 50}}, h.briefs())
	assert.Zero(t, h.held.Load())
}

// TestQuietCountsFromTheLastSignal: healthy spans and logs of a failing trace prolong the wait.
func TestQuietCountsFromTheLastSignal(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(5 * time.Second)
	h.sendTraces(span(1, 2, "pay", 0))
	h.advance(5 * time.Second)
	h.sendLogs(logLine(1, 2, "pay", "x", func(l plog.LogRecord) { l.SetSeverityNumber(plog.SeverityNumberInfo) }))
	h.sendTraces(span(2, 3, "pay", 0)) // another trace does not
	h.advance(long)
	assert.Equal(t, []brief{{16 * time.Second, "quiet", 1}}, h.briefs())
}

func TestMaxWait(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	for range 20 {
		h.advance(5 * time.Second)
		h.sendTraces(span(1, 2, "pay", 0))
	}
	h.advance(long)
	assert.Equal(t, []brief{{30 * time.Second, "max_wait", 1}}, h.briefs())
}

func TestTrailingReport(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(10 * time.Second) // reported at 6 s
	for i := range 3 {
		h.sendTraces(span(1, 2+i, "pay", 0, failed))
		h.advance(time.Second)
	}
	h.advance(long)
	assert.Equal(t, []brief{{6 * time.Second, "quiet", 1}, {66 * time.Second, "debounce_window", 4}}, h.briefs())

	h.sendTraces(span(1, 9, "pay", 0, failed))
	h.advance(long)
	assert.Equal(t, brief{h.sink.got()[2].at, "quiet", 1}, h.briefs()[2], "after the window a failure is a new one")
}

// TestSameExceptionLater: the second record of an exception is no new error, so nothing follows.
func TestSameExceptionLater(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, exception("a.B", "m")))
	h.advance(10 * time.Second)
	h.sendLogs(logLine(1, 1, "pay", "x", func(l plog.LogRecord) {
		l.Attributes().PutStr("exception.type", "a.B")
		l.Attributes().PutStr("exception.message", "m")
	}))
	h.advance(long)
	assert.Equal(t, []brief{{6 * time.Second, "quiet", 1}}, h.briefs())
}

func TestUntraced(t *testing.T) {
	h := newHarness(t, nil)
	for i := range 5 {
		h.sendLogs(logLine(0, 0, "pay", fmt.Sprintf("order %d not found", i)))
	}
	h.sendLogs(logLine(0, 0, "stock", "order 1 not found"))
	h.advance(long)
	got := h.sink.got()
	require.Len(t, got, 2)
	counts := map[string]int64{}
	for _, r := range got {
		assert.Equal(t, 6*time.Second, r.at)
		assert.True(t, r.TraceID().IsEmpty())
		counts[r.key()] = r.count()
	}
	key := func(service string) string {
		return failure.UntracedKey(failure.Observed{Service: service, Message: "order 7 not found"})
	}
	assert.Equal(t, map[string]int64{key("pay"): 5, key("stock"): 1}, counts)
}

// TestReplicasDebounceEachOther: the second replica only counts, and reports what it counted when
// the window is over.
func TestReplicasDebounceEachOther(t *testing.T) {
	a := newHarness(t, nil)
	b := newReplica(t, a.clock, a.coordinator, nil)
	a.sendTraces(span(1, 1, "pay", 0, failed))
	b.sendLogs(logLine(1, 1, "pay", "x"))
	a.advance(6 * time.Second)
	b.advance(60*time.Second - 1)
	assert.Equal(t, []brief{{6 * time.Second, "quiet", 1}}, a.briefs())
	assert.Empty(t, b.briefs())
	b.advance(long)
	assert.Equal(t, []brief{{66 * time.Second, "debounce_window", 1}}, b.briefs())
	a.advance(long)
	assert.Len(t, a.briefs(), 1)
}

// brokenCoordinator cannot be reached.
type brokenCoordinator struct{ coordination.Coordinator }

func (brokenCoordinator) DebounceAll(context.Context, string, []string, time.Duration) ([]bool, error) {
	return nil, errDown
}

func (brokenCoordinator) Release(context.Context, string, ...string) error { return errDown }

func TestWithoutCoordinator(t *testing.T) {
	h := newHarness(t, nil)
	h.reporter.coordinator = brokenCoordinator{}
	for i := range byte(3) {
		h.sendTraces(span(1+i, 1, "pay", 0, failed))
	}
	h.advance(10 * time.Second)
	h.sendTraces(span(1, 2, "pay", 0, failed))
	h.advance(5 * time.Second)
	assert.Len(t, h.sink.got(), 3, "each debounces its own")
	assert.Equal(t, 1, h.observed.FilterLevelExact(zap.WarnLevel).Len(), "said once")

	h.reporter.coordinator = h.coordinator
	h.advance(long)
	assert.Len(t, h.sink.got(), 4)
	assert.Equal(t, 1, h.observed.FilterMessage("Recovered").Len())
}

func TestEviction(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.MaxGroups = 2 })
	for i := range byte(4) {
		h.sendTraces(span(1+i, 1, "pay", 0, failed))
		h.advance(time.Second)
	}
	assert.Equal(t, []brief{{2 * time.Second, "eviction", 1}, {3 * time.Second, "eviction", 1}}, h.briefs())
	assert.Equal(t, traceID(1), h.sink.got()[0].TraceID(), "the one that was due next")
	assert.EqualValues(t, 2, h.held.Load())
	h.advance(long)
	assert.Len(t, h.sink.got(), 4)
	metadatatest.AssertEqualTraceCorrelationGroupsEvicted(t, h.telemetry,
		[]metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp())
}

// TestEvictedWithinWindow: what was reported already goes silently, what came since does not.
func TestEvictedWithinWindow(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.MaxGroups = 1 })
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(10 * time.Second)
	h.sendTraces(span(2, 1, "pay", 0, failed))
	h.advance(10 * time.Second)
	require.Equal(t, []brief{{6 * time.Second, "quiet", 1}, {16 * time.Second, "quiet", 1}}, h.briefs())
	h.sendTraces(span(2, 2, "pay", 0, failed))
	h.sendTraces(span(3, 1, "pay", 0, failed))
	h.advance(0)
	assert.Equal(t, brief{20 * time.Second, "eviction", 2}, h.briefs()[2])
}

// TestSendingFails: pauses grow, windows are released, nothing is lost.
func TestSendingFails(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.sink.fail = errDown
	h.advance(6*time.Second + 500*time.Millisecond)
	require.Equal(t, 1, h.sink.calls)
	first, err := h.coordinator.Debounce(t.Context(), "", traceIDKey(1), time.Minute)
	require.NoError(t, err)
	require.True(t, first, "another replica may report")
	require.NoError(t, h.coordinator.Release(t.Context(), "", traceIDKey(1)))

	h.advance(30 * time.Second) // 6, 7, 9, 13, 21, 37
	assert.Equal(t, 5, h.sink.calls)
	h.sendTraces(span(1, 2, "pay", 0, failed))
	h.sink.fail = nil
	h.advance(long)
	require.Len(t, h.sink.got(), 1)
	assert.EqualValues(t, 2, h.sink.got()[0].count())
	assert.Equal(t, 1, h.observed.FilterLevelExact(zap.WarnLevel).Len(), "said once")
	metadatatest.AssertEqualTraceCorrelationReportsFailed(t, h.telemetry,
		[]metricdata.DataPoint[int64]{{Value: 5}}, metricdatatest.IgnoreTimestamp())
}

func TestEvictedReportsAreRetried(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.MaxGroups = 1 })
	h.sink.fail = errDown
	for i := range byte(3) {
		h.sendTraces(span(1+i, 1, "pay", 0, failed))
	}
	h.advance(time.Second - 1)
	require.Equal(t, 1, h.sink.calls)
	h.sink.fail = nil
	h.advance(long)
	assert.Len(t, h.sink.got(), 3)
}

func TestRefusedReportsAreDropped(t *testing.T) {
	h := newHarness(t, nil)
	h.sink.fail = consumererror.NewPermanent(errDown)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(long)
	assert.Equal(t, 1, h.sink.calls, "never tried again")
	metadatatest.AssertEqualTraceCorrelationReportsDropped(t, h.telemetry,
		[]metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
}

// TestNotPassedOn: what the next consumer refuses comes again, so it is not counted.
func TestNotPassedOn(t *testing.T) {
	h := newHarness(t, nil)
	h.traces.next = consumertest.NewErr(errDown)
	h.sink.fail = errDown
	require.ErrorIs(t, h.traces.ConsumeTraces(t.Context(), span(1, 1, "pay", 0, failed)), errDown)
	require.ErrorIs(t, h.logs.ConsumeLogs(t.Context(), logLine(1, 1, "pay", "x")), errDown)
	assert.Zero(t, h.held.Load())
}

// TestForgedReports pass through untouched and count as nothing, not even as a signal of the trace.
func TestForgedReports(t *testing.T) {
	h := newHarness(t, nil)
	forged := logLine(1, 1, "pay", "x", func(l plog.LogRecord) {
		l.SetEventName("prodsentinel.failure")
		l.Attributes().PutStr("exception.type", "a.B")
	})
	same := plog.NewLogs()
	forged.CopyTo(same)
	h.sendLogs(forged)
	require.Len(t, h.sink.others, 1)
	assert.Equal(t, same, h.sink.others[0])
	assert.Zero(t, h.held.Load())

	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(5 * time.Second)
	h.sendLogs(forged)
	h.advance(long)
	assert.Equal(t, []brief{{6 * time.Second, "quiet", 1}}, h.briefs())
}

func TestSignalsPassUnchanged(t *testing.T) {
	h := newHarness(t, nil)
	td, same := span(1, 1, "pay", 0, failed, exception("a.B", "m")), ptrace.NewTraces()
	td.CopyTo(same)
	h.sendTraces(td)
	assert.Equal(t, []ptrace.Traces{same}, h.spans.AllTraces())
	assert.False(t, h.traces.Capabilities().MutatesData)
	assert.False(t, h.logs.Capabilities().MutatesData)
}

// TestReportsKeepTheCaller: a report is sent in the name of who sent the first error; reports of
// one caller leave together, whatever its address.
func TestReportsKeepTheCaller(t *testing.T) {
	h := newHarness(t, nil)
	as := func(tenant string) context.Context {
		return client.NewContext(t.Context(), client.Info{Metadata: client.NewMetadata(map[string][]string{"x-tenant": {tenant}})})
	}
	h.sendTracesAs(as("a"), span(1, 1, "pay", 0, failed))
	h.sendTracesAs(as("b"), span(1, 2, "pay", 0, failed))
	h.sendTracesAs(as("b"), span(2, 1, "pay", 0, failed))
	h.sendTracesAs(as("a"), span(3, 1, "pay", 0, failed))
	h.advance(long)
	got := map[string][]string{}
	for _, r := range h.sink.got() {
		tenant := r.client.Metadata.Get("x-tenant")[0]
		got[tenant] = append(got[tenant], r.key())
	}
	assert.ElementsMatch(t, []string{traceIDKey(1), traceIDKey(3)}, got["a"])
	assert.ElementsMatch(t, []string{traceIDKey(2)}, got["b"])
	assert.Equal(t, 2, h.sink.calls)
}

func TestMetrics(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.advance(10 * time.Second)
	h.sendTraces(span(1, 2, "pay", 0, failed))
	ignore := metricdatatest.IgnoreTimestamp()
	one, two := []metricdata.DataPoint[int64]{{Value: 1}}, []metricdata.DataPoint[int64]{{Value: 2}}
	metadatatest.AssertEqualTraceCorrelationErrors(t, h.telemetry, two, ignore)
	metadatatest.AssertEqualTraceCorrelationErrorsDebounced(t, h.telemetry, one, ignore)
	metadatatest.AssertEqualTraceCorrelationGroups(t, h.telemetry, one, ignore)
}

// TestReportsAreCompleteAndFew: whatever the order and time of errors, each is reported, none
// later than it may be, and two reports of one trace are a window apart.
func TestReportsAreCompleteAndFew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHarness(t, nil)
		cfg := h.config
		sent := map[string]int64{}
		firstAt := map[string]time.Duration{}
		for i := range rapid.IntRange(1, 40).Draw(rt, "signals") {
			trace := rapid.ByteRange(1, 3).Draw(rt, "trace")
			if rapid.Bool().Draw(rt, "failed") {
				h.sendTraces(span(trace, i, "pay", 0, failed))
				key := traceIDKey(trace)
				sent[key]++
				if _, known := firstAt[key]; !known {
					firstAt[key] = h.clock.Now().Sub(start)
				}
			} else {
				h.sendTraces(span(trace, i, "pay", 0))
			}
			h.advance(time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "pause")) * time.Millisecond)
		}
		h.advance(long)
		last := map[string]received{}
		counted := map[string]int64{}
		for _, r := range h.sink.got() {
			previous, again := last[r.key()]
			if !again {
				require.LessOrEqual(rt, r.at-firstAt[r.key()], cfg.MaxWait)
			} else {
				require.GreaterOrEqual(rt, r.at-previous.at, cfg.DebounceWindow)
			}
			if r.reason() == "debounce_window" {
				counted[r.key()] += r.count() - previous.count()
			} else {
				counted[r.key()] += r.count()
			}
			last[r.key()] = r
		}
		require.Equal(rt, sent, counted)
		require.Zero(rt, h.held.Load())
	})
}

func traceIDKey(n byte) string { return traceID(n).String() }
