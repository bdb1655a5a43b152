package signalstoreextension

import (
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Get finds the store of the signal_store extension of that ID. Callers use it in Start and name
// the extension in their Dependencies, so that it has started.
func Get(host component.Host, id component.ID) (store.Store, error) {
	found, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("no extension %q: configure a signal_store extension under this ID and list it in service::extensions", id)
	}
	owner, ok := found.(interface{ Store() store.Store })
	if !ok {
		return nil, fmt.Errorf("extension %q owns no store: name a signal_store extension", id)
	}
	s := owner.Store()
	if s == nil {
		return nil, fmt.Errorf("extension %q has not started: list it in service::extensions", id)
	}
	return s, nil
}
