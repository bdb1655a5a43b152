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
	QueueAgents    Queue = "agents"    // an analysis waits for agents
)

// Queues are all queues.
var Queues = []Queue{QueueFailures, QueueIncidents, QueueAgents}

// MaxQueued is how many wake-ups a queue holds; beyond it the oldest are dropped.
const MaxQueued = 1024

// Change announces that an incident changed, or, where it is zero, that such changes may have been missed.
type Change struct {
	Tenant     string `json:"tenant"`
	IncidentID string `json:"incident_id"`
}

// Coordinator is implemented by every backend; all methods are safe for concurrent use. A backend
// that needs a server stands in for it while the server is away: its methods then answer for this
// process alone, and Status says so.
type Coordinator interface {
	// Debounce reports whether this is the first call for the key within the window; it opens the
	// window if so.
	Debounce(ctx context.Context, tenant, key string, window time.Duration) (first bool, err error)
	// DebounceAll is Debounce of each key in turn, with few round trips; firsts has one element
	// per key. On error nothing is known of any key.
	DebounceAll(ctx context.Context, tenant string, keys []string, window time.Duration) (firsts []bool, err error)
	// Release closes early those windows of the keys that this coordinator opened, so that the
	// next Debounce of any coordinator is first again.
	Release(ctx context.Context, tenant string, keys ...string) error
	// Wake puts one wake-up per ID into the queue, each for one waiting worker. It never blocks
	// on a slow worker and may drop wake-ups beyond a bound: workers also look by themselves. The
	// IDs name the work for whoever looks at the queue; one that is queued twice does no harm.
	Wake(ctx context.Context, q Queue, ids ...string) error
	// Wait takes wake-ups from the queue as soon as there are any, oldest first and at most most
	// (at least 1) of them, and returns their IDs; none when the timeout passed. It returns the
	// context's error when that ended first.
	Wait(ctx context.Context, q Queue, most int, timeout time.Duration) (ids []string, err error)
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
	// Shared reports whether replicas share it now. Without its server each coordinates for itself.
	Shared bool `json:"shared"`
	// Problem is why it is not shared though it should be; it holds no secret.
	Problem string `json:"problem,omitempty"`
	// Queued is the number of wake-ups nobody has taken yet, per queue.
	Queued map[Queue]int64 `json:"queued"`
}
