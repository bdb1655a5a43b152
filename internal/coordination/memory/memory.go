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
	// wakeBuffer is how many wake-ups wait for a worker, announceBuffer how many changes for a
	// subscriber.
	wakeBuffer     = 64
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
	queues      map[coordination.Queue]chan struct{}
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
		queues:      map[coordination.Queue]chan struct{}{},
		subscribers: map[chan coordination.Change]struct{}{},
	}
}

// Status tells how many wake-ups wait for a worker.
func (c *Coordinator) Status(context.Context) coordination.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	queued := make(map[coordination.Queue]int64, len(c.queues))
	for q, wakes := range c.queues {
		queued[q] = int64(len(wakes))
	}
	return coordination.Status{Backend: "memory", Shared: true, Queued: queued}
}

// Debounce never fails.
func (c *Coordinator) Debounce(_ context.Context, tenant, key string, window time.Duration) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, k := c.now(), windowKey{tenant, key}
	if end, open := c.windows[k]; open && now.Before(end) {
		return false, nil
	}
	if window > 0 {
		c.makeRoom(now)
		c.windows[k] = now.Add(window)
	}
	return true, nil
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
func (c *Coordinator) Release(_ context.Context, tenant, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.windows, windowKey{tenant, key})
	return nil
}

// Wake drops the wake-up when many are waiting for a worker already.
func (c *Coordinator) Wake(_ context.Context, q coordination.Queue) error {
	select {
	case <-c.closed:
		return errClosed
	case c.queue(q) <- struct{}{}:
	default:
	}
	return nil
}

// Wait also ends, with an error, when the coordinator is closed.
func (c *Coordinator) Wait(ctx context.Context, q coordination.Queue, timeout time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-c.queue(q):
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed:
		return errClosed
	}
}

func (c *Coordinator) queue(q coordination.Queue) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queues[q] == nil {
		c.queues[q] = make(chan struct{}, wakeBuffer)
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
