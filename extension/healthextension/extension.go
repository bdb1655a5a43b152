package healthextension

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

const (
	// dialInterval and dialPatience let a lost upstream be known within ten seconds.
	dialInterval = 4 * time.Second
	dialPatience = 4 * time.Second
)

// health knows the state of every component of its process.
type health struct {
	addresses []string

	mu        sync.Mutex
	running   bool // from when all pipelines have started until they are stopped
	states    map[componentstatus.InstanceID]state
	upstreams map[string]error

	stop    context.CancelFunc
	dialing sync.WaitGroup
}

// state is what a component said of itself.
type state struct {
	name    string // as "extension signal_store"
	started bool   // it was well once
	err     error  // nil while it is
}

var (
	_ extension.Extension                   = (*health)(nil)
	_ extensionmiddleware.HTTPServer        = (*health)(nil)
	_ extensioncapabilities.PipelineWatcher = (*health)(nil)
	_ componentstatus.Watcher               = (*health)(nil)
)

func newHealth(config *Config) (*health, error) {
	addresses, err := config.addresses()
	return &health{addresses: addresses, states: map[componentstatus.InstanceID]state{}, upstreams: map[string]error{}}, err
}

// Start begins to look after the upstreams.
func (h *health) Start(ctx context.Context, _ component.Host) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // Start's context ends with Start
	h.stop = stop
	for _, address := range h.addresses {
		h.dialing.Go(func() { h.keepDialing(running, address) })
	}
	return nil
}

// Shutdown ends what Start began.
func (h *health) Shutdown(context.Context) error {
	if h.stop != nil {
		h.stop()
	}
	h.dialing.Wait()
	return nil
}

// Ready is called when all pipelines have started, and with them the listeners.
func (h *health) Ready() error { return h.setRunning(true) }

// NotReady is called before they are stopped.
func (h *health) NotReady() error { return h.setRunning(false) }

func (h *health) setRunning(running bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = running
	return nil
}

// ComponentStatusChanged notes what a component says of itself.
func (h *health) ComponentStatusChanged(source *componentstatus.InstanceID, event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.states[*source]
	s.name = strings.ToLower(source.Kind().String()) + " " + source.ComponentID().String()
	switch event.Status() {
	case componentstatus.StatusOK:
		s.started, s.err = true, nil
	case componentstatus.StatusRecoverableError, componentstatus.StatusPermanentError, componentstatus.StatusFatalError:
		s.err = event.Err()
		if s.err == nil {
			s.err = fmt.Errorf("%s without a reason", event.Status())
		}
	default: // it starts or stops
	}
	h.states[*source] = s
}

// keepDialing notes whether an upstream takes connections, until ctx ends.
func (h *health) keepDialing(ctx context.Context, address string) {
	tick := time.NewTicker(dialInterval)
	defer tick.Stop()
	for {
		err := dial(ctx, address)
		if ctx.Err() != nil {
			return
		}
		h.mu.Lock()
		h.upstreams[address] = err
		h.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func dial(ctx context.Context, address string) error {
	bounded, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(bounded, "tcp", address)
	if err != nil {
		return fmt.Errorf("it takes no connection: %w", err)
	}
	return conn.Close()
}

// GetHTTPHandler returns what answers probes, and leaves everything else to the server's own handler.
func (h *health) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return h.handler(next), nil
	}, nil
}
