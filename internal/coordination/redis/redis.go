// Package redis coordinates replicas through a Redis server, Sentinel or cluster: windows are keys
// with an expiry, queues of wake-ups are lists, announcements go by pub/sub. While Redis cannot be
// used, the process coordinates for itself, at once and without waiting, and shares all again when
// Redis is back. Nothing in Redis is worth keeping: what it forgets delays work and never loses any.
package redis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
)

const (
	defaultPrefix  = "prodsentinel"
	defaultTimeout = time.Second
	// maxWindows bounds the windows remembered here, for the time without Redis.
	maxWindows = 100_000
)

// Options of a coordinator. Addrs must be set.
type Options struct {
	// Addrs are host:port of the server, or of some nodes of the cluster, or of the sentinels.
	Addrs []string
	// MasterName asks the sentinels at Addrs for the server of that name.
	MasterName string
	// Cluster says that a single address is one of a cluster; several are in any case, unless
	// MasterName is set.
	Cluster bool

	Username, Password                 string
	SentinelUsername, SentinelPassword string
	DB                                 int
	TLS                                *tls.Config // nil for plain text

	// Prefix of all keys and channels, "prodsentinel" if empty.
	Prefix string
	// Timeout of connecting and of each command, 1 s if 0. A server that takes longer is not used.
	Timeout time.Duration
	// Changed is called, one call at a time, when coordination stops being shared, with the
	// problem, and with "" when it is shared again. At the start only a problem is told.
	Changed func(problem string)
}

// Coordinator implements coordination.Coordinator. Before Start it coordinates for this process.
type Coordinator struct {
	options Options
	id      string // of this coordinator's windows and announcements
	local   *memory.Coordinator

	current atomic.Pointer[session] // nil while Redis cannot be used
	problem atomic.Pointer[string]  // why it cannot

	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ coordination.Coordinator = (*Coordinator)(nil)

// quiet keeps the library from writing to standard error: what it would say is in its errors.
var quiet = sync.OnceFunc(func() { redis.SetLogger(&logging.VoidLogger{}) })

// New makes a coordinator; it does not connect before Start.
func New(o Options) *Coordinator {
	quiet()
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	c := &Coordinator{options: o, id: rand.Text(), local: memory.New(memory.Options{MaxKeys: maxWindows})}
	c.explain("not connected yet")
	return c
}

// Start connects, and stays connected in the background until Close. It returns after the first
// attempt, successful or not.
func (c *Coordinator) Start(ctx context.Context) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	tried := make(chan struct{})
	c.running.Go(func() { c.run(running, sync.OnceFunc(func() { close(tried) })) })
	<-tried
}

// Close ends subscriptions and waits. It may be called more than once.
func (c *Coordinator) Close() error {
	if c.stop != nil {
		c.stop()
	}
	c.running.Wait()
	return c.local.Close()
}

// Status also counts the wake-ups that wait in this process for Redis to return.
func (c *Coordinator) Status(ctx context.Context) coordination.Status {
	queued := c.local.Status(ctx).Queued
	lengths := make(map[coordination.Queue]*redis.IntCmd, len(coordination.Queues))
	shared, _ := c.shared(ctx, func(ctx context.Context, p redis.Pipeliner) {
		for _, q := range coordination.Queues {
			lengths[q] = p.LLen(ctx, c.queueKey(q))
		}
	})
	if !shared {
		return coordination.Status{Backend: "redis", Problem: *c.problem.Load(), Queued: queued}
	}
	for q, length := range lengths {
		queued[q] += length.Val()
	}
	return coordination.Status{Backend: "redis", Shared: true, Queued: queued}
}

// shared runs commands in the current session, in one round trip. It returns false if there is
// none or it failed: this process then stands in. An error is the caller's own: its context ended.
func (c *Coordinator) shared(ctx context.Context, fill func(context.Context, redis.Pipeliner)) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s := c.current.Load()
	if s == nil {
		return false, nil
	}
	err := c.pipeline(ctx, s, fill)
	if err == nil {
		return true, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	c.fail(s, err)
	return false, nil
}

// pipeline runs commands in one round trip, within the timeout of one.
func (c *Coordinator) pipeline(ctx context.Context, s *session, fill func(context.Context, redis.Pipeliner)) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		fill(ctx, p)
		return nil
	})
	return err
}

func (c *Coordinator) explain(problem string) { c.problem.Store(&problem) }

func (c *Coordinator) key(name string) string { return c.options.Prefix + ":" + name }
