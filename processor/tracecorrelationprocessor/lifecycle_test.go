package tracecorrelationprocessor

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

const soon = 10 * time.Second

// host has the coordination extension.
type host struct {
	component.Host
	coordinator coordination.Coordinator
}

func (h host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("coordination"): h}
}

func (h host) Coordinator() coordination.Coordinator                    { return h.coordinator }
func (h host) Start(context.Context, component.Host) error              { return nil }
func (h host) Shutdown(context.Context) error                           { return nil }
func newHost() host                                                     { return host{coordinator: memory.New(memory.Options{})} }
func settings() processor.Settings                                      { return processortest.NewNopSettings(metadata.Type) }
func withLogger(s processor.Settings, l *zap.Logger) processor.Settings { s.Logger = l; return s }

// pipelines are one traces and one logs pipeline with the processor, made as the collector does.
type pipelines struct {
	traces processor.Traces
	logs   processor.Logs
	sink   *reportSink
}

func newPipelines(t *testing.T, change func(*Config)) pipelines {
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig().(*Config)
	change(cfg)
	sink := &reportSink{clock: time.Now}
	traces, err := factory.CreateTraces(t.Context(), settings(), cfg, consumertest.NewNop())
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), settings(), cfg, sink)
	require.NoError(t, err)
	return pipelines{traces, logs, sink}
}

func (p pipelines) start(t *testing.T) {
	h := newHost()
	require.NoError(t, p.traces.Start(t.Context(), h))
	require.NoError(t, p.logs.Start(t.Context(), h))
}

func (p pipelines) stop(t *testing.T) {
	require.NoError(t, p.traces.Shutdown(t.Context()))
	require.NoError(t, p.logs.Shutdown(t.Context()))
}

// TestReportsByItself runs the real loop: traces and logs pipelines share one group.
func TestReportsByItself(t *testing.T) {
	p := newPipelines(t, func(c *Config) { c.QuietPeriod, c.MaxWait, c.DebounceWindow = 10*time.Millisecond, soon, soon })
	p.start(t)
	defer p.stop(t)
	for trace := range byte(2) { // the second finds the loop idle
		require.NoError(t, p.traces.ConsumeTraces(t.Context(), span(1+trace, 1, "pay", 0, failed)))
		require.NoError(t, p.logs.ConsumeLogs(t.Context(), logLine(1+trace, 1, "pay", "x")))
		require.Eventually(t, func() bool { return len(p.sink.got()) == 1+int(trace) }, soon, time.Millisecond)
		assert.Equal(t, traceIDKey(1+trace), p.sink.got()[trace].key())
		assert.Equal(t, "quiet", p.sink.got()[trace].reason())
	}
}

