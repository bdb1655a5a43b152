package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

const (
	// Pauses between attempts to connect grow from firstPause to longestPause, and begin anew
	// after a session that lasted for steady.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
	steady                   = 30 * time.Second
	// heartbeat is how often an idle session is checked.
	heartbeat = 5 * time.Second
)

// session is one time of being connected. It ends with its first error.
type session struct {
	ctx      context.Context // ends with the session; its cause says why
	end      context.CancelCauseFunc
	client   redis.UniversalClient // for commands that answer at once
	blocking redis.UniversalClient // for waiting on queues
	changes  *redis.PubSub
}

var errClosed = errors.New("the coordinator is closed")

// run keeps a session until ctx ends; tried is called after the first attempt.
func (c *Coordinator) run(ctx context.Context, tried func()) {
	defer tried()
	pause, told := firstPause, false
	for {
		begun := time.Now()
		s, err := c.connect(ctx)
		if err == nil {
			c.current.Store(s)
			if told {
				c.options.Changed("")
				told = false
				_ = c.Announce(ctx, coordination.Change{}) // in an outage nobody heard the others
			}
			tried()
			err = c.serve(s) //nolint:contextcheck // ends with the session
		}
		if ctx.Err() != nil {
			c.explain(errClosed.Error())
			return
		}
		c.explain(explain(err, c.options.Timeout))
		if !told {
			c.options.Changed(*c.problem.Load())
			told = true
		}
		tried()
		if time.Since(begun) > steady {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // spreads replicas over time
		}
		pause = min(2*pause, longestPause)
	}
}

// connect opens a session in which everything needed was tried.
func (c *Coordinator) connect(ctx context.Context) (*session, error) {
	ctx, end := context.WithCancelCause(ctx)
	s := &session{ctx: ctx, end: end, client: c.client(), blocking: c.client()}
	s.changes = s.client.Subscribe(ctx)
	context.AfterFunc(ctx, s.close)
	err := c.subscribe(s) //nolint:contextcheck // ends with the session
	if err == nil {
		err = c.check(s)
	}
	if err == nil {
		err = c.restore(s)
	}
	if err != nil {
		end(err)
		s.close()
		return nil, err
	}
	return s, nil
}

// client connects when it is first used. It tries nothing twice: whether a command that failed was
// carried out cannot be known, and to be asked again would look like another caller.
func (c *Coordinator) client() redis.UniversalClient {
	o := c.options
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: o.Addrs, MasterName: o.MasterName, IsClusterMode: o.Cluster, DB: o.DB,
		Username: o.Username, Password: o.Password,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword, TLSConfig: o.TLS,
		MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
		DialTimeout: o.Timeout, ReadTimeout: o.Timeout, WriteTimeout: o.Timeout, PoolTimeout: o.Timeout,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// close aborts what runs. It may be called more than once.
func (s *session) close() {
	_ = s.changes.Close() // nothing is kept in connections
	_ = s.blocking.Close()
	_ = s.client.Close()
}

// serve returns why the session ended.
func (c *Coordinator) serve(s *session) error {
	var tasks sync.WaitGroup
	tasks.Go(func() { c.fail(s, c.hear(s)) })
	tasks.Go(func() { c.fail(s, c.beat(s)) })
	for _, q := range coordination.Queues {
		tasks.Go(func() { c.fail(s, c.fetch(s, q)) })
	}
	<-s.ctx.Done()
	c.current.CompareAndSwap(s, nil)
	s.close()
	tasks.Wait()
	return context.Cause(s.ctx)
}

// fail ends a session, so that from now on this process coordinates for itself.
func (c *Coordinator) fail(s *session, err error) {
	if s.ctx.Err() != nil {
		return // by an earlier error
	}
	c.explain(explain(err, c.options.Timeout))
	c.current.CompareAndSwap(s, nil)
	s.end(err)
}

// beat checks the session while it lasts.
func (c *Coordinator) beat(s *session) error {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-ticker.C:
		}
		if err := c.check(s); err != nil {
			return err
		}
		if err := s.changes.Ping(s.ctx); err != nil {
			return err
		}
	}
}

// check tries every kind of command that the coordinator needs, so that a server that would refuse
// one of them later, a read-only or a full one among them, is not used at all. It leaves nothing
// behind.
func (c *Coordinator) check(s *session) error {
	window, list := c.key("check:"+c.id), c.key("check-queue:"+c.id)
	err := c.pipeline(s.ctx, s, func(ctx context.Context, p redis.Pipeliner) {
		p.Ping(ctx)
		p.SetNX(ctx, window, c.id, heartbeat)
		c.releaseKey(ctx, p, window)
		p.RPush(ctx, list, "1")
		p.LTrim(ctx, list, -1, -1)
		p.LPopCount(ctx, list, 1)
		p.Del(ctx, list)
		for _, q := range coordination.Queues {
			p.LLen(ctx, c.queueKey(q))
		}
		p.Publish(ctx, c.changesChannel(), "")
	})
	if err != nil {
		return err
	}
	return c.pipeline(s.ctx, s, func(ctx context.Context, p redis.Pipeliner) {
		p.RPush(ctx, list, "1")
		p.BLPop(ctx, blockFor, list) // it would wait if nothing could be pushed
		p.Del(ctx, list)
	})
}
