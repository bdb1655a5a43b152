package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// queue holds wake-ups, oldest first, and knows how many are waited for.
type queue struct {
	// Each has an element whenever there is something to look at and nobody was told.
	filled   chan struct{}
	demanded chan struct{}

	mu     sync.Mutex
	ids    []string
	wanted int // by those who wait, all together
}

func newQueue() *queue {
	return &queue{filled: make(chan struct{}, 1), demanded: make(chan struct{}, 1)}
}

func (q *queue) len() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int64(len(q.ids))
}

func (q *queue) push(ids []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ids = append(q.ids, ids...)
	if over := len(q.ids) - coordination.MaxQueued; over > 0 {
		q.ids = slices.Delete(q.ids, 0, over)
	}
	if len(q.ids) > 0 {
		tell(q.filled)
	}
}

// want begins a wait for at most most wake-ups, to be ended by take or unwant.
func (q *queue) want(most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wanted += most
	tell(q.demanded)
}

func (q *queue) unwant(most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wanted -= most
}

// take ends a wait if there are wake-ups; what is left of them is for the next waiter.
func (q *queue) take(most int) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ids) == 0 {
		return nil
	}
	n := min(len(q.ids), most)
	taken := slices.Clone(q.ids[:n])
	q.ids = slices.Delete(q.ids, 0, n)
	q.wanted -= most
	if len(q.ids) > 0 {
		tell(q.filled)
	}
	return taken
}

func (q *queue) demand() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(0, q.wanted-len(q.ids))
}

func tell(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Demand returns how many more wake-ups are waited for than are queued, as soon as there are any,
// or 0 when ctx ended. It is for the one who brings wake-ups from elsewhere: one call at a time
// for each queue.
func (c *Coordinator) Demand(ctx context.Context, name coordination.Queue) int {
	for q := c.queue(name); ; {
		if n := q.demand(); n > 0 {
			return n
		}
		select {
		case <-q.demanded:
		case <-ctx.Done():
			return 0
		}
	}
}

// Demanded is Demand without waiting.
func (c *Coordinator) Demanded(name coordination.Queue) int { return c.queue(name).demand() }
