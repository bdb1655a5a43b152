// Package tracecorrelationprocessor spots error signals, groups them by trace and reports each
// failing trace once it is quiet. It passes every signal on at once and unchanged, and holds no
// telemetry: only counts and short summaries of failing traces. What it reports is a hint; the
// store is the truth.
package tracecorrelationprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"

	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

// NewFactory makes trace_correlation processors. All pipelines of one component ID share their
// state.
func NewFactory() processor.Factory {
	f := &factory{correlators: map[*Config]*correlator{}}
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithTraces(f.createTraces, metadata.TracesStability),
		processor.WithLogs(f.createLogs, metadata.LogsStability))
}

// factory knows its correlators by configuration: the collector gives all pipelines of one
// component ID the same pointer.
type factory struct {
	mu          sync.Mutex
	correlators map[*Config]*correlator
}

func (f *factory) createTraces(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	c, err := f.correlator(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	n := &tracesNode{correlator: c, next: next}
	c.join(n, set.Logger)
	return n, nil
}

func (f *factory) createLogs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	c, err := f.correlator(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	n := &logsNode{correlator: c, next: next}
	c.join(n, set.Logger)
	return n, nil
}

func (f *factory) correlator(set processor.Settings, cfg *Config) (*correlator, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, known := f.correlators[cfg]; known {
		return c, nil
	}
	c, err := newCorrelator(cfg, set.TelemetrySettings, time.Now)
	if err != nil {
		return nil, err
	}
	c.forget = func() { f.forget(cfg) }
	f.correlators[cfg] = c
	return c, nil
}

func (f *factory) forget(cfg *Config) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.correlators, cfg)
}
