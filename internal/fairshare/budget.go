package fairshare

import "sync"

// Budget divides a bounded amount, such as bytes of memory, among callers without letting any of them
// wait. One may hold no more than stays free beside it: a single caller half of the budget, two a third
// each, and so on, so that something is left for whoever comes next. Create it with NewBudget.
type Budget struct {
	limit int64

	mu   sync.Mutex
	used int64
	held map[string]int64
}

// NewBudget returns a budget of which nothing is taken.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit, held: map[string]int64{}} }

// Take takes n for the caller with the key, and reports whether it may. What was taken is given back by
// Return.
func (b *Budget) Take(key string, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[key]+n > b.limit-b.used-n {
		return false
	}
	b.used += n
	b.held[key] += n
	return true
}

// Return gives back some of what was taken for the key.
func (b *Budget) Return(key string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.held[key] -= n; b.held[key] <= 0 {
		delete(b.held, key)
	}
}

// Used returns how much is taken.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}