// TestDrain: whatever stops first, the logs pipeline sends what is left.
func TestDrain(t *testing.T) {
	for name, stop := range map[string]func(pipelines, *testing.T){
		"traces first": func(p pipelines, t *testing.T) {
			require.NoError(t, p.traces.Shutdown(t.Context()))
			require.NoError(t, p.logs.Shutdown(t.Context()))
		},
		"logs first": func(p pipelines, t *testing.T) {
			require.NoError(t, p.logs.Shutdown(t.Context()))
			require.NoError(t, p.traces.ConsumeTraces(t.Context(), span(9, 1, "late", 0, failed)))
			require.NoError(t, p.traces.Shutdown(t.Context()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipelines(t, func(*Config) {})
			p.start(t)
			require.NoError(t, p.traces.ConsumeTraces(t.Context(), span(1, 1, "pay", 0, failed)))
			require.NoError(t, p.logs.ConsumeLogs(t.Context(), logLine(2, 1, "pay", "x")))
			stop(p, t)
			require.Len(t, p.sink.got(), 2)
			for _, r := range p.sink.got() {
				assert.Equal(t, "shutdown", r.reason())
			}
		})
	}
}

func TestDrainAfterReport(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.sendTraces(span(2, 1, "pay", 0, failed))
	h.advance(10 * time.Second)
	h.sendTraces(span(2, 2, "pay", 0, failed))
	h.reporter.drain(t.Context())
	require.Len(t, h.briefs(), 3)
	assert.Equal(t, brief{10 * time.Second, "shutdown", 2}, h.briefs()[2], "only what is not reported yet")
	assert.Zero(t, h.held.Load())
}

func TestDrainFails(t *testing.T) {
	h := newHarness(t, nil)
	h.sendTraces(span(1, 1, "pay", 0, failed))
	h.sink.fail = errDown
	h.reporter.drain(t.Context())
	assert.Equal(t, 1, h.sink.calls)
	assert.Zero(t, h.held.Load())
	assert.Equal(t, 1, h.observed.FilterLevelExact(zap.WarnLevel).Len())
	first, err := h.coordinator.Debounce(t.Context(), "", traceIDKey(1), time.Minute)
	require.NoError(t, err)
	assert.True(t, first, "released, so that another replica may report")
}

// TestDrainEndsWithItsContext: a consumer that hangs does not keep the collector from stopping.
func TestDrainEndsWithItsContext(t *testing.T) {
	p := newPipelines(t, func(*Config) {})
	p.logs.(*logsNode).next = hanging{}
	p.start(t)
	require.NoError(t, p.traces.ConsumeTraces(t.Context(), span(1, 1, "pay", 0, failed)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.logs.Shutdown(ctx))
	require.NoError(t, p.traces.Shutdown(ctx))
}

// hanging consumes until its context ends.
type hanging struct{}

func (hanging) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (hanging) ConsumeLogs(ctx context.Context, _ plog.Logs) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestNeedsOneLogsPipeline(t *testing.T) {
	factory, h := NewFactory(), newHost()
	cfg := factory.CreateDefaultConfig()
	core, observed := observer.New(zap.WarnLevel)
	in := func(pipeline string) processor.Settings {
		return withLogger(settings(), zap.New(core).With(zap.String("otelcol.pipeline.id", pipeline)))
	}
	named := func() map[any]bool {
		pipelines := map[any]bool{}
		for _, entry := range observed.TakeAll() {
			pipelines[entry.ContextMap()["otelcol.pipeline.id"]] = true
		}
		return pipelines
	}
	traces, err := factory.CreateTraces(t.Context(), in("traces"), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, traces.Start(t.Context(), h), "in no logs pipeline")
	assert.Equal(t, map[any]bool{"traces": true}, named())

	nodes := []component.Component{traces}
	for _, pipeline := range []string{"logs/a", "logs/b"} {
		node, err := factory.CreateLogs(t.Context(), in(pipeline), cfg, consumertest.NewNop())
		require.NoError(t, err)
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		require.ErrorContains(t, node.Start(t.Context(), h), "in 2 logs pipelines")
		assert.Equal(t, map[any]bool{"logs/a": true, "logs/b": true}, named())
	}
	for _, node := range nodes {
		require.NoError(t, node.Shutdown(t.Context()))
	}
}

func TestNeedsCoordination(t *testing.T) {
	p := newPipelines(t, func(c *Config) { c.Coordination = component.MustNewID("missing") })
	require.ErrorContains(t, p.logs.Start(t.Context(), newHost()), "coordination: ")
	p.stop(t)
}

// TestSharedByConfig: pipelines of one component ID share state, two IDs do not, and nothing is
// kept after the last pipeline stopped.
func TestSharedByConfig(t *testing.T) {
	f := &factory{correlators: map[*Config]*correlator{}}
	create := func(cfg component.Config) processor.Traces {
		node, err := f.createTraces(t.Context(), settings(), cfg, consumertest.NewNop())
		require.NoError(t, err)
		return node
	}
	one, two := createDefaultConfig(), createDefaultConfig()
	a, b, c := create(one).(*tracesNode), create(one).(*tracesNode), create(two).(*tracesNode)
	assert.Same(t, a.correlator, b.correlator)
	assert.NotSame(t, a.correlator, c.correlator)
	for _, n := range []*tracesNode{a, c, a} {
		require.NoError(t, n.Shutdown(t.Context()))
	}
	assert.Len(t, f.correlators, 1)
	require.NoError(t, b.Shutdown(t.Context()))
	assert.Empty(t, f.correlators)
}

// TestConcurrentPipelines sends from many sides while reports leave; every error is reported.
func TestConcurrentPipelines(t *testing.T) {
	p := newPipelines(t, func(c *Config) {
		c.QuietPeriod, c.MaxWait, c.DebounceWindow, c.MaxGroups = time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 50
	})
	p.start(t)
	const senders, each = 4, 200
	var group sync.WaitGroup
	for sender := range byte(senders) {
		group.Go(func() {
			for i := range byte(each) {
				trace := 1 + (i+sender)%100
				assert.NoError(t, p.traces.ConsumeTraces(t.Context(), span(trace, int(sender)*each+int(i), "pay", 0, failed)))
				assert.NoError(t, p.logs.ConsumeLogs(t.Context(), logLine(trace, int(sender)*each+int(i), "pay", "x")))
				assert.NoError(t, p.traces.ConsumeTraces(t.Context(), span(trace, int(sender)*each+int(i), "pay", 0)))
			}
		})
	}
	group.Wait()
	c := p.logs.(*logsNode).correlator
	p.stop(t)
	assert.Zero(t, c.held.Load())
	reported := map[string]bool{}
	for _, r := range p.sink.got() {
		reported[r.key()] = true
	}
	assert.Len(t, reported, 100)
}

func TestFactory(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, "trace_correlation", factory.Type().String())
	require.NoError(t, componenttest.CheckConfigStruct(factory.CreateDefaultConfig()))
	_, err := factory.CreateMetrics(t.Context(), settings(), factory.CreateDefaultConfig(), consumertest.NewNop())
	require.Error(t, err, "metrics are not its business")
	bad := factory.CreateDefaultConfig().(*Config)
	bad.Errors.Spans = []string{"nonsense =="}
	_, err = factory.CreateTraces(t.Context(), settings(), bad, consumertest.NewNop())
	require.ErrorContains(t, err, "errors::spans[0]")
}
