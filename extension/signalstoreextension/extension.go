package signalstoreextension

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Extension owns a store between Start and Shutdown.
type Extension struct {
	config    *Config
	settings  extension.Settings
	store     store.Store
	telemetry *metadata.TelemetryBuilder
	health    health
	stop      context.CancelFunc
	stopped   chan struct{}
}

// Start opens the store and begins to drop what is too old. A database that cannot be reached is no
// error: the store's calls fail until it can.
func (e *Extension) Start(ctx context.Context, host component.Host) error {
	e.health.log = e.settings.Logger
	opened, err := Open(ctx, e.config, e.settings.Logger, e.health.conditionChanged)
	if err != nil {
		return err
	}
	e.store = opened
	e.health.start(host)
	if aside := opened.Condition().KeptAside; len(aside) > 0 {
		e.settings.Logger.Warn("damaged files are kept aside: `sqlite3 FILE .recover` reads what is intact of them; remove them when they are not needed", zap.Strings("files", aside))
	}
	if err := e.measure(); err != nil {
		return errors.Join(err, opened.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop, e.stopped = stop, make(chan struct{})
	go func() {
		defer close(e.stopped)
		e.retain(running)
	}()
	return nil
}

// Shutdown ends the retention and closes the store, after running calls.
func (e *Extension) Shutdown(context.Context) error {
	if e.stop == nil {
		return nil
	}
	e.stop()
	<-e.stopped
	e.telemetry.Shutdown()
	return e.store.Close()
}

// Store is the open store; nil before Start.
func (e *Extension) Store() store.Store { return e.store }

// Retention is how long the store keeps things.
func (e *Extension) Retention() store.Retention {
	r := e.config.Retention
	return store.Retention{Signals: r.Signals, Incidents: r.Incidents, SignalBytes: int64(r.Size), IncidentBytes: int64(r.IncidentsSize)}
}

// measure reports the sizes whenever metrics are collected.
func (e *Extension) measure() error {
	telemetry, err := metadata.NewTelemetryBuilder(e.settings.TelemetrySettings)
	if err != nil {
		return err
	}
	e.telemetry = telemetry
	sizes := &sizes{store: e.store}
	return errors.Join(
		telemetry.RegisterSignalStoreSizeCallback(sizes.observe(func(o metric.Int64Observer, status store.Status) {
			o.Observe(status.SizeBytes)
		})),
		telemetry.RegisterSignalStoreTableSizeCallback(sizes.observe(func(o metric.Int64Observer, status store.Status) {
			for table, size := range status.Tables {
				o.Observe(size, metric.WithAttributes(attribute.String("table", table)))
			}
		})),
	)
}
