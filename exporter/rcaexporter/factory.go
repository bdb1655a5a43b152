package rcaexporter

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter/internal/metadata"
)

// NewFactory returns the factory of the rca exporter. The traces, logs and metrics exporters of
// one component id are one instance.
func NewFactory() exporter.Factory {
	f := &factory{instances: make(map[*Config]*shared)}
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithTraces(f.createTraces, metadata.TracesStability),
		exporter.WithLogs(f.createLogs, metadata.LogsStability),
		exporter.WithMetrics(f.createMetrics, metadata.MetricsStability),
	)
}

// factory knows its instances by configuration: the collector gives all signals of one component
// id the same pointer.
type factory struct {
	mu        sync.Mutex
	instances map[*Config]*shared
}

func (f *factory) createTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	s, err := f.instance(set, cfg.(*Config)) //nolint:contextcheck // clients live longer than this call
	if err != nil {
		return nil, err
	}
	return exporterhelper.NewTraces(ctx, set, cfg, s.exporter.consumeTraces, s.options()...)
}

func (f *factory) createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	s, err := f.instance(set, cfg.(*Config)) //nolint:contextcheck // clients live longer than this call
	if err != nil {
		return nil, err
	}
	return exporterhelper.NewLogs(ctx, set, cfg, s.exporter.consumeLogs, s.options()...)
}

func (f *factory) createMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	s, err := f.instance(set, cfg.(*Config)) //nolint:contextcheck // clients live longer than this call
	if err != nil {
		return nil, err
	}
	return exporterhelper.NewMetrics(ctx, set, cfg, s.exporter.consumeMetrics, s.options()...)
}

func (f *factory) instance(set exporter.Settings, config *Config) (*shared, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, known := f.instances[config]; known {
		return s, nil
	}
	e, err := newExporter(set, config)
	if err != nil {
		return nil, err
	}
	s := &shared{exporter: e, forget: func() { f.forget(config) }}
	f.instances[config] = s
	return s, nil
}

func (f *factory) forget(config *Config) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.instances, config)
}

// shared starts one exporter with the first of its signals and stops it with the last, whatever
// order the collector starts and stops them in.
type shared struct {
	exporter *rcaExporter
	forget   func()

	mu    sync.Mutex
	users int
}

// options: success must mean stored, so there is no queue, and commits have a time limit of
// their own.
func (s *shared) options() []exporterhelper.Option {
	return []exporterhelper.Option{
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithStart(s.start),
		exporterhelper.WithShutdown(s.shutdown),
	}
}

func (s *shared) start(ctx context.Context, host component.Host) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exporter.health.add(host)
	if s.users == 0 {
		if err := s.exporter.start(ctx, host); err != nil {
			return err
		}
	}
	s.users++
	return nil
}

func (s *shared) shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		s.forget()
		return nil
	}
	if s.users--; s.users > 0 {
		return nil
	}
	s.forget()
	return s.exporter.shutdown(ctx)
}
