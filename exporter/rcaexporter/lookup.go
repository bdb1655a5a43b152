package rcaexporter

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func storeOf(host component.Host, id component.ID) (store.Store, error) {
	owner, ok := host.GetExtensions()[id].(interface{ Store() store.Store })
	if !ok {
		return nil, fmt.Errorf("%s is no running signal_store extension", id)
	}
	return owner.Store(), nil
}

func coordinatorOf(host component.Host, id component.ID) (coordination.Coordinator, error) {
	owner, ok := host.GetExtensions()[id].(interface {
		Coordinator() coordination.Coordinator
	})
	if !ok {
		return nil, fmt.Errorf("%s is no running coordination extension", id)
	}
	return owner.Coordinator(), nil
}
