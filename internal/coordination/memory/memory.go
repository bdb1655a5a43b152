// Package memory is the coordinator of a single process: debounce, wake-ups and announcements in
// memory, all bounded. It shares nothing with other processes and survives no restart.
package memory

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

const (
	defaultMaxKeys = 1_000_000
	// announceBuffer is how many changes wait for a subscriber.
	announceBuffer = 256
	// sweepEvery bounds how often expired keys are looked for when there is no room.
	sweepEvery = time.Second
	// firstSweep is the number of keys below which expired ones are left alone.
	firstSweep = 1024
)

var errClosed = errors.New("the coordinator is closed")

// Options of a coordinator; the zero value is ready to use.
type Options struct {
	// MaxKeys bounds the open debounce windows, 1,000,000 if 0. Beyond it, a window is closed
	// early: a failure may then be reported once more than needed.
	MaxKeys int
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

type windowKey struct{ tenant, key string }

// Coordinator implements coordination.Coordinator.
type Coordinator struct {
	maxKeys int
	now     func() time.Time
	closed  chan struct{}

	mu          sync.Mutex
	windows     map[windowKey]time.Time // when each ends
	nextSweep   int                     // number of keys at which expired ones are looked for
	lastSweep   time.Time
	queues      map[coordination.Queue]*queue
	subscribers map[chan coordination.Change]struct{}
}

var _ coordination.Coordinator = (*Coordinator)(nil)

// New makes a coordinator. Close it to end its subscriptions.
func New(o Options) *Coordinator {
	if o.MaxKeys <= 0 {
		o.MaxKeys = defaultMaxKeys
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Coordinator{
		maxKeys: o.MaxKeys, now: o.Now, closed: make(chan struct{}),
		windows: map[windowKey]time.Time{}, nextSweep: firstSweep,
		queues:      map[coordination.Queue]*queue{},
		subscribers: map[chan coordination.Change]struct{}{},
	}
}

// Status tells how many wake-ups wait for a worker.
func (c *Coordinator) Status(context.Context) coordination.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	queued := make(map[coordination.Queue]int64, len(coordination.Queues))
	for _, q := range coordination.Queues {
		queued[q] = 0
	}
	for name, q := range c.queues {
		queued[name] = q.len()
	}
	return coordination.Status{Backend: "memory", Shared: true, Queued: queued}
}

// Debounce never fails.
func (c *Coordinator) Debounce(_ context.Context, tenant, key string, window time.Duration) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.debounce(windowKey{tenant, key}, c.now(), window), nil
}

// DebounceAll never fails.
func (c *Coordinator) DebounceAll(_ context.Context, tenant string, keys []string, window time.Duration) ([]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, firsts := c.now(), make([]bool, len(keys))
	for i, key := range keys {
		firsts[i] = c.debounce(windowKey{tenant, key}, now, window)
	}
	return firsts, nil
}

func (c *Coordinator) debounce(k windowKey, now time.Time, window time.Duration) bool {
	if end, open := c.windows[k]; open && now.Before(end) {
		return false
	}
	if window > 0 {
		c.makeRoom(now)
		c.windows[k] = now.Add(window)
	}
	return true
}

// Window is an open debounce window.
type Window struct {
	Tenant, Key string
	Left        time.Duration // until it ends
}

// Windows are the windows open at the time of the call, in no order.
func (c *Coordinator) Windows() []Window {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, open := c.now(), make([]Window, 0, len(c.windows))
	for k, end := range c.windows {
		if left := end.Sub(now); left > 0 {
			open = append(open, Window{k.tenant, k.key, left})
		}
	}
	return open
}

// makeRoom drops expired windows now and then, and any window where that does not suffice.
func (c *Coordinator) makeRoom(now time.Time) {
	if full := len(c.windows) >= c.maxKeys; len(c.windows) >= c.nextSweep || full && now.Sub(c.lastSweep) >= sweepEvery {
		for k, end := range c.windows {
			if !now.Before(end) {
				delete(c.windows, k)
			}
		}
		c.lastSweep, c.nextSweep = now, max(firstSweep, 2*len(c.windows))
	}
	for k := range c.windows {
		if len(c.windows) < c.maxKeys {
			return
		}
		delete(c.windows, k)
	}
}

// Release never fails.
func (c *Coordinator) Release(_ context.Context, tenant string, keys ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.windows, windowKey{tenant, key})
	}
	return nil
}

// Wake drops the oldest wake-ups when too many wait for a worker.
func (c *Coordinator) Wake(_ context.Context, q coordination.Queue, ids ...string) error {
	select {
	case <-c.closed:
		return errClosed
	default:
		c.queue(q).push(ids)
		return nil
	}
}

// Wait also ends, with an error, when the coordinator is closed.
func (c *Coordinator) Wait(ctx context.Context, q coordination.Queue, most int, timeout time.Duration) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	most = max(1, most)
	queue := c.queue(q)
	queue.want(most)
	for {
		if ids := queue.take(most); len(ids) > 0 {
			return ids, nil
		}
		var over error
		select {
		case <-queue.filled:
			continue
		case <-timer.C:
		case <-ctx.Done():
			over = ctx.Err()
		case <-c.closed:
			over = errClosed
		}
		queue.unwant(most)
		return nil, over
	}
}

func (c *Coordinator) queue(q coordination.Queue) *queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queues[q] == nil {
		c.queues[q] = newQueue()
	}
	return c.queues[q]
}

// Announce never blocks: a subscriber that does not keep up misses changes.
func (c *Coordinator) Announce(_ context.Context, change coordination.Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.subscribers {
		select {
		case ch <- change:
		default:
		}
	}
	return nil
}

// Subscribe also ends when the coordinator is closed.
func (c *Coordinator) Subscribe(ctx context.Context) (<-chan coordination.Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscribers == nil {
		return nil, errClosed
	}
	ch := make(chan coordination.Change, announceBuffer)
	c.subscribers[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unsubscribe(ch)
	})
	return ch, nil
}

func (c *Coordinator) unsubscribe(ch chan coordination.Change) {
	if _, subscribed := c.subscribers[ch]; subscribed {
		delete(c.subscribers, ch)
		close(ch)
	}
}

// Close ends subscriptions and waiting workers. It may be called more than once.
func (c *Coordinator) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closed:
		return nil
	default:
		close(c.closed)
	}
	for ch := range c.subscribers {
		c.unsubscribe(ch)
	}
	c.subscribers = nil
	return nil
}
