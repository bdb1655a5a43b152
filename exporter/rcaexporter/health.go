package rcaexporter

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// problem names one thing that can be wrong; each is reported until it is over.
type problem string

const (
	problemStore      problem = "store"
	problemConditions problem = "conditions"
)

// problemOfWorker is that of one of the workers' loops.
func problemOfWorker(loop string) problem { return problem("worker " + loop) }

// health reports the component's problems to every host it runs on: recoverable while there is
// one, OK when the last is over.
type health struct {
	mu       sync.Mutex
	hosts    []component.Host
	problems map[problem]error
}

func (h *health) add(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
}

// set records that a problem exists, or with nil that it does not, and reports whether that is news.
func (h *health) set(p problem, err error) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.problems[p]; known == (err != nil) {
		return false
	}
	if h.problems == nil {
		h.problems = make(map[problem]error)
	}
	if err != nil {
		h.problems[p] = err
	} else {
		delete(h.problems, p)
	}
	event := componentstatus.NewEvent(componentstatus.StatusOK)
	if len(h.problems) > 0 {
		event = componentstatus.NewRecoverableErrorEvent(h.joined())
	}
	for _, host := range h.hosts {
		componentstatus.ReportStatus(host, event)
	}
	return true
}

// joined says each problem once, however many workers have it.
func (h *health) joined() error {
	var all []error
	for _, p := range slices.Sorted(maps.Keys(h.problems)) {
		err := h.problems[p]
		if !slices.ContainsFunc(all, func(said error) bool { return said.Error() == err.Error() }) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}
