package tracecorrelationprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
)

// tracesNode is the processor in one traces pipeline.
type tracesNode struct {
	correlator *correlator
	next       consumer.Traces
}

var _ processor.Traces = (*tracesNode)(nil)

func (*tracesNode) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

func (n *tracesNode) Start(context.Context, component.Host) error { return n.correlator.check() }

func (n *tracesNode) Shutdown(context.Context) error {
	n.correlator.leave(n)
	return nil
}

// ConsumeTraces looks at the spans, passes them on, and counts what it saw once that succeeded.
// It looks first because they are the next consumer's afterwards.
func (n *tracesNode) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	seen := n.correlator.lookAtTraces(ctx, td)
	if err := n.next.ConsumeTraces(ctx, td); err != nil {
		return err
	}
	n.correlator.count(ctx, seen)
	return nil
}

// logsNode is the processor in the one logs pipeline, down which the reports leave.
type logsNode struct {
	correlator *correlator
	next       consumer.Logs
}

var _ processor.Logs = (*logsNode)(nil)

func (*logsNode) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start also starts the reporting: what is down this pipeline has started.
func (n *logsNode) Start(ctx context.Context, host component.Host) error {
	if err := n.correlator.check(); err != nil {
		return err
	}
	return n.correlator.start(ctx, host, n.next)
}

// Shutdown sends what is left, as far as the context allows: what is down this pipeline still
// runs.
func (n *logsNode) Shutdown(ctx context.Context) error {
	n.correlator.stop(ctx)
	n.correlator.leave(n)
	return nil
}

// ConsumeLogs does as ConsumeTraces.
func (n *logsNode) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	seen := n.correlator.lookAtLogs(ctx, ld)
	if err := n.next.ConsumeLogs(ctx, ld); err != nil {
		return err
	}
	n.correlator.count(ctx, seen)
	return nil
}
