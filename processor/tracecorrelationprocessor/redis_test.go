package tracecorrelationprocessor

import (
	"encoding/binary"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

func coordinatorOf(t *testing.T, server *servertest.RedisServer) *redis.Coordinator {
	c := redis.New(redis.Options{Addrs: []string{server.Addr}})
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	c.Start(t.Context())
	return c
}

// commands are the calls that a server has had, by command.
func commands(t *testing.T, server *servertest.RedisServer) map[string]int {
	t.Helper()
	info, err := server.Client(nil).Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	calls := map[string]int{}
	for _, m := range regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		calls[m[1]], err = strconv.Atoi(m[2])
		require.NoError(t, err)
	}
	return calls
}

// A failing trace costs one command in Redis, however many errors it has; a few more are about the
// connections.
func TestRedisCommandsPerFailingTrace(t *testing.T) {
	const traces, errors = 10_000, 3
	server := servertest.StartRedis(t)
	h := newReplica(t, &fakeClock{now: start}, coordinatorOf(t, server), nil)
	before := commands(t, server)
	for n := range errors {
		td := ptrace.NewTraces()
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i := range traces {
			s := spans.AppendEmpty()
			id := pcommon.TraceID{1}
			binary.BigEndian.PutUint32(id[12:], uint32(i))
			s.SetTraceID(id)
			s.SetSpanID(spanID(n))
			failed(s)
		}
		h.sendTraces(td)
	}
	h.advance(long)
	require.Len(t, h.sink.got(), traces)
	after := commands(t, server)
	assert.Equal(t, traces, after["set"]-before["set"])
	total := 0
	for name, calls := range after {
		total += calls - before[name]
	}
	assert.Less(t, total, traces+traces/100)
	t.Logf("%d failing traces: %d commands (%v before, %v after)", traces, total, before, after)
}

// While Redis is away each replica debounces its own and says nothing itself: the extension does.
func TestRedisAway(t *testing.T) {
	server := servertest.StartRedis(t)
	clock := &fakeClock{now: start}
	a := newReplica(t, clock, coordinatorOf(t, server), nil)
	b := newReplica(t, clock, coordinatorOf(t, server), nil)
	sendAll := func(trace byte) {
		a.sendTraces(span(trace, 1, "pay", 0, failed))
		b.sendLogs(logLine(trace, 1, "pay", "x"))
	}
	sendAll(1)
	a.advance(10 * time.Second)
	b.advance(10 * time.Second)
	assert.Len(t, a.sink.got(), 1)
	assert.Empty(t, b.sink.got(), "the other has reported it")

	server.Kill()
	sendAll(2)
	a.advance(10 * time.Second)
	b.advance(10 * time.Second)
	assert.Len(t, a.sink.got(), 2)
	require.Len(t, b.sink.got(), 1, "both report what both saw")
	assert.Equal(t, traceIDKey(2), b.sink.got()[0].key())

	server.Start()
	for _, h := range []*harness{a, b} {
		require.Eventually(t, func() bool { return h.coordinator.Status(t.Context()).Shared }, soon, 10*time.Millisecond)
	}
	sendAll(3)
	b.advance(10 * time.Second)
	a.advance(10 * time.Second)
	assert.Len(t, a.sink.got(), 2)
	assert.Len(t, b.sink.got(), 2, "one of them reports")
	assert.Zero(t, a.observed.FilterLevelExact(zap.WarnLevel).Len())
}
