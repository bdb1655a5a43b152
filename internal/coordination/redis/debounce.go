package redis

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// pipelined is how many keys one round trip is about.
const pipelined = 500

// release deletes a window if it is one's own.
const release = `if redis.call("GET",KEYS[1])==ARGV[1] then return redis.call("DEL",KEYS[1]) end return 0`

// Debounce is DebounceAll of one key.
func (c *Coordinator) Debounce(ctx context.Context, tenant, key string, window time.Duration) (bool, error) {
	firsts, err := c.DebounceAll(ctx, tenant, []string{key}, window)
	return err == nil && firsts[0], err
}

// DebounceAll answers for this process alone while Redis cannot be used. Windows opened meanwhile,
// and those of the time before, are opened in Redis when it is back.
func (c *Coordinator) DebounceAll(ctx context.Context, tenant string, keys []string, window time.Duration) ([]bool, error) {
	firsts := make([]bool, 0, len(keys))
	for part := range slices.Chunk(keys, pipelined) {
		answers, err := c.debounce(ctx, tenant, part, window)
		if err != nil {
			return nil, err
		}
		firsts = append(firsts, answers...)
	}
	return firsts, nil
}

func (c *Coordinator) debounce(ctx context.Context, tenant string, keys []string, window time.Duration) ([]bool, error) {
	if window <= 0 {
		return c.local.DebounceAll(ctx, tenant, keys, window)
	}
	answers := make([]*redis.BoolCmd, len(keys))
	shared, err := c.shared(ctx, func(ctx context.Context, p redis.Pipeliner) {
		for i, key := range keys {
			answers[i] = p.SetNX(ctx, c.windowKey(tenant, key), c.id, wholeMillis(window))
		}
	})
	if err != nil {
		return nil, err
	}
	if !shared {
		return c.local.DebounceAll(ctx, tenant, keys, window)
	}
	firsts, own := make([]bool, len(keys)), make([]string, 0, len(keys))
	for i, answer := range answers {
		if firsts[i] = answer.Val(); firsts[i] {
			own = append(own, keys[i])
		}
	}
	_, err = c.local.DebounceAll(ctx, tenant, own, window) // remembered for the time without Redis
	return firsts, err
}

// Release leaves the windows in Redis to their expiry while it cannot be used.
func (c *Coordinator) Release(ctx context.Context, tenant string, keys ...string) error {
	if err := c.local.Release(ctx, tenant, keys...); err != nil {
		return err
	}
	for part := range slices.Chunk(keys, pipelined) {
		_, err := c.shared(ctx, func(ctx context.Context, p redis.Pipeliner) {
			for _, key := range part {
				c.releaseKey(ctx, p, c.windowKey(tenant, key))
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Coordinator) releaseKey(ctx context.Context, p redis.Pipeliner, key string) {
	p.Eval(ctx, release, []string{key}, c.id)
}

// restore opens the windows in Redis that this process has opened: without it, or before it lost
// its data. Those still open there stay as they are.
func (c *Coordinator) restore(s *session) error {
	for part := range slices.Chunk(c.local.Windows(), pipelined) {
		err := c.pipeline(s.ctx, s, func(ctx context.Context, p redis.Pipeliner) {
			for _, w := range part {
				p.SetNX(ctx, c.windowKey(w.Tenant, w.Key), c.id, wholeMillis(w.Left))
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wholeMillis rounds up, as Redis knows no shorter expiry than 1 ms.
func wholeMillis(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// windowKey escapes the tenant, so that no two windows share a key.
func (c *Coordinator) windowKey(tenant, key string) string {
	return c.key("window:" + url.QueryEscape(tenant) + ":" + key)
}
