package signalstoreextension

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

const (
	retentionInterval = time.Hour
	retryInterval     = time.Minute
)

// Extension owns a store between Start and Shutdown.
type Extension struct {
	config    *Config
	settings  extension.Settings
	store     store.Store
	telemetry *metadata.TelemetryBuilder
	stop      context.CancelFunc
	stopped   chan struct{}
}

// Start opens the store and begins to drop what is too old.
func (e *Extension) Start(ctx context.Context, host component.Host) error {
	opened, err := sqlite.Open(ctx, e.config.SQLite.Path, sqlite.Options{})
	if err != nil {
		return err
	}
	e.store = opened
	if err := e.measure(); err != nil {
		return errors.Join(err, opened.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop, e.stopped = stop, make(chan struct{})
	go func() {
		defer close(e.stopped)
		e.retain(running, host)
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
	return store.Retention{Signals: e.config.Retention.Signals, Incidents: e.config.Retention.Incidents}
}

// measure reports the size of the store whenever metrics are collected.
func (e *Extension) measure() error {
	telemetry, err := metadata.NewTelemetryBuilder(e.settings.TelemetrySettings)
	if err != nil {
		return err
	}
	e.telemetry = telemetry
	return telemetry.RegisterSignalStoreSizeCallback(func(ctx context.Context, o metric.Int64Observer) error {
		status, err := e.store.Status(ctx)
		if err != nil {
			return err
		}
		o.Observe(status.SizeBytes)
		return nil
	})
}

// retain drops what is too old, now and every hour; while the store is unavailable, every minute.
func (e *Extension) retain(ctx context.Context, host component.Host) {
	healthy := true
	for {
		next := retentionInterval
		switch dropped, err := e.store.Retain(ctx, e.Retention(), time.Now()); {
		case ctx.Err() != nil:
			return
		case err != nil:
			e.settings.Logger.Warn("cannot drop what is too old; trying again", zap.Error(err))
			componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(err))
			healthy, next = false, retryInterval
		default:
			e.settings.Logger.Debug("dropped what is too old", zap.Int("tables_and_rows", dropped))
			if !healthy {
				componentstatus.ReportStatus(host, componentstatus.NewEvent(componentstatus.StatusOK))
			}
			healthy = true
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}
