package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// Events hands announced changes to every open stream. A stream that does not keep up is told to
// reload instead of holding up the others.
type Events struct {
	heartbeat time.Duration
	max       int

	mu      sync.Mutex
	clients map[*client]bool
	closed  bool
	seq     uint64
}

type client struct {
	tenant  string
	changes chan event
	missed  bool // guarded by Events.mu
}

type event struct {
	seq    uint64
	change coordination.Change
}

const (
	// clientBuffer is how many changes wait for a slow stream.
	clientBuffer = 64
	// streamWriteTimeout bounds one write to a stream.
	streamWriteTimeout = 10 * time.Second
	subscribeRetry     = 2 * time.Second
)

// NewEvents makes a hub for at most so many streams, which are kept alive by heartbeats.
func NewEvents(maxStreams int, heartbeat time.Duration) *Events {
	return &Events{heartbeat: heartbeat, max: maxStreams, clients: map[*client]bool{}}
}

// Run passes on what the coordinator announces until the context ends, then ends all streams.
// It subscribes again when the subscription is lost.
func (e *Events) Run(ctx context.Context, subscribe func(context.Context) (<-chan coordination.Change, error)) {
	defer e.close()
	for ctx.Err() == nil {
		if changes, err := subscribe(ctx); err == nil {
			for c := range changes {
				if c == (coordination.Change{}) {
					e.markMissed()
					continue
				}
				e.publish(c)
			}
			e.markMissed()
		}
		select {
		case <-ctx.Done():
		case <-time.After(subscribeRetry):
		}
	}
}

func (e *Events) publish(c coordination.Change) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq++
	for cl := range e.clients {
		if cl.tenant != c.Tenant {
			continue
		}
		select {
		case cl.changes <- event{seq: e.seq, change: c}:
		default:
			cl.missed = true
		}
	}
}

func (e *Events) markMissed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for cl := range e.clients {
		cl.missed = true
	}
}

// Count is the number of open streams.
func (e *Events) Count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.clients)
}

func (e *Events) add(tenant string) (*client, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.clients) >= e.max {
		return nil, false
	}
	c := &client{tenant: tenant, changes: make(chan event, clientBuffer)}
	e.clients[c] = true
	return c, true
}

func (e *Events) remove(c *client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.clients, c)
}

// takeMissed tells once that changes were missed.
func (e *Events) takeMissed(c *client) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	missed := c.missed
	c.missed = false
	return missed
}

func (e *Events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for c := range e.clients {
		close(c.changes)
	}
	clear(e.clients)
}

func (a *API) stream(w http.ResponseWriter, r *http.Request, _ *query) error {
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return nil
	}
	c, ok := a.events.add(Tenant)
	if !ok {
		p := Problemf(http.StatusServiceUnavailable, "too many open streams; poll the listings instead")
		p.retryAfter = 30
		return p
	}
	defer a.events.remove(c)

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if err := unhurried(w); err != nil {
		return err
	}
	out := streamWriter{w: w, control: http.NewResponseController(w)}
	// An error means that the client is gone: nobody is left to tell.
	_ = a.events.serve(r.Context(), out, c, r.Header.Get("Last-Event-ID") != "")
	return nil
}

// serve writes to one stream until the client leaves or the hub closes.
func (e *Events) serve(ctx context.Context, out streamWriter, c *client, resumed bool) error {
	greeting := "retry: 2000\n: connected\n\n"
	if resumed {
		greeting = "retry: 2000\nevent: reload\ndata: {}\n\n"
	}
	if err := out.write(greeting); err != nil {
		return err
	}
	beat := time.NewTicker(e.heartbeat)
	defer beat.Stop()
	for {
		text := ": heartbeat\n\n"
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev, open := <-c.changes:
			if !open {
				return nil
			}
			text = ev.text()
		case <-beat.C:
		}
		if e.takeMissed(c) {
			text += "event: reload\ndata: {}\n\n"
		}
		if err := out.write(text); err != nil {
			return err
		}
	}
}

func (ev event) text() string {
	data, err := json.Marshal(struct {
		IncidentID string `json:"incident_id"`
	}{ev.change.IncidentID})
	if err != nil {
		panic("a string cannot fail to be JSON: " + err.Error())
	}
	return fmt.Sprintf("id: %d\nevent: incident\ndata: %s\n\n", ev.seq, data)
}

// streamWriter writes and flushes, each time with a deadline of its own.
type streamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s streamWriter) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWriteTimeout)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
