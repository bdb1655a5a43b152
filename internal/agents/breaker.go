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

// admission is that of one request; a probe alone decides whether an open breaker closes.
type admission struct{ probe bool }

// allow admits a request, or says why not. Every admission must be answered by report or release.
func (b *breaker) allow() (admission, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return admission{}, nil
	}
	if b.probing || b.now().Before(b.until) {
		return admission{}, fail(failBreaker, fmt.Sprintf(
			"The model's service failed %d times in a row; it is asked again after %s.", b.failed, b.pause), nil)
	}
	b.probing = true
	return admission{probe: true}, nil
}

// report tells how an admitted request ended. One that was under way when the breaker opened says
// nothing about what came after.
func (b *breaker) report(a admission, broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.until.IsZero() && !a.probe {
		return
	}
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
func (b *breaker) release(a admission) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.probe {
		b.probing = false
	}
}
