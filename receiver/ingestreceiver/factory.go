package ingestreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
)

// NewFactory returns the factory of the ingest receiver. The logs, traces and metrics receivers of
// one component id share one server.
func NewFactory() receiver.Factory {
	f := &factory{servers: map[*Config]*server{}}
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(f.createLogs, metadata.LogsStability),
		receiver.WithTraces(f.createTraces, metadata.TracesStability),
		receiver.WithMetrics(f.createMetrics, metadata.MetricsStability),
	)
}

// factory knows its servers by configuration: the collector gives all signals of one component id
// the same pointer.
type factory struct {
	mu      sync.Mutex
	servers map[*Config]*server
}

func (f *factory) createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	s, err := f.server(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	s.nextLogs = next
	return s, nil
}

func (f *factory) createTraces(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
	s, err := f.server(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	s.nextTraces = next
	return s, nil
}

func (f *factory) createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	s, err := f.server(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	s.nextMetrics = next
	return s, nil
}

func (f *factory) server(set receiver.Settings, config *Config) (*server, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, known := f.servers[config]; known {
		return s, nil
	}
	s, err := newServer(set, config)
	if err != nil {
		return nil, err
	}
	s.forget = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.servers, config)
	}
	f.servers[config] = s
	return s, nil
}
