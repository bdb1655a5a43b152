package coordinationextension

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

type coordinationExtension struct {
	set         component.TelemetrySettings
	coordinator coordination.Coordinator
	connect     func(context.Context) // nil where there is nothing to connect to
	host        component.Host
	telemetry   *metadata.TelemetryBuilder
}

// Coordinator returns the coordinator; it is usable from the extension's creation to its shutdown.
func (e *coordinationExtension) Coordinator() coordination.Coordinator { return e.coordinator }

// Start connects. It succeeds without the server too: this process then coordinates for itself.
func (e *coordinationExtension) Start(ctx context.Context, host component.Host) error {
	e.host = host
	if err := e.measure(); err != nil {
		return fmt.Errorf("coordination extension: %w", err)
	}
	if e.connect != nil {
		e.connect(ctx)
	}
	return nil
}

// Shutdown closes the coordinator.
func (e *coordinationExtension) Shutdown(context.Context) error {
	if e.telemetry != nil {
		e.telemetry.Shutdown()
	}
	return e.coordinator.Close()
}

// changed tells the log and the health when coordination is shared no more, and when it is again.
func (e *coordinationExtension) changed(problem string) {
	if problem == "" {
		e.set.Logger.Info("Coordination is shared again")
		componentstatus.ReportStatus(e.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	e.set.Logger.Warn("Coordination is not shared; each process coordinates for itself until that recovers", zap.String("problem", problem))
	componentstatus.ReportStatus(e.host, componentstatus.NewRecoverableErrorEvent(errors.New(problem)))
}

// measure reports the state of coordination whenever metrics are collected.
func (e *coordinationExtension) measure() error {
	telemetry, err := metadata.NewTelemetryBuilder(e.set)
	if err != nil {
		return err
	}
	e.telemetry = telemetry
	return errors.Join(
		telemetry.RegisterCoordinationQueuedCallback(func(ctx context.Context, o metric.Int64Observer) error {
			for q, n := range e.coordinator.Status(ctx).Queued {
				o.Observe(n, metric.WithAttributes(attribute.String("queue", string(q))))
			}
			return nil
		}),
		telemetry.RegisterCoordinationSharedCallback(func(ctx context.Context, o metric.Int64Observer) error {
			var shared int64
			if e.coordinator.Status(ctx).Shared {
				shared = 1
			}
			o.Observe(shared)
			return nil
		}),
	)
}

// Get returns the coordinator of the coordination extension of that ID.
func Get(host component.Host, id component.ID) (coordination.Coordinator, error) {
	found, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("there is no extension %q; add it under extensions and service::extensions", id)
	}
	owner, ok := found.(interface {
		Coordinator() coordination.Coordinator
	})
	if !ok {
		return nil, fmt.Errorf("extension %q is no coordination extension", id)
	}
	return owner.Coordinator(), nil
}
