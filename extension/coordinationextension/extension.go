package coordinationextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

type coordinationExtension struct{ coordinator coordination.Coordinator }

// Coordinator returns the coordinator; it is usable from the extension's creation to its shutdown.
func (e *coordinationExtension) Coordinator() coordination.Coordinator { return e.coordinator }

// Start has nothing to do.
func (e *coordinationExtension) Start(context.Context, component.Host) error { return nil }

// Shutdown closes the coordinator.
func (e *coordinationExtension) Shutdown(context.Context) error { return e.coordinator.Close() }

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
