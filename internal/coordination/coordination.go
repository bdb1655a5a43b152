// Package coordination is the contract of what replicas share besides the store: the debounce of
// failing traces, wake-ups of workers and announcements to live pages. Everything in it is a
// hint; the store is the truth.
package coordination

import (
	"context"
	"io"
	"time"
)

// Queue names one kind of work.
type Queue string

// The queues.
const (
	QueueFailures  Queue = "failures"  // a failure is waiting
	QueueIncidents Queue = "incidents" // an incident wants analysis
)

// Change announces that an incident changed.
type Change struct {
	Tenant     string `json:"tenant"`
	IncidentID string `json:"incident_id"`
}

// Coordinator is implemented by every backend; all methods are safe for concurrent use.
type Coordinator interface {
	// Debounce tells whether this is the first call for the key within the window; it opens the
	// window if so.
	Debounce(ctx context.Context, tenant, key string, window time.Duration) (first bool, err error)
	// Release closes the key's window early, so that the next Debounce is first again.
	Release(ctx context.Context, tenant, key string) error
	// Wake tells one waiting worker that there is work. It never blocks on a slow worker and may
	// drop wake-ups beyond a bound: workers also look by themselves.
	Wake(ctx context.Context, q Queue) error
	// Wait returns nil when work was announced on the queue or the timeout passed, and the
	// context's error when it ended.
	Wait(ctx context.Context, q Queue, timeout time.Duration) error
	// Announce tells all subscribers that an incident changed.
	Announce(ctx context.Context, c Change) error
	// Subscribe delivers changes until the context ends, then closes the channel. A subscriber
	// that does not keep up misses changes.
	Subscribe(ctx context.Context) (<-chan Change, error)
	// Status tells what GET /query/status shows; it never blocks on a backend out of reach for
	// longer than ctx.
	Status(ctx context.Context) Status
	io.Closer
}

// Status is the state of coordination.
type Status struct {
	Backend string `json:"backend"` // memory or redis
	// Shared tells whether replicas share it now. Without its server each coordinates for itself.
	Shared bool `json:"shared"`
	// Problem is why it is not shared though it should be; it holds no secret.
	Problem string `json:"problem,omitempty"`
	// Queued is the number of wake-ups nobody has taken yet, per queue.
	Queued map[Queue]int64 `json:"queued,omitempty"`
}
