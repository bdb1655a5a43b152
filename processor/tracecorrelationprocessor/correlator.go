package tracecorrelationprocessor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/failure/condition"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

// correlator is the state that all pipelines of one processor share.
type correlator struct {
	config    *Config
	digest    string
	detector  *condition.Detector
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	now       func() time.Time
	forget    func() // called when the last pipeline has left

	shards   []*shard
	perShard int          // groups
	held     atomic.Int64 // groups, so that healthy traffic need not look for its trace in vain

	nodesMu sync.Mutex
	nodes   map[any]*zap.Logger

	reporter *reporter
	// Of the loop that reports; cancel is nil while it does not run.
	cancel context.CancelFunc
	done   chan struct{}
	kick   chan struct{}
	wakeAt atomic.Int64 // when it will look next, in Unix nanoseconds
}

func newCorrelator(cfg *Config, set component.TelemetrySettings, now func() time.Time) (*correlator, error) {
	detector, err := condition.New(cfg.Errors, set)
	if err != nil {
		return nil, fmt.Errorf("errors::%w", err)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, err
	}
	c := &correlator{
		config: cfg, digest: cfg.Errors.Digest(cfg.QuietPeriod, cfg.MaxWait),
		detector: detector, telemetry: telemetry, logger: set.Logger, now: now,
		forget: func() {}, nodes: map[any]*zap.Logger{}, kick: make(chan struct{}, 1),
	}
	n := shardsFor(cfg.MaxGroups)
	c.perShard = max(1, cfg.MaxGroups/n)
	for range n {
		c.shards = append(c.shards, &shard{groups: map[groupKey]*group{}})
	}
	c.reporter = newReporter(c)
	return c, telemetry.RegisterTraceCorrelationGroupsCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(c.held.Load())
		return nil
	})
}

// join and leave keep track of the pipelines. All join before any starts. A node does not know
// the name of its pipeline, but its logger does.
func (c *correlator) join(node any, logger *zap.Logger) {
	c.nodesMu.Lock()
	defer c.nodesMu.Unlock()
	c.nodes[node] = logger
}

func (c *correlator) leave(node any) {
	c.nodesMu.Lock()
	defer c.nodesMu.Unlock()
	if _, joined := c.nodes[node]; !joined {
		return
	}
	delete(c.nodes, node)
	if len(c.nodes) == 0 {
		c.forget()
		c.telemetry.Shutdown()
	}
}

// check refuses anything but exactly one logs pipeline, and lets the log name those at fault.
func (c *correlator) check() error {
	c.nodesMu.Lock()
	defer c.nodesMu.Unlock()
	var traces, logs []*zap.Logger
	for node, logger := range c.nodes {
		if _, ok := node.(*logsNode); ok {
			logs = append(logs, logger)
		} else {
			traces = append(traces, logger)
		}
	}
	switch len(logs) {
	case 1:
		return nil
	case 0:
		for _, l := range traces {
			l.Warn("This traces pipeline has a trace_correlation processor that is in no logs pipeline")
		}
		return errors.New("it is in no logs pipeline: add it to the one down which its failure reports shall leave")
	default:
		for _, l := range logs {
			l.Warn("This logs pipeline is one of several with the same trace_correlation processor")
		}
		return fmt.Errorf("it is in %d logs pipelines (named above), but its failure reports leave down one:"+
			" merge the pipelines, or give each a processor of its own, such as trace_correlation/2", len(logs))
	}
}

// start begins to report down the logs pipeline.
func (c *correlator) start(ctx context.Context, host component.Host, next consumer.Logs) error {
	coordinator, err := coordinationextension.Get(host, c.config.Coordination)
	if err != nil {
		return fmt.Errorf("coordination: %w", err)
	}
	c.attach(coordinator, next)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Start's context ends with Start
	c.cancel, c.done = cancel, make(chan struct{})
	go c.run(ctx)
	return nil
}

func (c *correlator) attach(coordinator coordination.Coordinator, next consumer.Logs) {
	c.reporter.coordinator, c.reporter.next = coordinator, next
}

// run reports what is due until the context ends.
func (c *correlator) run(ctx context.Context) {
	defer close(c.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-c.kick:
		}
		c.wakeAt.Store(math.MaxInt64) // what comes in meanwhile kicks
		next := c.reporter.step(ctx)
		c.wakeAt.Store(next.UnixNano())
		timer.Reset(next.Sub(c.now()))
	}
}

// wake makes the loop look earlier than it would.
func (c *correlator) wake(due time.Time) {
	if due.UnixNano() >= c.wakeAt.Load() {
		return
	}
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// stop ends the reporting and sends what is left, as far as the context allows.
func (c *correlator) stop(ctx context.Context) {
	if c.cancel == nil {
		return
	}
	c.cancel()
	<-c.done
	c.cancel = nil
	c.reporter.drain(ctx)
}

func (c *correlator) shardOf(key groupKey) *shard {
	return c.shards[key.spread()%uint64(len(c.shards))]
}
