package agents

import (
	"fmt"
	"sync"
	"time"
)

// breaker stops asking a provider that failed again and again. After failures in a row it opens
// for a time; then one request probes, and its result closes or opens it again.
type breaker struct {
	failures int           // in a row, until it opens
	pause    time.Duration // for which it stays open
	now      func() time.Time

	mu      sync.Mutex
	failed  int
	until   time.Time // open until then; zero where closed
	probing bool
}

// allow admits a request, or says why not. Every admitted request must be answered by report.
func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return nil
	}
	if b.probing || b.now().Before(b.until) {
		return fail(failBreaker, fmt.Sprintf(
			"The model's service failed %d times in a row; it is asked again after %s.", b.failed, b.pause), nil)
	}
	b.probing = true
	return nil
}

// report tells how an admitted request ended.
func (b *breaker) report(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if !broken {
		b.failed, b.until = 0, time.Time{}
		return
	}
	b.failed++
	if b.failed >= b.failures {
		b.until = b.now().Add(b.pause)
	}
}

// release takes back an admission whose request said nothing about the provider: it was
// cancelled, or refused by a limit of ours.
func (b *breaker) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}
