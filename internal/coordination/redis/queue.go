package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// blockFor is how long one look at an empty queue lasts, at least 1 s by the protocol.
const blockFor = time.Second

// Wake keeps the wake-ups in this process while Redis cannot be used.
func (c *Coordinator) Wake(ctx context.Context, q coordination.Queue, ids ...string) error {
	ids = ids[max(0, len(ids)-coordination.MaxQueued):]
	if len(ids) == 0 {
		return nil
	}
	shared, err := c.shared(ctx, func(ctx context.Context, p redis.Pipeliner) {
		p.RPush(ctx, c.queueKey(q), anyOf(ids)...)
		p.LTrim(ctx, c.queueKey(q), -coordination.MaxQueued, -1)
	})
	if err != nil || shared {
		return err
	}
	return c.local.Wake(ctx, q, ids...)
}

// Wait also ends, with an error, when the coordinator is closed. While somebody waits, the session
// fetches wake-ups from Redis into this process.
func (c *Coordinator) Wait(ctx context.Context, q coordination.Queue, most int, timeout time.Duration) ([]string, error) {
	return c.local.Wait(ctx, q, most, timeout)
}

// fetch brings wake-ups from Redis for those who wait here.
func (c *Coordinator) fetch(s *session, q coordination.Queue) error {
	for {
		if c.local.Demand(s.ctx, q) == 0 {
			return s.ctx.Err()
		}
		ids, err := c.pop(s, q)
		if err != nil {
			return err
		}
		if c.local.Demanded(q) == 0 { // nobody waits any more: they are for another replica
			if err := c.Wake(s.ctx, q, ids...); err != nil {
				return err
			}
			continue
		}
		if err := c.local.Wake(s.ctx, q, ids...); err != nil {
			return err
		}
	}
}

// pop takes as many wake-ups from Redis as are waited for here; none if there were none for a
// while.
func (c *Coordinator) pop(s *session, q coordination.Queue) ([]string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, blockFor+c.options.Timeout)
	defer cancel()
	first, err := s.blocking.BLPop(ctx, blockFor, c.queueKey(q)).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := first[1:] // after the key
	if more := c.local.Demanded(q) - len(ids); more > 0 {
		rest, err := s.blocking.LPopCount(ctx, c.queueKey(q), more).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		ids = append(ids, rest...)
	}
	return ids, nil
}

func (c *Coordinator) queueKey(q coordination.Queue) string { return c.key("queue:" + string(q)) }

func anyOf(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
