package signalstoreextension

import (
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// health reports what is wrong with the store and with retention: recoverable while anything is, OK when
// nothing is any more.
type health struct {
	log *zap.Logger

	mu        sync.Mutex
	host      component.Host // nil before Start
	condition error
	retention error
	reported  bool // that something is wrong
}

// start begins to report to a host.
func (h *health) start(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host = host
	h.report()
}

// conditionChanged is for the store to tell of its condition.
func (h *health) conditionChanged(c store.Condition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch c.State {
	case store.StateOK:
		h.condition = nil
		h.log.Info("the store works again")
	default:
		h.condition = errors.New(c.Problem)
		h.log.Error("the store cannot do all it should", zap.String("state", string(c.State)), zap.String("problem", c.Problem))
	}
	h.report()
}

// retentionFailed notes how a retention went.
func (h *health) retentionFailed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.retention = err
	h.report()
}

func (h *health) report() {
	if h.host == nil {
		return
	}
	wrong := errors.Join(h.condition, h.retention)
	switch {
	case wrong != nil:
		componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(wrong))
	case h.reported:
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	h.reported = wrong != nil
}
