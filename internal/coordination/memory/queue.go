package memory

import (
	"slices"
	"sync"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// queue holds wake-ups, oldest first.
type queue struct {
	filled chan struct{} // has an element whenever there are wake-ups and nobody was told

	mu  sync.Mutex
	ids []string
}

func newQueue() *queue { return &queue{filled: make(chan struct{}, 1)} }

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
	q.tell()
}

// take returns at most most wake-ups; what is left is for the next waiter.
func (q *queue) take(most int) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.ids), max(1, most))
	taken := slices.Clone(q.ids[:n])
	q.ids = slices.Delete(q.ids, 0, n)
	q.tell()
	return taken
}

func (q *queue) tell() {
	if len(q.ids) == 0 {
		return
	}
	select {
	case q.filled <- struct{}{}:
	default:
	}
}
