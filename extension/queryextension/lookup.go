package queryextension

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// findStore finds the store owned by the signal_store extension of that ID.
func findStore(host component.Host, id component.ID) (store.Store, error) {
	owner, ok := host.GetExtensions()[id].(interface{ Store() store.Store })
	if !ok {
		return nil, fmt.Errorf("%s is no running signal_store extension", id)
	}
	return owner.Store(), nil
}

// findCoordinator finds the coordinator owned by the coordination extension of that ID.
func findCoordinator(host component.Host, id component.ID) (coordination.Coordinator, error) {
	owner, ok := host.GetExtensions()[id].(interface {
		Coordinator() coordination.Coordinator
	})
	if !ok {
		return nil, fmt.Errorf("%s is no running coordination extension", id)
	}
	return owner.Coordinator(), nil
}

// backendOf names the coordinator's backend.
func backendOf(c coordination.Coordinator) string {
	if named, ok := c.(interface{ Backend() string }); ok {
		return named.Backend()
	}
	return "memory"
}
